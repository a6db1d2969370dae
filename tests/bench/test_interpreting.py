"""A case is held against the first of its kind within each round, not across rounds."""

from dataclasses import replace

import pytest

from bench.interpreting import FLAT, ROWS, Case, Cost, Site, compared, row_of

FIRST = Case("sqlite", "shopify", 1, 10_000)


def _site(case: Case, shops: int) -> Site:
    return Site(case, "sqlite://", None, list(range(shops)))


def _costs(*microseconds: float) -> list[Cost]:
    return [Cost(1.0, each * ROWS / 1e6, 0.0, planned=7) for each in microseconds]


def test_a_ratio_is_the_middle_of_those_within_rounds():
    first = _costs(400, 900, 500)  # somebody else was at work in the second round
    row = row_of(_site(replace(FIRST, shops=100), 5), _costs(440, 990, 800), first)
    assert row.ratio == pytest.approx(1.1)
    assert row.value == pytest.approx(800)
    assert str(row.target) == f"≤ {FLAT}"
    assert row.note.startswith("1,000 rows/s; 200 a drain; 21 planned")


def test_the_first_is_held_against_what_is_asked_for_and_few_a_drain_are_only_shown():
    first = _costs(500, 600, 700)
    alone = row_of(_site(FIRST, 1), first, first)
    assert (alone.ratio, alone.met) == (None, True)
    assert "1,000 a drain" in alone.note
    few = row_of(_site(replace(FIRST, shops=1_000, a_drain=2), 500), _costs(5e3, 5e3, 5e3), first)
    assert few.ratio == pytest.approx(5_000 / 600)
    assert few.target is None
    assert few.name.endswith("few a drain")


def test_each_round_interprets_all_that_it_posted(monkeypatch):
    for name, value in (("ROWS", 30), ("WARM", 10), ("ROUNDS", 2)):
        monkeypatch.setattr(f"bench.interpreting.{name}", value)
    case = Case("sqlite", "shopify", 1, 30)
    one, other = compared([case, replace(case, shops=3, a_drain=10)])
    assert one.value > 0
    assert other.ratio
    assert "10 a drain" in other.note
