"""Nothing that happens by itself, and no page, reads a growing table from end to end.

`worked.py` lets it happen and keeps each statement; the database is asked for its plan here.
docs/testing.md lists what is asked about, and what is not.
"""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from app.clock import BEATS
from app.domain.actions import ActionKind
from app.pipeline.effects.registry import EFFECTS
from tests.pipeline.plans import Plans, Step, whole_scans, whole_steps
from tests.pipeline.worked import Asked, Worked, done_in, worked_in

pytestmark = pytest.mark.xdist_group("plans")  # two shops with a past are made once, not six times

# Counted rather than listed: a number over all of a shop's rows, from an index alone.
COUNTED = re.compile(r"SELECT (?:\w+\.\w+(?: AS \w+)?, )*(?:count|max)\(", re.IGNORECASE)

# The newest webhooks whose bodies are kept: what polls brought lies among them.
DELIVERIES = re.compile(r"inbox.source = \S+ AND inbox.sealed_body IS NOT NULL ORDER BY \S+ DESC")
# The end of an import, which has read all orders, says how many there are; and a shop's marketing
# mails are counted as far as fifty, among which a new shop may have many others.
EXCEPTED = re.compile(
    r"^SELECT count\(\*\) AS \S+ \nFROM (orders \nWHERE \S+ = \S+$|\(SELECT messages.id)"
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def worked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worked]:
    """Shops with a past, in which all that happens by itself happened once."""
    folder = tmp_path_factory.mktemp("worked")
    url = f"sqlite:///{folder}/worked.sqlite3"
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), folder / "worked.sqlite3")
    if request.param == "postgresql":
        server = request.getfixturevalue("migrated_postgres")
        server.execute("CREATE DATABASE plans TEMPLATE template_migrated STRATEGY FILE_COPY")
        url = server.url("plans")
    with worked_in(folder, url) as found:
        yield found


def whole_reads(worked: Worked, asked: Asked) -> list[str]:
    with worked.engine.connect() as connection:
        plans = Plans(connection)
        return [
            f"{step}: {statement[:400]}"
            for statement, parameters in asked.items()
            for step in plans.whole_reads(statement, parameters)
        ]


def test_nothing_reads_a_growing_table_from_end_to_end(worked: Worked) -> None:
    asked = {one: given for one, given in worked.asked.items() if not EXCEPTED.search(one)}
    found = whole_reads(worked, asked)
    print("\n---\n".join(found))
    assert found == []


def test_pages_of_merchants_and_figures_may_only_count(worked: Worked) -> None:
    asked = worked.counted
    listed = {s: asked[s] for s in asked if not COUNTED.match(s) and not DELIVERIES.search(s)}
    found = whole_reads(worked, listed)
    print("\n---\n".join(found))
    assert found == []


def test_what_is_looked_at_is_what_happens(worked: Worked) -> None:
    """The net is not empty: each table that the pipeline writes was read and written in it."""
    statements = " ".join(worked.asked)
    for table in ("orders", "events", "actions", "journal", "customers", "identities", "products"):
        assert f"INTO {table} " in statements, table
        assert f"FROM {table}" in statements or table == "journal", table
    items = [one for one in worked.asked if "FROM return_lines" in one and "ORDER BY" not in one]
    assert items  # a batch that met returns
    assert len(BEATS) > 10


def test_every_kind_of_action_was_carried_out(worked: Worked) -> None:
    for stand in worked.stands:
        left = set(EFFECTS) - done_in(worked, stand)
        # Shopify's merchants sign in there.
        assert left == ({ActionKind.SIGN_IN_MAIL} if stand.platform == "shopify" else set())


def test_customers_opened_every_page_and_sent_every_form(worked: Worked) -> None:
    known = {
        (rule.rule, method)
        for rule in worked.site.app.url_map.iter_rules()
        for method in {"GET", "POST"} & (rule.methods or set())
        if rule.endpoint.startswith("customer.")
    }
    assert known - worked.opened == {("/plugin/return", "GET")}  # asked for, and refused


BODIES = "SELECT a FROM inbox WHERE inbox.shop_id = ? AND a IS NOT NULL"


@pytest.mark.parametrize(
    ("steps", "statement", "whole"),
    [
        (["SCAN orders"], "SELECT a FROM orders", 1),
        (["SCAN orders USING COVERING INDEX ix"], "SELECT max(a) FROM orders", 1),
        (["SEARCH inbox USING INDEX ix (shop_id=?)"], "UPDATE inbox SET a=?", 1),
        (["SEARCH inbox USING INDEX ix (shop_id=? AND state=?)"], "UPDATE inbox SET a=?", 0),
        (["SEARCH inbox USING INDEX ix (shop_id=?)"], "SELECT a FROM inbox LIMIT ?", 0),
        (["SEARCH inbox USING INDEX ix (shop_id=?)"], f"{BODIES} AND b = ? LIMIT ?", 1),
        (["SEARCH inbox USING INDEX ix (shop_id=?)"], f"{BODIES} LIMIT ?", 0),
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
        (step("Limit", step("Incremental Sort", ALL)), 0),
        (step("Limit", {**ALL, "Filter": "(state = 'a'::text)"}), 1),
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
def test_a_missing_index_is_noticed(worked: Worked, index: str) -> None:
    worked.engine.dispose()  # Python's sqlite3 would know the plans of before
    with worked.engine.connect() as connection:
        connection.exec_driver_sql(f"DROP INDEX {index}")
        plans = Plans(connection)
        found = [one for one, given in worked.asked.items() if plans.whole_reads(one, given)]
        connection.rollback()
    assert found


def test_older_plans_are_found_by_their_version(worked: Worked) -> None:
    """However many wait under the present settings, none of them is looked at."""
    (statement,) = [one for one in worked.asked if "settings_version <" in one and "EXISTS" in one]
    with worked.engine.connect() as connection:
        steps = Plans(connection).steps(statement, worked.asked[statement])
    (step,) = [step for step in steps if "ix_actions_plans" in step]
    bound = step.partition("ix_actions_plans")[2]
    assert all(f"{column}" in bound for column in ("shop_id", "automation", "settings_version"))
