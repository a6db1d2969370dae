"""A row for any table, made from what its columns take."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text

from app.db.models.base import UtcTime

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def any_row(table: Table, n: int, sealed: bytes = b"sealed") -> dict[str, Any]:
    """The nth one; every unique key differs from those of other n. Shops 1 to n must exist."""
    return {column.name: _value(column, n, sealed) for column in table.columns}


def _value(column: Column[Any], n: int, sealed: bytes) -> Any:
    kind = column.type
    if isinstance(kind, LargeBinary):
        return sealed
    if isinstance(kind, UtcTime):
        return NOW
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, BigInteger | Integer):
        return n
    if isinstance(kind, Text | String):
        return f"{n}{column.name}"[: kind.length]
    return {}
