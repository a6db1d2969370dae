"""A copy of a store: it has the keys and the webhooks of the original, and its customers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

import twins.woocommerce
from app.domain.actions import ActionState
from app.services import connections
from app.webhooks import addresses
from tests.pipeline.beating import Beats
from tests.pipeline.conftest import WooStore, connected_store
from tests.support import Harness, switch_on

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def _addresses_are_looked_up_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of waiting until what a web process believes is old."""
    monkeypatch.setattr("app.webhooks.addresses._BELIEVED", 0.0)


@pytest.fixture
def woo(harness: Harness, tmp_path: Path) -> Iterator[WooStore]:
    """A connected store whose state is in a file, so that it can be copied."""
    with connected_store(harness, state=tmp_path / "store.sqlite") as store:
        yield store


@contextmanager
def clone_of(woo: WooStore, tmp_path: Path) -> Iterator[WooStore]:
    """What a host's button "make a staging site" gives: all of it under another address."""
    copy = tmp_path / "staging.sqlite"
    with (
        closing(sqlite3.connect(tmp_path / "store.sqlite")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with twins.woocommerce.start(port=0, state=copy, queue_delay=0.05) as twin:
        woo.harness.follow(twin.url)
        yield WooStore(woo.harness, twin.url, woo.shop)
        woo.harness.twins.remove(twin.url)


def stored(woo: WooStore, order_id: str) -> Any:
    with woo.harness.shop(woo.shop.id) as data:
        return data.orders.get(order_id)


def problems(woo: WooStore) -> dict[str, Any]:
    with woo.harness.shop(woo.shop.id) as data:
        return {problem.key: problem.params for problem in data.problems.all_open()}


def answers(store: WooStore) -> list[int]:
    """What its deliveries were answered."""
    log = requests.get(f"{store.url}/_twin/deliveries", timeout=5).json()
    return [line["status"] for line in log]


def test_what_a_copy_sends_is_not_believed_and_the_store_goes_on(
    harness: Harness, woo: WooStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_BELIEVED", 0)  # seconds after which one that ended is unknown
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    with clone_of(woo, tmp_path) as clone:
        clone.move(order_id, "cancel")
        assert stored(woo, order_id).order.status == "processing"
        assert problems(woo) == {"store_copy": {"host": "127.0.0.1"}}
        made = clone.place(email="tester@agency.example")
        clone.move(made, "complete")
        assert stored(woo, made) is None
        assert woo.place(email="eva@example.sk") == made  # numbers of the two collide

        woo.move(made, "complete")
        woo.move(order_id, "complete")
        for known, email in ((made, "eva@example.sk"), (order_id, "zofia@example.sk")):
            assert stored(woo, known).order.status == "completed"
            with harness.shop(woo.shop.id) as data:
                assert data.orders.person(known).email == email

        # The store's own webhooks are new; those of the copy lead nowhere.
        assert answers(clone)[-1] == 404
        assert answers(woo)[-1] == 200
        harness.advance(days=20)
        assert sorted(mail.to_address for mail in harness.mails()) == [
            "eva@example.sk",
            "zofia@example.sk",
        ]
        with harness.shop(woo.shop.id) as data:
            assert data.customers.find_email("tester@agency.example") is None


def test_the_merchant_is_told_of_a_copy_until_it_is_silent_for_a_day(
    harness: Harness, woo: WooStore, tmp_path: Path
) -> None:
    order_id = woo.place()
    with clone_of(woo, tmp_path) as clone:
        clone.move(order_id, "touch")
    connections.check(harness.deps, woo.shop.id)
    assert list(problems(woo)) == ["store_copy"]
    with harness.change(woo.shop.id) as data:
        state = {"at": harness.wall.now().replace(year=2020).isoformat()}
        data.cursors.put("copy", state, harness.wall.now())
    connections.check(harness.deps, woo.shop.id)
    assert problems(woo) == {}


def test_a_copy_that_answers_under_our_address_mails_nobody(
    harness: Harness, woo: WooStore
) -> None:
    """DNS leads to staging for a while: what is due waits, and goes out when the store is back."""
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "complete")
    harness.business.advance(days=14)
    harness._tell_twins()
    call_itself(woo, "https://staging.example")
    beats = Beats(harness)
    beats.go_on(minutes=2)
    assert harness.mails() == []
    assert problems(woo) == {"store_moved": {"host": "staging.example"}}
    assert harness.get_shop(woo.shop.id).paused_at is not None
    with harness.shop(woo.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
        assert action.state in (ActionState.BLOCKED, ActionState.DEFERRED, ActionState.PLANNED)
        assert [row.verb for row in data.journal.all() if row.what == "everything"] == ["paused"]
    new = str(post(woo, "orders", email="test@agency.example", items=items(woo))["id"])
    harness.drain_twins()
    assert stored(woo, new) is None

    call_itself(woo, woo.url)
    beats.minutes_until(lambda: problems(woo) == {}, at_most=10)
    assert harness.get_shop(woo.shop.id).paused_at is None
    beats.go_on(minutes=2)
    assert [mail.to_address for mail in harness.mails()] == ["zofia@example.sk"]


def test_no_webhook_is_registered_in_a_copy(harness: Harness, woo: WooStore) -> None:
    """A copy that was made before we came has none of ours: it does not get any."""
    port = harness.deps.open_store(woo.shop).webhooks
    for hook in port.list():
        port.delete(hook.ref)
    call_itself(woo, "https://staging.example")
    harness.deps.dispatch(("subscribe", (woo.shop.id,)))
    harness.run_jobs()
    assert list(problems(woo)) == ["store_moved"]
    call_itself(woo, woo.url)
    assert list(port.list()) == []


def post(woo: WooStore, path: str, **given: Any) -> Any:
    answer = requests.post(f"{woo.url}/_twin/{path}", json=given, timeout=5)
    answer.raise_for_status()
    return answer.json()


def items(woo: WooStore) -> list[dict[str, Any]]:
    return [{"sku": "PES-EGE", "quantity": 1}]


def call_itself(woo: WooStore, home: str) -> None:
    post(woo, "home", home_url=home)
