"""The measurement of receiving holds what was promised against what is stored."""

from dataclasses import replace

import pytest

from bench import receiving
from bench.processes import home, ours
from bench.receiving import (
    HANDWRITTEN,
    KEEP_ALIVE,
    OFFICIAL,
    SQLITE,
    WAYS,
    WOOCOMMERCE,
    Figures,
    measure,
    rows_of,
)


@pytest.fixture(scope="module")
def server():
    """Our web process as `afterglow run` starts it, with a Valkey and a SQLite of its own."""
    with home() as folder, ours(folder / "sqlite", "sqlite") as started:
        yield started


def test_what_is_acknowledged_is_stored_and_measured(server, monkeypatch):
    monkeypatch.setattr(receiving, "SECONDS", 0.3)
    monkeypatch.setattr(receiving, "PACED_SECONDS", 0.3)
    before = server.stored()
    measured = measure({SQLITE: server}, (KEEP_ALIVE, WOOCOMMERCE), 1)
    for way in (KEEP_ALIVE, WOOCOMMERCE):
        figures = measured[way.name, SQLITE]
        assert figures.cpu[0] > 0
        assert figures.rate[0] > 0
        assert figures.p99[0] >= figures.p50[0] > 0
    assert server.stored() > before
    assert server.web_memory() > 20_000_000  # granian's two processes, not a shell around them


def test_a_lost_delivery_fails_the_measurement(server, monkeypatch):
    monkeypatch.setattr(receiving, "SECONDS", 0.2)
    monkeypatch.setattr(receiving, "PACED_SECONDS", 0.2)
    counts = iter((server.stored(), 0))
    forgetful = replace(server, stored=lambda: next(counts))
    with pytest.raises(AssertionError, match="are stored"):
        measure({SQLITE: forgetful}, (KEEP_ALIVE,), 1)


def test_slowest_answers_are_held_against_the_peer_that_takes_the_same_deliveries():
    slow = {OFFICIAL: [40.0, 60.0, 80.0], HANDWRITTEN: [20.0, 30.0, 40.0]}
    measured = {
        (way.name, name): Figures([1.0], [1.0], [1.0], slow.get(name, [16.0, 30.0, 20.0]))
        for way in WAYS
        for name in way.only
    }
    rows = {(row.name, row.note): row for row in rows_of(measured)}
    row = rows[f"receiving, {KEEP_ALIVE.name}, p99: {SQLITE}", f"of the {OFFICIAL}"]
    assert (row.value, row.ratio, row.met) == (20, 0.4, True)
    row = rows[f"receiving, {WOOCOMMERCE.name}, p99: {SQLITE}", f"of the {HANDWRITTEN}"]
    assert (row.value, row.ratio, row.met) == (20, 0.8, None)
