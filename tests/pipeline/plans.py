"""What the plans of SQLite and of PostgreSQL say about reading a growing table from end to end."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

GROWING = {
    "orders", "actions", "journal", "events", "inbox", "messages", "customers", "identities",
    "consents", "suppressions", "erasures", "products", "coupons", "reviews", "returns",
    "return_lines", "refresh", "nonces", "otp_codes",
}  # fmt: skip

Step = Mapping[str, Any]  # of a plan of PostgreSQL's, with those below it
Columns = Mapping[str, Sequence[str]]  # of indexes, in their order

_COLUMNS = """
    SELECT indexrelid::regclass::text,
        ARRAY(SELECT pg_get_indexdef(indexrelid, n, true) FROM generate_series(1, indnkeyatts) n)
    FROM pg_index
"""
# What is asked for no more rows than its own reader wants, if that one is among these.
_PASSED_BY = {
    "Limit", "LockRows", "Nested Loop", "Result", "Subquery Scan", "Append", "Merge Append",
    "Incremental Sort",
}  # fmt: skip
# Whoever wants some of a shop's rows only may have to go far until there are enough.
_CHOOSES = re.compile(r" AND (?![\w.]+ IS NOT NULL)")
_READ_BY_IT = ("Outer", "Member", "Subquery")  # others are asked in between, or before
_IN_ORDER = ("Index Scan", "Index Only Scan")


class Plans:
    """Asks one database how it would do something."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._columns: Columns | None = None
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")  # as it does by itself after a while
            # A few rows are read faster without an index: who still does so has none.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            # By any index of the shop, too: so that each of its rows that is looked at is dear.
            connection.exec_driver_sql("SET LOCAL cpu_index_tuple_cost = 1")
            self._columns = {row[0]: row[1] for row in connection.exec_driver_sql(_COLUMNS)}

    def steps(self, statement: str, parameters: Any) -> list[str]:
        """A line per step that reads a table."""
        if self._columns is None:
            return self._sqlite(statement, parameters)
        plan = self._postgresql(statement, parameters)
        return [_line(step, table) for step, table, _ in scans(plan)]

    def whole_reads(self, statement: str, parameters: Any) -> list[str]:
        """Steps that go through all rows of a growing table, or through all of a shop's.

        In the order of an index until there are enough is no such step, if none is left out.
        """
        if self._columns is None:
            return whole_steps(self._sqlite(statement, parameters), statement)
        return whole_scans(self._postgresql(statement, parameters), self._columns)

    def _sqlite(self, statement: str, parameters: Any) -> list[str]:
        explain = f"EXPLAIN QUERY PLAN {statement}"
        return [str(row[3]) for row in self._connection.exec_driver_sql(explain, parameters)]

    def _postgresql(self, statement: str, parameters: Any) -> Step:
        explain = f"EXPLAIN (FORMAT JSON) {statement}"
        (found,) = self._connection.exec_driver_sql(explain, parameters).scalar_one()
        plan: Step = found["Plan"]
        return plan


def whole_steps(steps: Sequence[str], statement: str) -> list[str]:
    """Those of SQLite's plan."""
    sorts = any("USE TEMP B-TREE FOR ORDER" in step for step in steps)
    limited = "LIMIT" in statement and not sorts and not _CHOOSES.search(statement)
    found = []
    for step in steps:
        scanned = re.match(r"SCAN (\w+)", step)
        by_shop = re.match(r"SEARCH (\w+) USING [A-Z ]*INDEX \w+ \(shop_id=\?\)$", step)
        if scanned and scanned[1] in GROWING and not (limited and "INDEX" in step):
            found.append(step)
        if by_shop and by_shop[1] in GROWING and not limited:
            found.append(step)
    return found


def whole_scans(plan: Step, columns: Columns) -> list[str]:
    """Those of PostgreSQL's plan."""
    return [
        _line(step, table)
        for step, table, limited in scans(plan)
        if table in GROWING and not limited and not _is_narrow(step, columns)
    ]


def scans(step: Step, limited: bool = False, table: str = "") -> Iterator[tuple[Step, str, bool]]:
    """The steps that read a table, with its name, and whether they stop once there are enough.

    Who sorts, counts or hashes wants all rows, whatever limit is above; so does a bitmap.
    """
    kind, table = step["Node Type"], step.get("Relation Name", table)  # a bitmap's index has none
    if kind == "Seq Scan" or "Index Name" in step:
        yield step, table, limited and kind in _IN_ORDER and "Filter" not in step
    for below in step.get("Plans", ()):
        passed = kind in _PASSED_BY and below["Parent Relationship"] in _READ_BY_IT
        yield from scans(below, passed and (limited or kind == "Limit"), table)


def _is_narrow(step: Step, columns: Columns) -> bool:
    """Whether the first column of the index is bound, not counting the shop: PostgreSQL looks once
    into each shop where that is left open. Columns after a gap bound nothing, they are compared.
    """
    condition = re.sub(r"'[^']*'", "", step.get("Index Cond", ""))
    first = next((c for c in columns.get(step.get("Index Name", ""), ()) if c != "shop_id"), None)
    return first in re.findall(r"\w+", condition)


def _line(step: Step, table: str) -> str:
    said = (step.get(name) for name in ("Index Name", "Index Cond", "Filter"))
    return " ".join([step["Node Type"], table, *filter(None, said)])
