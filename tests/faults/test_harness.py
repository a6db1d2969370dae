"""The short run of the harness: real processes, kills at random and at steps, ledgers compared."""

import os

import pytest

from faults.plan import Event, Fuses, Pace, make
from faults.run import Options, Run

PACE = Pace(kill=5, weather=7, nap=16)


@pytest.mark.timeout(900)
@pytest.mark.xdist_group("harness")
def test_a_short_run_loses_nothing_and_doubles_nothing() -> None:
    environment = dict(os.environ)
    result = Run(Options(seconds=60, seed=1330, day_seconds=3, story_seconds=1.5, pace=PACE)).play()
    assert result.verdict.findings == []
    killed = {what.partition(" ")[0] for what in result.kills}
    assert killed >= {"web", "worker", "clock", "valkey"}
    assert result.verdict.counts["orders"] >= 20
    assert dict(os.environ) == environment


def test_a_seed_gives_the_same_faults_at_the_same_times() -> None:
    first, again = (make(7, 3600, "postgresql", Pace(restore=120)) for _ in range(2))
    assert first == again
    assert first != make(8, 3600, "postgresql", Pace(restore=120))
    assert [e.at for e in first] == sorted(e.at for e in first)
    assert {e.kind for e in first} >= {"kill", "nap", "restore", "database is locked", "deploy"}
    fuses, others = Fuses(7), Fuses(7)
    names = ["worker-1", "web", "worker-2", "clock", "valkey"] * 20
    assert [fuses.for_start(n) for n in names] == [others.for_start(n) for n in names]


def test_nobody_kills_a_server_that_does_not_exist() -> None:
    events = make(1, 3600, "sqlite", Pace())
    kills: list[Event] = [e for e in events if e.kind == "kill"]
    assert len(kills) > 500
    assert "postgres" not in {e.given["what"] for e in kills}
