"""Deliveries are forgotten after ninety days, and nothing is done twice because of that."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db import models
from app.pipeline import interpret
from app.services import housekeeping
from app.services.housekeeping import DELIVERIES_KEPT, tidy
from bench.stories import deliveries
from tests.pipeline.test_batches import Told, a_shop
from tests.support import Harness, close, make_harness

pytestmark = pytest.mark.both_databases


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    made = make_harness(tmp_path, database_url)
    yield made
    close(made)


@pytest.fixture
def told(harness: Harness) -> Told:
    """A shop whose deliveries were interpreted."""
    shop = a_shop(harness, "woocommerce", "old")
    shop.post(deliveries("woocommerce", 30, 1, harness.business.now(), 3))
    interpret.drain(harness.deps, shop.shop_id)
    return shop


def rows(told: Told) -> dict[str, int]:
    with told.harness.shop(told.shop_id) as data:
        return data.inbox.counts()


def test_old_finished_rows_go_and_the_newest_id_stays(
    harness: Harness, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_AT_ONCE", 7)  # several rounds
    harness.wall.at += DELIVERIES_KEPT - timedelta(minutes=1)
    tidy(harness.deps)
    assert rows(told) == {"done": 30}
    harness.wall.at += timedelta(minutes=2)
    tidy(harness.deps)
    with harness.shop(told.shop_id) as data:
        left = [i for (i,) in data.uow.connection.execute(select(models.inbox.c.id))]
        assert data.orders.count() > 0  # what they told stays
    assert left == [30]  # or SQLite would give its id, which privacy requests know, to the next


def test_rows_that_wait_are_never_too_old(harness: Harness, told: Told) -> None:
    with harness.change(told.shop_id) as data:
        data.uow.connection.execute(
            models.inbox.update().where(models.inbox.c.id <= 5).values(state="pending")
        )
    harness.wall.at += DELIVERIES_KEPT * 2
    tidy(harness.deps)
    assert rows(told) == {"pending": 5, "done": 1}


def test_a_round_is_bounded(harness: Harness, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left over comes at the next beat."""
    monkeypatch.setattr(housekeeping, "_AT_ONCE", 4)
    monkeypatch.setattr(housekeeping, "_PURGES", 2)
    harness.wall.at += DELIVERIES_KEPT + timedelta(days=1)
    tidy(harness.deps)
    assert rows(told) == {"done": 22}
    tidy(harness.deps)
    assert rows(told) == {"done": 14}


def test_bodies_go_a_few_at_a_time(
    harness: Harness, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction for all of them would keep deliveries out meanwhile."""
    monkeypatch.setattr(housekeeping, "_AT_ONCE", 4)
    monkeypatch.setattr(housekeeping, "_PURGES", 2)
    harness.wall.at += timedelta(days=harness.deps.settings.raw_body_days, minutes=1)
    for left in (22, 14, 6, 0):
        tidy(harness.deps)
        with harness.shop(told.shop_id) as data:
            kept = select(models.inbox.c.id).where(models.inbox.c.sealed_body.is_not(None))
            assert len(data.uow.connection.execute(kept).all()) == left


def test_what_comes_again_after_that_changes_nothing(harness: Harness, told: Told) -> None:
    """The same deliveries once more, after their rows are gone: read again, nothing follows."""
    tables = ("orders", "customers", "identities", "events", "actions", "journal", "consents")
    before = {name: told.picture()[name] for name in tables}
    sent = deliveries("woocommerce", 30, 1, harness.business.now(), 3)
    harness.wall.at += DELIVERIES_KEPT + timedelta(days=1)
    tidy(harness.deps)
    told.post(sent)
    interpret.drain(harness.deps, told.shop_id)
    after = {name: told.picture()[name] for name in tables}
    for name in tables:
        assert sorted(map(str, after[name])) == sorted(map(str, before[name])), name
    assert rows(told) == {"done": 31}
