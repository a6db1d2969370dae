"""The machine's clock was ahead for a while and is put right: work goes on at once."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.clock import Ticker
from app.db.leases import acquire
from app.services.continuity import FileWitness, Watch
from tests.support import close, make_harness


@pytest.mark.both_databases
@pytest.mark.parametrize("ahead", [timedelta(minutes=7), timedelta(hours=2)])
def test_the_clock_process_beats_on(tmp_path: Path, database_url: str, ahead: timedelta) -> None:
    harness = make_harness(tmp_path, database_url, "http://127.0.0.1:1")
    right, asked = harness.wall.at, list[str]()
    deps = replace(harness.deps, dispatch=lambda signal: asked.append(signal[0]))
    witness = FileWitness(tmp_path)
    with harness.deps.db.write() as uow:
        from app.db.shops import Shops, ShopState

        Shops(uow).ensure("woocommerce", "http://127.0.0.1:1", ShopState.ACTIVE, right)
    try:
        harness.wall.at = right + ahead
        ticker = Ticker(deps, [witness])
        ticker.tick()
        assert "reconcile" in asked
        harness.wall.at = right
        asked.clear()
        ticker.tick()
        assert "reconcile" in asked  # not only when the wrong time has come
        # Killed and started anew: nobody beats for the one that is gone, whatever it wrote.
        harness.wall.at = right + ahead
        ticker.tick()
        harness.wall.at = right
        asked.clear()
        Ticker(deps, [witness]).tick()
        assert "reconcile" in asked
        assert Watch(deps, [witness]).look_back() is None  # no backup was put back
    finally:
        close(harness)


def test_while_time_goes_back_the_witness_is_never_ahead_of_the_database(
    tmp_path: Path, database_url: str
) -> None:
    """Killed between the two, a clock put right would look like a restored backup."""
    harness = make_harness(tmp_path, database_url, "http://127.0.0.1:1")

    class Mortal(FileWitness):
        def write(self, identity: str, until: object) -> bool:
            super().write(identity, until)  # type: ignore[arg-type]
            raise KeyboardInterrupt

    try:
        right = harness.wall.at
        harness.wall.at = right + timedelta(hours=2)
        assert Watch(harness.deps, [FileWitness(tmp_path)]).beat("one")
        harness.wall.at = right
        with pytest.raises(KeyboardInterrupt):
            Watch(harness.deps, [Mortal(tmp_path)]).beat("one")
        assert Watch(harness.deps, [FileWitness(tmp_path)]).look_back() is None
        assert Watch(harness.deps, [FileWitness(tmp_path)]).beat("two")
    finally:
        close(harness)


def test_a_witness_that_did_not_hear_of_the_right_time_sees_no_restored_backup(
    tmp_path: Path, database_url: str
) -> None:
    """Redis was away when the clock was put right; or lost, with its machine, what it had heard."""
    harness = make_harness(tmp_path, database_url, "http://127.0.0.1:1")

    class Away(FileWitness):
        away = False

        def write(self, identity: str, until: datetime) -> bool:
            return not self.away and super().write(identity, until)

    (tmp_path / "redis").mkdir()
    file, redis = FileWitness(tmp_path), Away(tmp_path / "redis")
    watch = Watch(harness.deps, [file, redis])
    try:
        right = harness.wall.at
        for first, then in ((2, 0), (0, -2)):  # hours; then time goes back without Redis
            harness.wall.at = right + timedelta(hours=first)
            assert watch.beat("one")
            redis.away, harness.wall.at = True, right + timedelta(hours=then)
            watch.beat("one")
            assert watch.look_back() is None
            redis.away, harness.wall.at = False, right + timedelta(seconds=1)
            assert watch.look_back() is None
            assert watch.beat("one")
    finally:
        close(harness)


@pytest.mark.both_databases
def test_a_lease_from_a_wrong_time_keeps_nobody_waiting_until_that_time(
    tmp_path: Path, database_url: str
) -> None:
    """A worker that drained a shop was killed while its machine's clock was two hours ahead."""
    harness = make_harness(tmp_path, database_url, "http://127.0.0.1:1")
    now, minute = harness.wall.at, timedelta(minutes=1)
    try:
        with harness.deps.db.write() as uow:
            wrong = now + timedelta(hours=2)
            assert acquire(uow, "drain:1", "the dead", wrong, wrong + minute)
            assert acquire(uow, "drain:1", "next", now, now + minute)
            # Clocks of two machines that differ by seconds are no reason to take one away.
            for differs in (timedelta(seconds=-20), timedelta(seconds=20)):
                theirs = now + differs
                assert not acquire(uow, "drain:1", "a third", theirs, theirs + minute)
    finally:
        close(harness)
