"""Everything that is sealed in the database, sealed anew with the newest key.

Which columns those are is read from the tables themselves: whatever is stored as bytes is sealed
(a test keeps it so), so a new column cannot be forgotten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, and_, select, tuple_, update

from app.db.models import credentials, metadata, shops
from app.db.session import Database

BATCH = 200  # rows per transaction


@dataclass(frozen=True, slots=True)
class Rotated:
    """What became of one column's values."""

    table: str
    column: str
    current: int = 0  # sealed with the newest key already
    resealed: int = 0
    changed: int = 0  # rewritten by somebody else meanwhile; looked at by the next run
    unreadable: int = 0  # no key of ours opens it


def sealed_columns() -> list[tuple[Table, Column[Any]]]:
    """All of them."""
    return [
        (table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    ]


def rotate(db: Database) -> Iterator[Rotated]:
    """Seal anew, in batches that keep nobody waiting; may be cut off and run again.

    A value is replaced only if it is still the one that was opened, so nothing that a running
    process writes meanwhile is lost.
    """
    for table, column in sealed_columns():
        yield _rotate_column(db, table, column)


@dataclass(frozen=True, slots=True)
class Seals:
    """How many stores' secrets there are, and which keys they need."""

    all: int
    older: int  # open with an older key than the newest
    unreadable: int


def seals(db: Database) -> Seals:
    """A look at the few values without which no store can be worked for."""
    with db.read() as uow:
        values = [
            value
            for column in (shops.c.hash_key, credentials.c.sealed)
            for (value,) in uow.connection.execute(select(column))
        ]
    older = [value for value in values if not db.keyring.is_newest(value)]
    unreadable = [value for value in older if not db.keyring.can_open(value)]
    return Seals(len(values), len(older) - len(unreadable), len(unreadable))


def _rotate_column(db: Database, table: Table, column: Column[Any]) -> Rotated:
    current = resealed = changed = unreadable = 0
    for rows in _batches(db, table, column):
        fresh: list[tuple[Any, bytes]] = []
        for row in rows:  # opened outside any transaction
            if db.keyring.is_newest(row.sealed_value):
                current += 1
                continue
            if not db.keyring.can_open(row.sealed_value):
                unreadable += 1
                continue
            fresh.append((row, db.keyring.seal(db.keyring.open(row.sealed_value))))
        done = _replace(db, table, column, fresh)
        resealed += done
        changed += len(fresh) - done
    return Rotated(table.name, column.name, current, resealed, changed, unreadable)


def _batches(db: Database, table: Table, column: Column[Any]) -> Iterator[list[Any]]:
    """All values in the order of the primary key; each batch in a transaction of its own."""
    keys = list(table.primary_key.columns)
    query = select(*keys, column.label("sealed_value")).where(column.is_not(None))
    after: tuple[Any, ...] | None = None
    while True:
        page = query if after is None else query.where(tuple_(*keys) > tuple_(*after))
        with db.read() as uow:
            rows = list(uow.connection.execute(page.order_by(*keys).limit(BATCH)))
        if rows:
            yield rows
            after = tuple(rows[-1])[: len(keys)]
        if len(rows) < BATCH:
            return


def _replace(
    db: Database, table: Table, column: Column[Any], fresh: Sequence[tuple[Any, bytes]]
) -> int:
    if not fresh:
        return 0
    keys = list(table.primary_key.columns)
    with db.write() as uow:
        return sum(
            uow.connection.execute(
                update(table)
                .where(
                    and_(*(key == value for key, value in zip(keys, row, strict=False))),
                    column == row.sealed_value,
                )
                .values({column: sealed})
            ).rowcount
            for row, sealed in fresh
        )
