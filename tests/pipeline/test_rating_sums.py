"""The sum of a product's stars stays ours when a worker dies and when a backup is put back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db import models
from app.domain.actions import ActionState
from app.platforms.shopify.reviews import Reviews
from app.services import continuity
from app.services import reviews as review_service
from tests.pipeline.shopify_store import ShopifyStore, shopify_store

pytestmark = pytest.mark.both_databases


class Killed(BaseException):
    """As kill -9: nothing that the worker would do afterwards is done."""


@pytest.fixture
def store(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    with shopify_store(tmp_path, database_url, public_url) as made:
        made.enter()
        yield made


def submit(store: ShopifyStore, order_id: str, stars: int) -> None:
    new = review_service.NewReview(product(store, order_id), stars, "Krásna džezva.", "Jana N.")
    review_service.submit(store.harness.deps, store.shop.id, order_id, [new])


def product(store: ShopifyStore, order_id: str) -> str:
    with store.harness.shop(store.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored
    return str(stored.order.lines[0].product_id)


def shown(store: ShopifyStore) -> tuple[str, bool]:
    """How many reviews, and whether all stars were five."""
    fields = {m["key"]: m["value"] for m in store.see("metafields") if m["namespace"] == "reviews"}
    return fields["rating_count"], '"value": "5.0"' in fields["rating"]


def is_done(store: ShopifyStore, *orders: str) -> bool:
    with store.harness.shop(store.shop.id) as data:
        assert data.problems.is_open("rating_not_ours") is False
        found = [action for order_id in orders for action in data.actions.of_order(order_id)]
    return {action.state for action in found} == {ActionState.DONE}


def test_a_worker_that_died_after_writing_the_sum_is_no_other_app(
    store: ShopifyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = store.place(), store.place(email="peter@example.sk")
    write = Reviews._write

    def write_and_die(self: Reviews, *arguments: Any) -> None:
        write(self, *arguments)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Reviews, "_write", write_and_die)
        submit(store, first, 4)
        with pytest.raises(Killed):
            store.harness.run_jobs()
    assert shown(store) == ("1", False)
    # The next review of the product comes before the dead worker's turn is over.
    store.harness.wall.advance(seconds=90)
    store.harness.jobs.clear()
    submit(store, second, 5)
    store.harness.run_jobs()
    assert is_done(store, second)
    assert shown(store) == ("1", True)
    store.harness.wall.advance(minutes=10)
    store.harness.tick()
    assert is_done(store, first, second)
    assert shown(store) == ("2", False)


def test_after_a_restore_the_sum_is_ours_although_we_know_another(store: ShopifyStore) -> None:
    """The backup is from before the second review: the store shows more than we know."""
    first, second = store.place(), store.place(email="peter@example.sk")
    submit(store, first, 5)
    store.harness.run_jobs()
    submit(store, second, 4)
    store.harness.run_jobs()
    assert shown(store) == ("2", False)
    third = store.place(email="eva@example.sk")
    with store.harness.change(store.shop.id) as data:
        for table in (models.reviews, models.actions):
            data.uow.connection.execute(table.delete().where(table.c.order_id == second))
    continuity.announce(store.harness.deps)
    store.harness.advance(minutes=1)  # what was due until then would be held
    submit(store, third, 5)
    store.harness.run_jobs()
    assert is_done(store, third)
    assert shown(store) == ("2", True)
    assert len(store.see("metaobjects")) == 3  # none took the place of a forgotten one
