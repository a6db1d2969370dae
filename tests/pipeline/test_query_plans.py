"""Nothing that happens by itself reads a growing table from end to end.

Every statement is taken from the running pipeline, the clock's beats, the jobs and housekeeping,
and its plan is asked of the database; pages have the same test in `tests/http`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert

from app.clock import BEATS, Ticker
from app.db.models import refresh
from app.db.session import Database
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.ids import ShopId
from app.jobs.tasks import TASKS
from app.pipeline import interpret
from app.services import housekeeping
from bench.pages import site
from bench.shop_of import DAY, NOW
from bench.stories import at_home, deliveries, life
from tests.pipeline.plans import Plans, Step, whole_scans, whole_steps
from tests.support import MovableClock

ORDERS = 1_000
CUSTOMERS = ORDERS // 3
FIRST = CUSTOMERS * 150_000  # orders of the first customers, of whom some gave things back
RETURNED = 1_050  # an order that came back
LATER = NOW + 99 * DAY
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worked(request: pytest.FixtureRequest) -> Iterator[tuple[Deps, Asked]]:
    """A shop with a past, in which all that happens by itself happened once."""
    url = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("migrated_postgres")
        server.execute("CREATE DATABASE plans TEMPLATE template_migrated STRATEGY FILE_COPY")
        url = server.url("plans")
    with site(ORDERS, url) as found:
        built, clock = found.deps, MovableClock(NOW)
        db = Database(built.db.engine, built.db.keyring, lambda _signal: None)
        deps = replace(built, db=db, wall=clock, business=clock, dispatch=lambda _signal: None)
        with listening(db.engine) as asked:
            _tell(deps, found.busy.shop_id)
            _let_wait(deps, found.busy.shop_id)
            clock.advance(days=12)
            Ticker(deps).tick()
            for job in JOBS:
                TASKS[job](deps, found.busy.shop_id)
            housekeeping.tidy(deps)
        yield deps, asked


def _tell(deps: Deps, shop_id: ShopId) -> None:
    """Deliveries in batches, and a few one by one."""
    home = "https://busy-1.example"
    told = deliveries("woocommerce", 170, FIRST, NOW, CUSTOMERS, home)
    told += [at_home(posted, home) for posted in life("woocommerce", RETURNED, NOW)]
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


def _let_wait(deps: Deps, shop_id: ShopId) -> None:
    """The store does not answer: what is to be read there has become a growing table."""
    later = {"shop_id": shop_id, "kind": "order", "attempts": 0, "patient": True, "due_at": LATER}
    with deps.db.write() as uow:
        rows = [{**later, "platform_id": f"r{number}"} for number in range(ORDERS)]
        uow.connection.execute(insert(refresh), rows)


def test_nothing_reads_a_growing_table_from_end_to_end(worked: tuple[Deps, Asked]) -> None:
    deps, asked = worked
    whole: list[str] = []
    with deps.db.engine.connect() as connection:
        plans = Plans(connection)
        for statement, parameters in asked.items():
            found = plans.whole_reads(statement, parameters)
            whole += [f"{step}: {statement[:400]}" for step in found]
    print("\n---\n".join(whole))
    assert whole == []


def test_what_is_looked_at_is_what_happens(worked: tuple[Deps, Asked]) -> None:
    """The net is not empty: each table that the pipeline writes was read and written in it."""
    statements = " ".join(worked[1])
    for table in ("orders", "events", "actions", "journal", "customers", "identities", "products"):
        assert f"INTO {table} " in statements, table
        assert f"FROM {table}" in statements or table == "journal", table
    items = [one for one in worked[1] if "FROM return_lines" in one and "ORDER BY" not in one]
    assert items  # a batch that met returns
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
def test_the_check_of_sqlites_plans(steps: list[str], statement: str, whole: int) -> None:
    assert len(whole_steps(steps, statement)) == whole


def step(kind: str, *below: Step, parent: str = "Outer", **said: str) -> Step:
    """One of PostgreSQL's: `on` is a table, `by` one of its indexes, `where` its condition."""
    names = {"on": "Relation Name", "by": "Index Name", "where": "Index Cond"}
    found: dict[str, Any] = {names[name]: value for name, value in said.items()}
    return found | {"Node Type": kind, "Parent Relationship": parent, "Plans": below}


INDEXES = {"pk": ["id"], "recent": ["shop_id", "id"], "state": ["shop_id", "state", "order_id"]}
ALL = step("Index Scan", on="orders", by="recent", where="(shop_id = '1'::bigint)")
ONE = step("Index Scan", on="orders", by="pk", where="(id = '1'::bigint)")
COMPARED = "((shop_id = 1) AND (order_id = 'state'::text))"
BITMAP = step("Bitmap Index Scan", by="recent", where="(shop_id = '1'::bigint)")


@pytest.mark.parametrize(
    ("plan", "whole"),
    [
        (step("Seq Scan", on="orders"), 1),
        (step("Limit", step("Seq Scan", on="orders")), 1),
        (step("Seq Scan", on="shops"), 0),
        (step("Index Scan", on="orders", by="pk"), 1),
        (ONE, 0),
        (ALL, 1),
        (step("Index Scan", on="orders", by="state", where="((shop_id = 1) AND (state = 'a'))"), 0),
        (step("Index Only Scan", on="orders", by="state", where=COMPARED), 1),
        (step("Index Only Scan", on="orders", by="state", where="(state = 'a'::text)"), 0),
        (step("Limit", step("LockRows", ALL)), 0),
        (step("Limit", step("Sort", ALL)), 1),
        (step("Limit", step("Aggregate", ALL)), 1),
        (step("Result", step("Limit", ALL, parent="InitPlan")), 0),
        (step("Limit", step("Bitmap Heap Scan", BITMAP, on="orders")), 1),
        (step("Limit", step("Bitmap Heap Scan", BITMAP, on="shops")), 0),
        (step("Limit", step("Nested Loop", ALL, step("Memoize", ONE, parent="Inner"))), 0),
        (step("Limit", step("Nested Loop", ONE, {**ALL, "Parent Relationship": "Inner"})), 1),
        (step("Limit", ONE, {**ALL, "Parent Relationship": "SubPlan"}), 1),
        (step("Update", step("Nested Loop", step("Limit", ALL), ONE)), 0),
    ],
)
def test_the_check_of_postgresqls_plans(plan: Step, whole: int) -> None:
    assert len(whole_scans(plan, INDEXES)) == whole


@pytest.mark.parametrize("index", ["ix_actions_order", "ix_returns_customer", "ix_refresh_due"])
def test_a_missing_index_is_noticed(worked: tuple[Deps, Asked], index: str) -> None:
    deps, asked = worked
    deps.db.engine.dispose()  # Python's sqlite3 would know the plans of before
    with deps.db.engine.connect() as connection:
        connection.exec_driver_sql(f"DROP INDEX {index}")
        plans = Plans(connection)
        found = [one for one, parameters in asked.items() if plans.whole_reads(one, parameters)]
        connection.rollback()
    assert found


def test_older_plans_are_found_by_their_version(worked: tuple[Deps, Asked]) -> None:
    """However many wait under the present settings, none of them is looked at."""
    deps, asked = worked
    (statement,) = [one for one in asked if "settings_version <" in one and "EXISTS" in one]
    with deps.db.engine.connect() as connection:
        steps = Plans(connection).steps(statement, asked[statement])
    (step,) = [step for step in steps if "ix_actions_plans" in step]
    bound = step.partition("ix_actions_plans")[2]
    assert all(f"{column}" in bound for column in ("shop_id", "automation", "settings_version"))
