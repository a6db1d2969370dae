"""Pages of a shop with a past stay light and read by index; `make bench` has the full measure."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from bench.pages import LIMIT_BYTES, Site, site

ORDERS = 2_000

# Tables that grow with every order. None of them may be read from end to end for one page.
GROWING = ("orders", "actions", "journal", "events", "inbox", "messages", "customers", "identities")

# Counted rather than listed: a number over all of a shop's rows, from an index alone.
COUNTED = re.compile(r"SELECT (?:\w+\.\w+(?: AS \w+)?, )*(?:count|max)\(", re.IGNORECASE)


@pytest.fixture(scope="module")
def large() -> Iterator[Site]:
    with site(ORDERS) as found:
        yield found


def statements(large: Site, path: str) -> list[tuple[str, object]]:
    """What a page asks the database."""
    asked: list[tuple[str, object]] = []

    def listen(_c: object, _k: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(large.deps.db.engine, "before_cursor_execute", listen)
    try:
        large.client.get(path)
    finally:
        event.remove(large.deps.db.engine, "before_cursor_execute", listen)
    return [one for one in asked if one[0].lstrip().upper().startswith("SELECT")]


def test_every_page_answers_and_stays_light(large: Site) -> None:
    for path in large.paths():
        answer = large.client.get(path)
        assert answer.status_code in (200, 302), path
        assert len(answer.get_data()) < LIMIT_BYTES, path


def whole_reads(steps: list[str], statement: str) -> list[str]:
    """Steps of a plan that go through all of a shop's rows of a growing table.

    An index by the shop alone narrows nothing down. It is read in order until the page is full
    only where there is a limit and nothing has to be sorted first.
    """
    sorts = any(step.startswith("USE TEMP B-TREE FOR ORDER BY") for step in steps)
    if COUNTED.match(statement) or ("LIMIT" in statement and not sorts):
        return []
    by_shop = re.compile(r"(?:SCAN|SEARCH) (\w+)(?: USING [A-Z ]*INDEX \w+ \(shop_id=\?\))?$")
    found = (by_shop.match(step) for step in steps)
    return [match[0] for match in found if match and match[1] in GROWING]


def test_no_page_reads_a_growing_table_from_end_to_end(large: Site) -> None:
    whole: list[str] = []
    for path in large.paths():
        for statement, parameters in statements(large, path):
            with large.deps.db.engine.connect() as connection:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                steps = [str(row[3]) for row in plan]
            found = whole_reads(steps, statement)
            whole += [f"{path}: {step}: {statement[:300]}" for step in found]
    assert whole == []


@pytest.mark.parametrize(
    ("steps", "statement", "whole"),
    [
        (["SCAN orders"], "SELECT a FROM orders", 1),
        (["SEARCH orders USING INDEX ix (shop_id=?)"], "SELECT a FROM orders", 1),
        (
            ["SEARCH orders USING INDEX ix (shop_id=?)", "USE TEMP B-TREE FOR ORDER BY"],
            "SELECT a FROM orders ORDER BY b LIMIT 1",
            1,
        ),
        (["SEARCH orders USING INDEX ix (shop_id=?)"], "SELECT a FROM orders LIMIT 1", 0),
        (["SEARCH orders USING INDEX ix (shop_id=? AND b>?)"], "SELECT a FROM orders", 0),
        (["SEARCH orders USING INDEX ix (shop_id=?)"], "SELECT count(*) FROM orders", 0),
        (["SCAN leases"], "SELECT a FROM leases", 0),
    ],
)
def test_whole_reads_are_told_from_reads_by_index(
    steps: list[str], statement: str, whole: int
) -> None:
    assert len(whole_reads(steps, statement)) == whole


def test_a_page_asks_about_as_often_in_a_large_shop_as_in_a_small_one(large: Site) -> None:
    for path in large.paths():
        assert len(statements(large, path)) < 60, path
