"""The sum of a product's stars stays ours when a worker dies and when a backup is put back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db import models
from app.db.cursors import WRITTEN
from app.domain.actions import ActionState
from app.platforms.base import RatingTotals
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


@pytest.mark.parametrize("known", [True, False], ids=["its sum", "nothing"])
def test_after_a_restore_the_sum_is_ours_although_we_know_another(
    store: ShopifyStore, known: bool
) -> None:
    """The backup knows `known` of what we wrote; reviews of the lost days are forgotten."""
    first, second = store.place(), store.place(email="peter@example.sk")
    key = WRITTEN + product(store, first)
    submit(store, first, 5)
    store.harness.run_jobs()
    with store.harness.shop(store.shop.id) as data:
        state, touched = data.cursors.get(key), data.cursors.touched(key)
    assert touched
    submit(store, second, 4)
    store.harness.run_jobs()
    assert shown(store) == ("2", False)
    third = store.place(email="eva@example.sk")
    with store.harness.change(store.shop.id) as data:
        cursors = models.sync_cursors
        data.uow.connection.execute(cursors.delete().where(cursors.c.name == key))
        if known:
            data.cursors.put(key, state, touched)
        for table in (models.reviews, models.actions):
            data.uow.connection.execute(table.delete().where(table.c.order_id == second))
    store.harness.wall.advance(minutes=1)
    continuity.announce(store.harness.deps)
    store.harness.advance(minutes=1)  # what was due until then would be held
    submit(store, third, 5)
    store.harness.run_jobs()
    assert is_done(store, third)
    assert shown(store) == ("2", True)
    assert len(store.see("metaobjects")) == 3  # none took the place of a forgotten one
    # From now on another app is noticed again.
    with store.harness.shop(store.shop.id) as data:
        assert (data.cursors.touched(key) or touched) > touched


@pytest.mark.parametrize(("days", "kept"), [(1, False), (40, True)])
def test_long_after_a_restore_stars_of_a_product_new_to_us_are_another_apps(
    store: ShopifyStore, days: int, kept: bool
) -> None:
    """Never written by us as far as we know: soon after a restore that may be forgotten."""
    order_id = store.place()
    port: Any = store.harness.deps.open_store(store.shop).reviews
    port.publish_totals(RatingTotals(product(store, order_id), 57, 180), ())
    continuity.announce(store.harness.deps)
    store.harness.wall.advance(days=days)
    store.harness.business.advance(days=days)
    submit(store, order_id, 5)
    store.harness.run_jobs()
    assert shown(store)[0] == ("57" if kept else "1")
    with store.harness.shop(store.shop.id) as data:
        assert data.problems.is_open("rating_not_ours") is kept
