"""The first import: what is in the store comes in once, mails nobody, and survives anything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.actions import ActionKind
from app.domain.snapshots import ObjectKind
from app.pipeline.freshness import read
from app.pipeline.interpret import drain
from app.services import importing
from tests.pipeline.stands import Stand, standing
from tests.support import switch_on

pytestmark = pytest.mark.both_databases


@pytest.fixture(params=["woocommerce", "shopify"])
def stand(request: Any, tmp_path: Path, database_url: str) -> Iterator[Stand]:
    with standing(request.param, tmp_path, database_url) as stand:
        stand.lose_deliveries()
        yield stand


def import_all(stand: Stand) -> None:
    stand.job("import_history")
    assert stand.harness.get_shop(stand.shop_id).history_complete


def planned(stand: Stand) -> list[str]:
    with stand.harness.shop(stand.shop_id) as data:
        return [str(action.order_id) for action in data.actions.page() if action.automation]


def test_all_orders_come_in_once_with_their_customers(stand: Stand) -> None:
    ids = {stand.order(f"c{number}@example.com", first_name="Ela") for number in range(13)}
    ids.add(stand.order("C0@Example.com"))
    stand.connect()
    stand.harness.run_jobs()
    import_all(stand)
    with stand.harness.shop(stand.shop_id) as data:
        assert all(data.orders.get(order_id) for order_id in ids)
        customer = data.customers.find_email("c0@example.com")
        assert customer
        assert len(data.orders.history(customer)) == 2
        lines = [row for row in data.journal.all() if row.what == "import"]
        assert [(row.verb, row.params["orders"]) for row in lines] == [
            ("completed", data.orders.count())
        ]
        before = (data.orders.count(), data.journal.count())
        assert importing.progress(data).finished
    stand.job("import_history")
    with stand.harness.shop(stand.shop_id) as data:
        assert (data.orders.count(), data.journal.count()) == before


def test_a_lifetime_is_known_also_where_old_orders_are_not(stand: Stand) -> None:
    old = stand.order("emine@example.com")
    stand.wait(days=200)
    stand.order("emine@example.com")
    stand.connect()
    import_all(stand)
    with stand.harness.shop(stand.shop_id) as data:
        customer = data.customers.find_email("emine@example.com")
        assert customer
        row = data.customers.get(customer)
        known = len(data.orders.history(customer))
        if data.orders.get(old):  # WooCommerce shows everything, so the orders are the history
            assert known == 2
        else:
            assert row
            assert row.baseline
            assert (known, row.baseline.orders) == (1, 2)


def test_switching_on_in_the_middle_mails_nobody_about_the_past(stand: Stand) -> None:
    old = stand.order("jana@example.com")
    stand.move(old, "fulfil")
    stand.wait(days=1)
    stand.connect()
    switch_on(stand.harness, stand.shop_id, "review_request")
    stand.wait(hours=1)
    new = stand.order("petra@example.com")
    stand.move(new, "fulfil")
    import_all(stand)
    with stand.harness.shop(stand.shop_id) as data:
        assert data.events.of_order(old)
    assert set(planned(stand)) == {new}


def test_a_killed_import_goes_on_where_it_was(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = {stand.order(f"c{number}@example.com") for number in range(12)}
    stand.connect()
    deps = stand.harness.deps
    stores = deps.open_store(stand.harness.get_shop(stand.shop_id))
    fetched, placed = [], type(stores.orders).placed

    def dies_once(self: Any, since: Any, cursor: str | None) -> Any:
        fetched.append(cursor)
        if len(fetched) == 2:
            raise KeyboardInterrupt
        return placed(self, since, cursor)

    monkeypatch.setattr(type(stores.orders), "placed", dies_once)
    monkeypatch.setattr("app.platforms.woocommerce.listing.PAGE_SIZE", 5)
    with pytest.raises(KeyboardInterrupt):
        importing.continue_import(deps, stand.shop_id)
    with stand.harness.shop(stand.shop_id) as data:
        begun = importing.progress(data)
    assert (begun.stage, begun.finished) == ("orders", False)
    assert begun.done > 0
    import_all(stand)
    assert fetched[1] == fetched[2]
    with stand.harness.shop(stand.shop_id) as data:
        assert all(data.orders.get(order_id) for order_id in ids)


def test_a_milestone_reached_while_history_was_read_is_seen_without_any_queue(
    stand: Stand,
) -> None:
    """Each step is a job that the clock asks for; whatever asks for a further one may be lost."""
    for _ in range(2):
        stand.order("jana@example.com")
    stand.wait(days=1)
    stand.connect()
    stand.harness.jobs.clear()
    switch_on(stand.harness, stand.shop_id, "milestone_coupon", {"nth_orders": [3]})
    stand.wait(hours=1)
    third = stand.order("jana@example.com")
    deps, shop = stand.harness.deps, stand.harness.get_shop(stand.shop_id)
    read(deps, shop, deps.open_store(shop), ObjectKind.ORDER, third)
    drain(deps, shop.id)
    assert planned(stand) == []
    importing.continue_import(deps, stand.shop_id)
    assert stand.harness.get_shop(stand.shop_id).history_complete
    with stand.harness.shop(stand.shop_id) as data:
        rows = [a for a in data.actions.of_order(third) if a.kind is ActionKind.COUPON_CREATE]
    assert [row.payload["milestone_key"] for row in rows] == ["orders:3"]


def test_an_unreachable_store_only_delays(stand: Stand) -> None:
    order_id = stand.order("jana@example.com")
    stand.connect()
    stand.fault(kind="status", status=503, path="/wp-json/wc/v3/orders")
    stand.fault(kind="status", status=503, path="/admin/api")
    stand.job("import_history")
    assert not stand.harness.get_shop(stand.shop_id).history_complete
    stand.heal()
    import_all(stand)
    with stand.harness.shop(stand.shop_id) as data:
        assert data.orders.get(order_id)


def test_two_imports_at_once_are_one(stand: Stand) -> None:
    stand.order("jana@example.com")
    stand.connect()
    deps, lease = stand.harness.deps, f"import:{stand.shop_id}"
    from app.db.leases import acquire

    now = stand.harness.wall.now()
    with deps.db.write() as uow:
        acquire(uow, lease, "another process", now, now + importing.timedelta(minutes=1))
    stand.job("import_history")
    with stand.harness.shop(stand.shop_id) as data:
        assert data.orders.count() == 0
    stand.harness.wall.advance(minutes=2)
    import_all(stand)


def test_an_old_order_touched_before_it_is_imported_mails_nobody(
    tmp_path: Path, database_url: str
) -> None:
    """WooCommerce tells no time of arrival: what is new to us need not be new."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.lose_deliveries()
        old = stand.order("jana@example.com")
        stand.move(old, "fulfil")
        stand.move(old, "deliver")
        stand.wait(days=100)
        stand.connect()
        switch_on(stand.harness, stand.shop_id, "review_request")
        stand.wait(hours=1)
        stand.move(old, "touch")
        stand.job("reconcile")
        assert planned(stand) == []
