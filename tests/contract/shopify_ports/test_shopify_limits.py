"""A busy, slow or broken shop, against the twin."""

from datetime import timedelta

import pytest
from shopify_twin import CLIENT_SECRET, SHOP, Twin, opened, platform_of, running

from app.domain.errors import Bug, Retryable
from app.domain.snapshots import ObjectKind
from app.platforms.base import Connection, Store
from app.platforms.shopify.platform import Shopify
from twins.shopify.config import Limits


def test_a_busy_shop_is_waited_for() -> None:
    limits = Limits(bucket_points=1000, restore_points_per_second=5000)
    with running(limits) as started:
        twin = Twin(started.url)
        store = opened(twin, platform_of(twin))
        placed = [twin.order()["id"] for _ in range(4)]
        assert all(store.orders.fetch(str(order_id)) for order_id in placed)


def test_a_shop_without_points_left_gives_the_work_back() -> None:
    with running(Limits(bucket_points=1000, restore_points_per_second=1)) as started:
        twin = Twin(started.url)
        store = opened(twin, platform_of(twin))
        placed = twin.order()["id"]

        def read_much() -> None:
            for _ in range(40):
                store.orders.fetch(str(placed))

        with pytest.raises(Retryable) as given_back:
            read_much()
        assert given_back.value.retry_after
        assert given_back.value.retry_after > timedelta(seconds=2)


def test_two_failures_of_the_shop_go_unnoticed_when_reading(twin: Twin, store: Store) -> None:
    twin.fault(kind="status", status=502, times=2, path="/admin/api")
    assert store.info().name


def test_a_page_of_the_admin(platform: Shopify) -> None:
    assert platform.shared_secrets == (CLIENT_SECRET,)
    connection = Connection(SHOP)
    assert platform.order_url(connection, "7") == f"https://{SHOP}/admin/orders/7"
    assert platform.fetch_topic(ObjectKind.ORDER) == "graphql/order"
    with pytest.raises(Bug):
        platform.open(connection)
