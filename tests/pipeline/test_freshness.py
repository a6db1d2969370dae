"""How old a picture is counts from when it was read, however long it lay unread afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.tenant import ShopData
from app.domain.actions import ActionState
from app.pipeline.receive import store_fetched
from tests.pipeline.shopify_store import ShopifyStore, shopify_store
from tests.support import switch_on

pytestmark = pytest.mark.both_databases


@pytest.fixture
def store(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    with shopify_store(tmp_path, database_url, public_url) as made:
        made.enter()
        yield made


@pytest.mark.parametrize("source", ["poll", "refresh"])
def test_what_was_read_before_nobody_was_at_work_is_read_again(
    store: ShopifyStore, source: str
) -> None:
    """Read, then the machine was off; refunded meanwhile, and the webhook got lost."""
    switch_on(store.harness, store.shop.id, "review_request", {"days_after_delivery": 3})
    order_id = store.place()
    store.deliver(order_id)
    store.harness.business.advance(days=2, hours=23)
    read = store.harness.deps.open_store(store.shop).orders.fetch(order_id)
    assert read
    with store.harness.deps.db.write() as uow:
        data, now = ShopData(uow, store.shop.id), store.harness.wall.now()
        store_fetched(data, source, read, now, generation=store.shop.generation)
    store.fault(kind="drop", percent=100)
    store.move(order_id, "refund")
    store.heal()
    store.harness.jobs.clear()
    store.harness.wall.advance(hours=2)
    store.harness.advance(hours=2)
    assert store.harness.mails() == []
    ((_, state, why),) = store.outcomes(order_id)
    assert (state, why) == (ActionState.SKIPPED, "order_refunded")


def test_what_was_read_a_moment_ago_is_not_read_again(store: ShopifyStore) -> None:
    """The store's limits are not spent on what is known."""
    switch_on(store.harness, store.shop.id, "review_request", {"days_after_delivery": 3})
    order_id = store.place()
    store.deliver(order_id)
    store.harness.business.advance(days=3)
    read = store.harness.deps.open_store(store.shop).orders.fetch(order_id)
    assert read
    with store.harness.deps.db.write() as uow:
        data, now = ShopData(uow, store.shop.id), store.harness.wall.now()
        store_fetched(data, "refresh", read, now, generation=store.shop.generation)
        uow.after_commit("drain", store.shop.id)
    store.harness.run_jobs()
    store.fault(kind="status", status=503, path="/admin/api", contains="query Order(", times=100)
    store.harness.advance(minutes=1)
    assert len(store.harness.mails()) == 1
