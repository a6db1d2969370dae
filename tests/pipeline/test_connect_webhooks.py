"""Webhook subscriptions: the difference as a rule, and its effect in a store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from app.channels.links import Links
from app.db.webhooks import Subscription
from app.domain.clocks import WallClock
from app.domain.ids import ShopId
from app.platforms.base import RemoteWebhook
from app.services import subscriptions
from app.services.subscriptions import difference, reachable
from tests.pipeline.test_connect_keys import connected, hooks_in, new_keys, problems
from tests.support import Harness, close, make_harness
from twins import woocommerce
from twins.common.server import RunningTwin

pytestmark = pytest.mark.both_databases

OURS = "https://afterglow.example/webhooks/woocommerce/"
TOPICS = ("order.created", "order.updated", "product.updated")


@pytest.fixture
def store() -> Iterator[RunningTwin]:
    with woocommerce.start() as twin:
        yield twin


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    harness = make_harness(tmp_path, database_url)
    harness.wall.at = harness.business.at = WallClock().now()
    yield harness
    close(harness)


def row(token: str, topic: str, ref: str | None = None, state: str = "active") -> Subscription:
    return Subscription(ShopId(1), token, topic, ref, "secret", state)


def hook(
    ref: str, topic: str, token: str, active: bool = True, address: str = OURS
) -> RemoteWebhook:
    return RemoteWebhook(ref, topic, address + token, active)


def test_nothing_to_do_when_all_is_there() -> None:
    todo = difference(["order.created"], [row("t", "order.created", "1")],
                      [hook("1", "order.created", "t")], OURS)  # fmt: skip
    assert todo == subscriptions.Difference()


def test_a_half_made_webhook_is_found_again_by_its_address() -> None:
    there = [hook("7", "order.created", "t")]
    todo = difference(["order.created"], [row("t", "order.created", state="creating")], there, OURS)
    assert (todo.adopt, todo.create, todo.lost) == ([("t", there[0])], [], [])


def test_a_disabled_webhook_is_made_anew_and_the_gap_filled() -> None:
    there = [hook("1", "order.created", "t", active=False)]
    todo = difference(["order.created"], [row("t", "order.created", "1")], there, OURS)
    assert (todo.delete, todo.forget, todo.create) == (there, ["t"], ["order.created"])
    assert todo.lost == ["order.created"]


def test_after_a_change_of_our_address_the_old_webhooks_go() -> None:
    there = [hook("1", "order.created", "t", address="https://old.example/webhooks/woocommerce/")]
    todo = difference(["order.created"], [row("t", "order.created", "1")], there, OURS)
    assert (todo.delete, todo.create) == (there, ["order.created"])


refs = st.sampled_from([None, "1", "2", "3", "4", "5"])
tokens = st.sampled_from(["a", "b", "c", "d"])
topics = st.sampled_from([*TOPICS, "coupon.created"])
rows_ = st.lists(
    st.builds(row, tokens, topics, refs, st.sampled_from(["active", "creating"])),
    unique_by=lambda r: r.token,
)
addresses = st.sampled_from([OURS, "https://other.example/hooks/", "https://afterglow.example/x/"])
hooks = st.lists(
    st.builds(hook, st.sampled_from("12345"), topics, tokens, st.booleans(), addresses),
    unique_by=lambda h: h.ref,
)


@given(rows_, hooks)
def test_afterwards_each_topic_is_there_once_and_strangers_are_untouched(
    rows: list[Subscription], there: list[RemoteWebhook]
) -> None:
    todo = difference(TOPICS, rows, there, OURS)
    kept = [r for r in rows if r.token not in todo.forget]
    assert sorted([r.topic for r in kept] + todo.create) == sorted(TOPICS)
    left = [h for h in there if h not in todo.delete]
    assert all(h.active for h in left if h.url.startswith(OURS))
    assert {h.url for h in left if h.url.startswith(OURS)} == {OURS + r.token for r in kept}
    known = {r.platform_ref for r in rows}
    assert all(h.url.startswith(OURS) or h.ref in known for h in todo.delete)


@pytest.mark.parametrize(
    ("public", "shop", "can"),
    [
        ("https://afterglow.example", "https://shop.example", True),
        ("https://afterglow.example:8443", "https://shop.example", False),
        ("http://afterglow.example", "https://shop.example", False),
        ("http://127.0.0.1:8000", "https://shop.example", False),
        ("http://127.0.0.1:8000", "http://localhost:8088", True),
        ("https://localhost", "https://shop.example", False),
    ],
)
def test_who_can_reach_us(public: str, shop: str, can: bool) -> None:
    assert reachable(public, shop) is can


def other_apps_hook(harness: Harness, shop_id: int) -> str:
    store = harness.deps.open_store(harness.get_shop(shop_id))
    return store.webhooks.create("order.created", "http://127.0.0.1:9/hook", "x" * 20).ref


def test_all_topics_are_registered_and_healed(harness: Harness, store: RunningTwin) -> None:
    shop_id = connected(harness, store, new_keys(store))
    stranger = other_apps_hook(harness, shop_id)
    harness.run_jobs()
    assert sorted(h.topic for h in hooks_in(harness, shop_id) if h.ref != stranger) == sorted(
        harness.deps.platforms["woocommerce"].topics
    )
    lost = next(h for h in hooks_in(harness, shop_id) if h.topic == "order.updated")
    harness.deps.open_store(harness.get_shop(shop_id)).webhooks.delete(lost.ref)
    harness.jobs.clear()
    subscriptions.synchronise(harness.deps, ShopId(shop_id))
    assert ("reconcile", (shop_id,)) in harness.jobs
    again = hooks_in(harness, shop_id)
    assert len(again) == 11
    assert stranger in {h.ref for h in again}
    with harness.shop(shop_id) as data:
        known = {row.platform_ref for row in data.webhooks.all()}
    assert known == {h.ref for h in again} - {stranger}


def test_a_webhook_whose_answer_was_lost_is_not_made_twice(
    harness: Harness, store: RunningTwin
) -> None:
    shop_id = connected(harness, store, new_keys(store))
    cut = {"kind": "cut", "times": 1, "path": "/wp-json/wc/v3/webhooks", "method": "POST"}
    requests.post(f"{store.url}/_twin/faults", json=cut, timeout=5)
    subscriptions.synchronise(harness.deps, ShopId(shop_id))
    assert len(hooks_in(harness, shop_id)) == 1
    subscriptions.synchronise(harness.deps, ShopId(shop_id))
    assert len(hooks_in(harness, shop_id)) == 10


def test_without_an_address_that_stores_can_reach_there_is_polling(
    harness: Harness, store: RunningTwin
) -> None:
    shop_id = connected(harness, store, new_keys(store))
    harness.run_jobs()
    keys = harness.deps.db.keyring.link_keys()
    away = replace(harness.deps, links=Links("http://afterglow.example", keys))
    subscriptions.synchronise(away, ShopId(shop_id))
    assert problems(harness, shop_id) == {"webhooks_need_https": {"minutes": "10"}}
    assert hooks_in(harness, shop_id) == []
    subscriptions.synchronise(harness.deps, ShopId(shop_id))
    assert problems(harness, shop_id) == {}
