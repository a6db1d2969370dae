"""The measurement of receiving holds what was promised against what is stored."""

from dataclasses import replace

import pytest

from bench import receiving
from bench.processes import home, ours
from bench.receiving import KEEP_ALIVE, SQLITE, WOOCOMMERCE, measure


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
