"""Nothing that happens by itself reads a growing table from end to end.

Every statement is taken from the running pipeline, the clock's beats, the jobs and housekeeping,
and its plan is asked of the database; pages have the same test in `tests/http`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from app.clock import BEATS, Ticker
from app.db.session import Database
from app.deps import Deps
from app.jobs.tasks import TASKS
from app.pipeline import interpret
from app.services import housekeeping
from bench.pages import site
from bench.shop_of import NOW
from bench.stories import deliveries
from tests.support import MovableClock

ORDERS = 1_000
GROWING = {
    "orders", "actions", "journal", "events", "inbox", "messages", "customers", "identities",
    "consents", "suppressions", "erasures", "products", "coupons", "reviews", "returns",
    "return_lines", "refresh", "nonces", "otp_codes",
}  # fmt: skip
# Jobs that need no store; `perform` comes as far as asking it.
JOBS = ("drain", "perform", "recover", "replan", "recount", "privacy")

Asked = dict[str, Any]  # statement → its parameters


@contextmanager
def listening(engine: Engine) -> Iterator[Asked]:
    """What is asked of the database inside the block, each statement once."""
    asked: Asked = {}

    def listen(
        _c: Connection, _k: Any, statement: str, parameters: Any, _x: Any, many: bool
    ) -> None:
        if statement.split(" ", 1)[0] in ("SELECT", "UPDATE", "DELETE", "INSERT"):
            asked.setdefault(statement, parameters[0] if many else parameters)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", listen)


@pytest.fixture(scope="module")
def worked() -> Iterator[tuple[Deps, Asked]]:
    """A shop with a past, in which all that happens by itself happened once."""
    with site(ORDERS) as found:
        built, clock = found.deps, MovableClock(NOW)
        db = Database(built.db.engine, built.db.keyring, lambda _signal: None)
        deps = replace(built, db=db, wall=clock, business=clock, dispatch=lambda _signal: None)
        with listening(db.engine) as asked:
            _tell(deps, found.busy.shop_id)
            clock.advance(days=12)
            Ticker(deps).tick()
            for job in JOBS:
                TASKS[job](deps, found.busy.shop_id)
            housekeeping.tidy(deps)
        yield deps, asked


def _tell(deps: Deps, shop_id: Any) -> None:
    """Deliveries in batches, and a few one by one."""
    from app.db.tenant import ShopData

    told = deliveries("woocommerce", 170, 50_000_000, NOW, 300, "https://busy-1.example")
    for at_once, part in ((1, told[:8]), (80, told[8:])):
        with deps.db.write() as uow:
            data = ShopData(uow, shop_id)
            for number, posted in enumerate(part):
                data.inbox.add(
                    dedupe_key=f"{at_once}:{number}", source="webhook", topic=posted.topic,
                    sealed_body=uow.keyring.seal_body(posted.body), now=NOW,
                    triggered_at=posted.at,
                )  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(interpret, "BATCH", at_once)
            assert interpret.drain(deps, shop_id) == len(part)


def whole_reads(steps: list[str], statement: str) -> list[str]:
    """Steps of a plan that go through all rows of a growing table, or through all of a shop's.

    In the order of an index until there are enough is no such step.
    """
    limited = "LIMIT" in statement and not any("USE TEMP B-TREE FOR ORDER" in s for s in steps)
    found = []
    for step in steps:
        scanned = re.match(r"SCAN (\w+)", step)
        by_shop = re.match(r"SEARCH (\w+) USING [A-Z ]*INDEX \w+ \(shop_id=\?\)$", step)
        if scanned and scanned[1] in GROWING and not (limited and "INDEX" in step):
            found.append(step)
        if by_shop and by_shop[1] in GROWING and not limited:
            found.append(step)
    return found


def test_nothing_reads_a_growing_table_from_end_to_end(worked: tuple[Deps, Asked]) -> None:
    deps, asked = worked
    whole: list[str] = []
    with deps.db.engine.connect() as connection:
        for statement, parameters in asked.items():
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [str(row[3]) for row in plan]
            whole += [f"{step}: {statement[:400]}" for step in whole_reads(steps, statement)]
    print("\n---\n".join(whole))
    assert whole == []


def test_what_is_looked_at_is_what_happens(worked: tuple[Deps, Asked]) -> None:
    """The net is not empty: each table that the pipeline writes was read and written in it."""
    statements = " ".join(worked[1])
    for table in ("orders", "events", "actions", "journal", "customers", "identities", "products"):
        assert f"INTO {table} " in statements, table
        assert f"FROM {table}" in statements or table == "journal", table
    assert len(worked[1]) > 80
    assert len(BEATS) > 10


@pytest.mark.parametrize(
    ("steps", "statement", "whole"),
    [
        (["SCAN orders"], "SELECT a FROM orders", 1),
        (["SCAN orders USING COVERING INDEX ix"], "SELECT max(a) FROM orders", 1),
        (["SEARCH inbox USING INDEX ix (shop_id=?)"], "UPDATE inbox SET a=?", 1),
        (["SEARCH inbox USING INDEX ix (shop_id=? AND state=?)"], "UPDATE inbox SET a=?", 0),
        (["SEARCH inbox USING INDEX ix (shop_id=?)"], "SELECT a FROM inbox LIMIT ?", 0),
        (["SCAN shops"], "SELECT id FROM shops", 0),
    ],
)
def test_the_check_itself(steps: list[str], statement: str, whole: int) -> None:
    assert len(whole_reads(steps, statement)) == whole


def test_older_plans_are_found_by_their_version(worked: tuple[Deps, Asked]) -> None:
    """However many wait under the present settings, none of them is looked at."""
    deps, asked = worked
    (statement,) = [one for one in asked if "settings_version <" in one and "EXISTS" in one]
    with deps.db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", asked[statement])
        steps = " ".join(str(row[3]) for row in plan)
    assert "ix_actions_plans (shop_id=? AND automation=? AND settings_version<?)" in steps
