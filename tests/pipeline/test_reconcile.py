"""Reconciliation: whatever no webhook told is in our projections after the next window."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.snapshots import ObjectKind, OrderSnapshot, Person, ProductSnapshot
from app.pipeline.freshness import read
from tests.pipeline.stands import Stand, Woo, standing
from tests.support import switch_on

pytestmark = pytest.mark.both_databases


@pytest.fixture(params=["woocommerce", "shopify"])
def stand(request: Any, tmp_path: Path, database_url: str) -> Iterator[Stand]:
    """Connected, with everything imported, and from now on every delivery is lost."""
    with standing(request.param, tmp_path, database_url) as stand:
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        yield stand


def stored(stand: Stand, order_id: str) -> OrderSnapshot:
    with stand.harness.shop(stand.shop_id) as data:
        found = data.orders.get(order_id)
        assert found
        return found.order


def true(stand: Stand, order_id: str) -> OrderSnapshot:
    """What the store shows, without the person, who is kept apart."""
    order = stand.truth(order_id)
    assert order
    return replace(order, person=Person())


def inbox_rows(stand: Stand) -> int:
    with stand.harness.shop(stand.shop_id) as data:
        return sum(data.inbox.counts().values())


def test_lost_deliveries_are_made_up_for(stand: Stand) -> None:
    known = stand.order("before@example.com")
    stand.job("reconcile")
    stand.wait(minutes=30)
    new = stand.order("jana@example.com", first_name="Jana")
    sent = stand.order("petra@example.com")
    stand.move(sent, "fulfil")
    stand.move(known, "cancel")
    stand.job("reconcile")
    for order_id in (known, new, sent):
        assert stored(stand, order_id) == true(stand, order_id)
    with stand.harness.shop(stand.shop_id) as data:
        assert "order_cancelled" in [event.type for event in data.events.of_order(known)]
        assert data.customers.find_email("jana@example.com")
        assert data.orders.person(new).first_name == "Jana"


def test_a_lost_refund_is_known_with_its_lines(stand: Stand) -> None:
    order_id = stand.order("jana@example.com")
    stand.job("reconcile")
    stand.wait(minutes=5)
    stand.move(order_id, "refund")
    stand.job("reconcile")
    stand.harness.tick()
    assert stored(stand, order_id).refunds == true(stand, order_id).refunds
    with stand.harness.shop(stand.shop_id) as data:
        assert "order_refunded" in [event.type for event in data.events.of_order(order_id)]


def test_products_are_known_as_they_are_however_long_the_list_of_changes(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, each in a turn of its own."""
    for constant in ("woocommerce.listing.PAGE_SIZE", "woocommerce.products.PAGE_SIZE"):
        monkeypatch.setattr(f"app.platforms.{constant}", 2)
    monkeypatch.setattr("app.platforms.shopify.products.PAGE", 2)
    monkeypatch.setattr("app.services.listings.TURN", timedelta(seconds=-1))
    products = stand.products()[:5]
    store = stand.harness.deps.open_store(stand.harness.get_shop(stand.shop_id))
    shop = stand.harness.get_shop(stand.shop_id)
    for product_id in products:
        read(stand.harness.deps, shop, store, ObjectKind.PRODUCT, product_id)
    stand.harness.run_jobs()
    before = known(stand, products)
    assert before.keys() == set(products)
    stand.wait(minutes=5)
    for product_id in products:
        stand.rename(product_id, f"Renamed {product_id}")
    stand.take_away(products[0])
    stand.job("reconcile")
    after = known(stand, products)
    assert {after[product_id].title for product_id in products[1:]} == {
        f"Renamed {product_id}" for product_id in products[1:]
    }
    assert products[0] not in after or not after[products[0]].reviewable


def known(stand: Stand, products: list[str]) -> dict[str, ProductSnapshot]:
    with stand.harness.shop(stand.shop_id) as data:
        return data.products.many(products)


def test_what_is_missed_is_planned_as_if_a_webhook_had_come(stand: Stand) -> None:
    switch_on(stand.harness, stand.shop_id, "review_request")
    stand.wait(minutes=1)
    order_id = stand.order("jana@example.com")
    stand.move(order_id, "fulfil")
    stand.job("reconcile")
    with stand.harness.shop(stand.shop_id) as data:
        assert [action.automation for action in data.actions.of_order(order_id)] == [
            "review_request"
        ]


def test_nothing_new_costs_nothing(stand: Stand) -> None:
    stand.order("jana@example.com")
    stand.job("reconcile")
    before = inbox_rows(stand)
    stand.wait(minutes=10)
    stand.job("reconcile")
    assert inbox_rows(stand) == before


def test_a_window_begins_where_the_last_complete_one_did(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read by the store's clock, with an overlap; a window that breaks off is not counted."""
    store = stand.harness.deps.open_store(stand.harness.get_shop(stand.shop_id))
    asked, changed = [], type(store.orders).changed

    def seen(self: Any, since: Any, cursor: str | None) -> Any:
        if cursor is None:  # WooCommerce's bin follows as further pages
            asked.append(since)
        return changed(self, since, cursor)

    monkeypatch.setattr(type(store.orders), "changed", seen)
    stand.job("reconcile")
    stand.wait(hours=2)
    first_end = asked[-1]
    stand.fault(kind="status", status=503, path="/wp-json/wc/v3/orders", times=3)
    stand.fault(kind="status", status=503, path="/admin/api", times=3)
    stand.job("reconcile")
    stand.heal()
    stand.lose_deliveries()
    stand.job("reconcile")
    assert asked[-1] == asked[-2]
    assert asked[-1] >= first_end.replace(microsecond=0)
    stand.job("reconcile")
    hours = (asked[-1] - asked[-2]).total_seconds() / 3600
    assert 1.9 < hours < 2.1


def test_a_revoked_key_is_the_merchants_to_mend(tmp_path: Path, database_url: str) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        assert isinstance(stand, Woo)
        stand.connect()
        stand.harness.run_jobs()
        stand.call("DELETE", f"/_twin/keys/{stand.key_id}")
        stand.job("reconcile")
        with stand.harness.shop(stand.shop_id) as data:
            assert [problem.key for problem in data.problems.all_open()] == ["store_key_refused"]


def test_an_order_that_leaves_the_window_hides_no_other(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WooCommerce numbers pages: the bin pulls later orders to pages that were read already."""
    monkeypatch.setattr("app.platforms.woocommerce.listing.PAGE_SIZE", 3)
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        ids = [stand.order(f"c{number}@example.com") for number in range(7)]
        store = stand.harness.deps.open_store(stand.harness.get_shop(stand.shop_id))
        changed = type(store.orders).changed
        trashed = []

        def with_a_hand_in_it(self: Any, since: Any, cursor: str | None) -> Any:
            if cursor == "2" and not trashed:
                trashed.append(ids[0])
                stand.move(ids[0], "trash")
            return changed(self, since, cursor)

        monkeypatch.setattr(type(store.orders), "changed", with_a_hand_in_it)
        stand.job("reconcile")
        assert trashed
        for order_id in ids[1:]:
            assert stored(stand, order_id) == true(stand, order_id)
