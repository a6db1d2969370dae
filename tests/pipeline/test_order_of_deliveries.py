"""Deliveries come late, twice, in any order, and to two workers at once: the end is the same."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from app.db.leases import acquire
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.pipeline.interpret import drain
from app.pipeline.perform import perform_due
from app.platforms.base import Delivery
from tests.pipeline.shopify_store import HANDLE, ShopifyStore, shopify_store
from tests.serving import take
from tests.support import close, make_harness, switch_on

# Shopify: what the twin sent is recorded, then told again to fresh databases in other orders.


class Recorded:
    """A store whose deliveries were recorded but not taken, and its state at the end."""

    def __init__(self, store: ShopifyStore, deliveries: Sequence[Delivery], order_id: str) -> None:
        self.store = store
        self.deliveries = deliveries
        self.order_id = order_id


@pytest.fixture(scope="module")
def shopify_life(
    tmp_path_factory: pytest.TempPathFactory,
    migrated_sqlite: Path,
    free_port: Callable[[], int],
) -> Iterator[Recorded]:
    """An order, paid, sent, arrived, and partly refunded; the goods twice."""
    place = tmp_path_factory.mktemp("life")
    with shopify_store(
        place, _copy(migrated_sqlite, place), f"http://127.0.0.1:{free_port()}"
    ) as store:
        created = store._json(
            "POST", "create-order",
            {"email": "jana@example.sk", "country": "SK", "locale": "sk", "paid": False,
             "gateway": "Bank deposit", "items": [{"product": "copper-cezve", "quantity": 2}]},
        )  # fmt: skip
        order_id, (line,) = created["id"], created["lines"]
        moves: list[tuple[str, dict[str, Any]]] = [
            ("pay", {}),
            ("fulfill", {}),
            ("fulfillment-event", {"status": "in_transit"}),
            ("fulfillment-event", {"status": "delivered"}),
            ("refund", {"lines": {str(line["id"]): 1}}),
        ]
        for action, given in moves:
            store.harness.business.advance(hours=1)
            store.harness._tell_twins()
            store._json("POST", action, {"order_id": order_id, **given})
        store.queue("drain")
        yield Recorded(store, list(_recorded(store)), str(order_id))


def _copy(template: Path, directory: Path) -> str:
    path = directory / "afterglow.sqlite3"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


def _recorded(store: ShopifyStore) -> Iterator[Delivery]:
    """The first sending of each; nobody listened, so the twin repeats them."""
    seen = set()
    for attempt in store.sent():
        if attempt["delivery_id"] in seen:
            continue
        seen.add(attempt["delivery_id"])
        sent = requests.get(f"{store.url}/_twin/deliveries/{attempt['id']}", timeout=5).json()
        headers = dict(sent["headers"])
        yield Delivery(
            topic=attempt["topic"],
            dedupe_key=attempt["delivery_id"],
            body=sent["body"].encode(),
            shop_domain=f"{HANDLE}.myshopify.com",
            triggered_at=datetime.fromisoformat(headers["X-Shopify-Triggered-At"][:26] + "+00:00"),
        )


@contextmanager
def _fresh(life: Recorded, template: Path, directory: Path) -> Iterator[ShopifyStore]:
    """Another Afterglow for the same shop, opened before anything happened there."""
    directory.mkdir(exist_ok=True)
    url = _copy(template, directory)
    harness = make_harness(directory, url, "http://127.0.0.1:9", shopify_origin=life.store.url)
    harness.business.at = life.store.harness.business.at
    store = ShopifyStore(harness, life.store.url)
    try:
        yield store
    finally:
        close(harness)


def _opened_before_it_began(store: ShopifyStore, life: Recorded) -> None:
    """The import would tell everything at once; here the deliveries alone are to be judged."""
    store.enter_without_history()
    for automation, settings in (("review_request", {}), ("milestone_coupon", {"nth_orders": [9]})):
        switch_on(store.harness, store.shop.id, automation, settings)
    with store.harness.change(store.shop.id) as data:
        placed = life.store.harness.business.at.replace(year=2000)
        for automation in ("review_request", "milestone_coupon"):
            version = data.settings.current(automation)
            assert version
            data.settings.save(
                automation, version.data, enabled=True, active_since=placed, changed_by="test",
                now=store.harness.wall.now(),
            )  # fmt: skip


def _take(store: ShopifyStore, deliveries: Sequence[Delivery], *, drain_each: bool) -> None:
    for delivery in deliveries:
        take(store.harness.deps, delivery, store.shop.id)
        if drain_each:
            store.harness.run_jobs()
    store.harness.run_jobs()
    store.harness.wall.advance(minutes=1)
    store.harness.deps.dispatch(("refresh", (store.shop.id,)))
    store.harness.run_jobs()


def _end(store: ShopifyStore, order_id: str) -> dict[str, Any]:
    """What is known and planned. A payment's time is as exact as whoever told it: to the second."""
    with store.harness.shop(store.shop.id) as data:
        stored = data.orders.get(order_id)
        assert stored
        assert stored.order.paid_at
        paid_at = stored.order.paid_at.replace(microsecond=0)
        return {
            "order": replace(stored.order, paid_at=paid_at),
            "person": data.orders.person(order_id),
            "events": sorted(
                (e.type, e.key, e.occurred_at.replace(microsecond=0))
                for e in data.events.of_order(order_id)
            ),
            "actions": [
                (a.kind, a.state, a.due_at if a.state in ("planned", "deferred") else None)
                for a in data.actions.of_order(order_id)
            ],
        }


@pytest.fixture(scope="module")
def in_order(
    shopify_life: Recorded, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    directory = tmp_path_factory.mktemp("in-order")
    with _fresh(shopify_life, migrated_sqlite, directory) as store:
        _opened_before_it_began(store, shopify_life)
        _take(store, shopify_life.deliveries, drain_each=True)
        return _end(store, shopify_life.order_id)


def test_the_recorded_life_is_a_whole_one(shopify_life: Recorded, in_order: dict[str, Any]) -> None:
    assert {d.topic for d in shopify_life.deliveries} >= {
        "orders/create", "orders/paid", "orders/updated", "orders/fulfilled", "refunds/create",
        "fulfillments/create", "fulfillments/update", "fulfillment_events/create",
    }  # fmt: skip
    assert [event[0] for event in in_order["events"]] == [
        "order_delivered", "order_fulfilled", "order_paid", "order_placed", "order_refunded",
    ]  # fmt: skip
    assert [action[:2] for action in in_order["actions"]] == [
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.PLANNED)
    ]


@pytest.mark.parametrize("seed", range(10))
def test_any_order_of_deliveries_ends_the_same(
    shopify_life: Recorded,
    in_order: dict[str, Any],
    migrated_sqlite: Path,
    tmp_path: Path,
    seed: int,
) -> None:
    """Seed 0 is the reverse; odd seeds are interpreted after each, even ones all at once."""
    luck = random.Random(seed)
    told = [*shopify_life.deliveries, *luck.sample(shopify_life.deliveries, 4)]  # some twice
    if seed:
        luck.shuffle(told)
    else:
        told.reverse()
    with _fresh(shopify_life, migrated_sqlite, tmp_path / "other") as store:
        _opened_before_it_began(store, shopify_life)
        _take(store, told, drain_each=bool(seed % 2))
        assert _end(store, shopify_life.order_id) == in_order


def test_a_late_old_picture_does_not_take_the_address_away(
    shopify_life: Recorded, migrated_sqlite: Path, tmp_path: Path
) -> None:
    """Orders of registered customers: the person of an old body is not believed."""
    orders = [d for d in shopify_life.deliveries if d.topic.startswith("orders/")]
    with _fresh(shopify_life, migrated_sqlite, tmp_path / "other") as store:
        _opened_before_it_began(store, shopify_life)
        _take(store, [orders[-1], orders[0]], drain_each=True)
        with store.harness.shop(store.shop.id) as data:
            assert data.orders.person(shopify_life.order_id).email == "jana@example.sk"


# on both databases


@pytest.fixture
def store(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    with shopify_store(tmp_path, database_url, public_url) as made:
        made.enter()
        switch_on(made.harness, made.shop.id, "review_request")
        yield made


@pytest.mark.both_databases
def test_an_order_first_seen_when_it_is_over_gets_one_reason_and_no_mail(
    store: ShopifyStore,
) -> None:
    store.fault(kind="drop")
    order_id = store.place()
    store.deliver(order_id)
    store.move(order_id, "refund")
    store.heal()
    store.move(order_id, "tags", tags=["first seen now"])
    with store.harness.shop(store.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
        events = [event.type for event in data.events.of_order(order_id)]
    assert (action.state, action.reason.code) == (ActionState.SKIPPED, ReasonCode.ORDER_REFUNDED)
    assert {"order_fulfilled", "order_delivered", "order_refunded"} <= set(events)
    store.harness.advance(days=20)
    assert store.harness.mails() == []


def _another_holds(store: ShopifyStore) -> None:
    now = store.harness.wall.now()
    with store.harness.deps.db.write() as uow:
        name = f"drain:{store.shop.id}"
        assert acquire(uow, name, "another process", now, now + timedelta(seconds=60))


@pytest.mark.both_databases
def test_while_another_process_drains_nothing_is_lost(store: ShopifyStore) -> None:
    _another_holds(store)
    order_id = store.place()
    with store.harness.shop(store.shop.id) as data:
        assert data.orders.get(order_id) is None
        assert data.inbox.counts()["pending"] > 0
    store.harness.tick()  # a minute later: the other one died, the clock finds its rows
    store.harness.tick()
    with store.harness.shop(store.shop.id) as data:
        assert data.orders.get(order_id) is not None
        assert "pending" not in data.inbox.counts()


@pytest.mark.both_databases
def test_an_action_waits_without_a_word_while_the_inbox_is_read(store: ShopifyStore) -> None:
    order_id = store.place()
    store.deliver(order_id)
    with store.harness.shop(store.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
    store.harness.business.at = action.due_at + timedelta(minutes=1)
    store.harness._tell_twins()
    _another_holds(store)
    perform_due(store.harness.deps, store.shop.id)
    with store.harness.shop(store.shop.id) as data:
        (action,) = data.actions.of_order(order_id)
        assert "deferred" not in [line.verb for line in data.journal.of_order(order_id)]
    assert action.state == ActionState.DEFERRED
    store.harness.tick()
    store.harness.tick()
    assert len(store.harness.mails()) == 1


@pytest.mark.both_databases
def test_two_drains_at_once_interpret_each_row_once(store: ShopifyStore) -> None:
    orders = [_order_in_the_inbox(store, f"buyer{number}@example.sk") for number in range(6)]
    done = _at_once(4, lambda: drain(store.harness.deps, store.shop.id))
    with store.harness.shop(store.shop.id) as data:
        assert "pending" not in data.inbox.counts()
        assert "failed" not in data.inbox.counts()
        for order_id in orders:
            learned = [j.what for j in data.journal.of_order(order_id) if j.verb == "learned"]
            assert sorted(learned) == ["order_paid", "order_placed"]
    assert sum(done) == 6 * 5


def _order_in_the_inbox(store: ShopifyStore, email: str) -> str:
    """Delivered and stored, but not interpreted yet."""
    items = [{"product": "copper-cezve", "quantity": 1}]
    made = store._json("POST", "create-order", {"email": email, "country": "SK", "items": items})
    store.queue("drain")
    store.harness.jobs.clear()
    return str(made["id"])


@pytest.mark.both_databases
def test_a_drain_that_took_too_long_leaves_the_rest_to_its_successor(store: ShopifyStore) -> None:
    """Its lease runs out between reading the rows and writing what they say."""
    order_id = _order_in_the_inbox(store, "jana@example.sk")
    platform: Any = store.harness.deps.platforms["shopify"]
    rows = []

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(platform, name)

        def normalise(self, received: Any) -> Any:
            if not rows:
                rows.append(received)
                store.harness.wall.advance(minutes=2)
                _another_holds(store)
            return platform.normalise(received)

    deps = replace(
        store.harness.deps, platforms={**store.harness.deps.platforms, "shopify": Slow()}
    )
    assert drain(deps, store.shop.id) == 0
    with store.harness.shop(store.shop.id) as data:
        assert data.orders.get(order_id) is None
    store.harness.wall.advance(minutes=2)
    assert drain(store.harness.deps, store.shop.id) == 5


def _at_once(workers: int, work: Callable[[], int]) -> list[int]:
    """The same work in several threads that begin together; errors of any are raised."""
    together, results, errors = threading.Barrier(workers), [], []

    def run() -> None:
        together.wait(10)
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    return results
