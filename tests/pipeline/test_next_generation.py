"""What was under way when an installation ended belongs to it: the next one misses nothing of it,
and nothing of it is written into a shop that left.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.db.leases import acquire
from app.db.shops import Shops, ShopState
from app.domain.errors import MerchantMustFix, Retryable
from app.domain.snapshots import ObjectKind
from app.pipeline import freshness
from app.pipeline.control import close
from app.pipeline.interpret import lease_name
from app.platforms.base import Fetched, Page, Store
from app.services import connections, importing, listings
from app.services.connections import checking
from tests.pipeline.stands import Stand, standing

pytestmark = pytest.mark.both_databases


@pytest.fixture
def stand(tmp_path: Path, database_url: str) -> Iterator[Stand]:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.lose_deliveries()
        yield stand


def test_orders_that_waited_when_the_shop_left_come_in_when_it_is_back(stand: Stand) -> None:
    order_id = stand.order("jana@example.com")
    stand.connect()
    now = stand.harness.wall.now()
    with stand.harness.change(stand.shop_id) as data:
        until = now + timedelta(minutes=1)
        acquire(data.uow, lease_name(data.shop_id), "who dies", now, until)
    importing.continue_import(stand.harness.deps, stand.shop_id)
    connections.disconnect(stand.harness.deps, stand.shop_id, erase=False)
    stand.harness.wall.advance(minutes=2)
    stand.harness.run_jobs()
    with stand.harness.shop(stand.shop_id) as data:
        assert data.orders.get(order_id) is None  # of a shop that left we want to know nothing
    stand.connect()
    stand.harness.run_jobs()
    with stand.harness.shop(stand.shop_id) as data:
        assert data.orders.get(order_id)


def test_a_page_read_while_the_shop_leaves_is_dropped(stand: Stand) -> None:
    """PostgreSQL: whoever stores a page looks once it holds the shop, not before it waits."""
    stand.connect()
    stand.harness.jobs.clear()
    deps, read, leaving = stand.harness.deps, threading.Event(), threading.Event()

    def step(_store: Store, _state: listings.State) -> listings.Read:
        read.set()
        leaving.wait(10)
        return listings.Read(Page((), None), {"page": 2}, finished=True)

    reading = listings.Reading("late", "poll", "reconcile", step)
    late = threading.Thread(target=listings.read_on, args=(deps, stand.shop_id, reading))
    late.start()
    assert read.wait(10)
    with stand.harness.change(stand.shop_id) as data:
        close(data, deps)
        leaving.set()
        late.join(0.3)  # it waits for us
    late.join()
    with stand.harness.shop(stand.shop_id) as data:
        assert data.cursors.get("late") == {}


def test_the_end_of_a_former_import_is_not_that_of_the_present_one(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.connect()

    def catch_up(*_given: object) -> None:
        connections.disconnect(stand.harness.deps, stand.shop_id, erase=False)
        stand.connect()

    monkeypatch.setattr(importing, "catch_up", catch_up)
    importing.continue_import(stand.harness.deps, stand.shop_id)
    shop = stand.harness.get_shop(stand.shop_id)
    assert (shop.generation, shop.history_complete) == (2, False)


REFUSED = MerchantMustFix("store_key_refused", "The store refuses the key.")


@pytest.mark.parametrize("answer", [None, REFUSED, Retryable("silent")], ids=type)
def test_a_store_that_answers_after_its_shop_was_erased_is_not_heard(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, answer: Exception | None
) -> None:
    stand.connect()
    deps = stand.harness.deps
    monkeypatch.setattr(checking, "prove_writable", meanwhile(answer, erased(stand)))
    connections.check(deps, stand.shop_id)
    shop = stand.harness.get_shop(stand.shop_id)
    assert (shop.state, shop.name, shop.url, shop.postal_address) == (
        ShopState.ERASED, "", "", None,
    )  # fmt: skip
    with stand.harness.shop(stand.shop_id) as data:
        assert Shops(data.uow).owner_email(stand.shop_id) is None
        assert data.problems.all_open() == []
        assert data.cursors.get("connection") == {}


def test_an_order_that_arrives_after_its_shop_was_erased_is_not_kept(stand: Stand) -> None:
    order_id = stand.order("jana@example.com")
    stand.connect()
    deps, shop = stand.harness.deps, stand.harness.get_shop(stand.shop_id)
    orders, leave = deps.open_store(shop).orders, erased(stand)

    def fetch(platform_id: str) -> Fetched | None:
        found = orders.fetch(platform_id)
        leave()
        return found

    ports = dict.fromkeys(("products", "customers", "reviews", "returns"))
    store: Any = SimpleNamespace(orders=SimpleNamespace(fetch=fetch), **ports)
    assert freshness.read(deps, shop, store, ObjectKind.ORDER, order_id) is None
    stand.harness.jobs.clear()
    with stand.harness.shop(stand.shop_id) as data:
        assert data.inbox.counts() == {}


def test_a_listing_refused_after_its_shop_was_erased_is_no_problem_of_it(stand: Stand) -> None:
    stand.connect()

    def step(_store: Store, _state: listings.State) -> listings.Read:
        erased(stand)()
        raise REFUSED

    reading = listings.Reading("late", "poll", "reconcile", step)
    assert listings.read_on(stand.harness.deps, stand.shop_id, reading) is False
    with stand.harness.shop(stand.shop_id) as data:
        assert data.problems.all_open() == []


def test_keys_of_the_former_installation_are_no_problem_of_the_next(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.connect()

    def back_again() -> None:
        connections.disconnect(stand.harness.deps, stand.shop_id, erase=False)
        monkeypatch.undo()
        stand.connect()

    monkeypatch.setattr(checking, "prove_writable", meanwhile(REFUSED, back_again))
    connections.check(stand.harness.deps, stand.shop_id)
    assert stand.harness.get_shop(stand.shop_id).generation == 2
    with stand.harness.shop(stand.shop_id) as data:
        assert data.problems.all_open() == []


def erased(stand: Stand) -> Callable[[], None]:
    return lambda: connections.disconnect(stand.harness.deps, stand.shop_id, erase=True)


def meanwhile(answer: Exception | None, happens: Callable[[], None]) -> Callable[[Store], None]:
    """The store answers, or does not; something else happens before that arrives."""

    def asked(_store: Store) -> None:
        happens()
        if answer:
            raise answer

    return asked
