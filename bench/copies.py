"""More shops like one: rows are copied inside the database, which is quicker than making them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    Table,
    cast,
    func,
    insert,
    literal,
    select,
    text,
)

from app.db import models
from app.db.session import Database, UnitOfWork
from app.domain.ids import ShopId

_COPIED = (
    models.shops, models.installations, models.settings_versions, models.products,
    models.customers, models.identities, models.orders, models.events, models.actions,
    models.journal, models.messages, models.reviews, models.coupons, models.inbox,
    models.returns, models.return_lines,
)  # fmt: skip
# Which table's ids a column holds: those move with the copied rows.
_POINTS_AT = {
    "shop_id": models.shops, "customer_id": models.customers, "merged_into": models.customers,
    "action_id": models.actions, "return_id": models.returns,
}  # fmt: skip
_ONE_OF_A_KIND = ("domain", "public_ref")  # in the whole installation


def copy_shops(db: Database, shop_id: ShopId, count: int) -> list[ShopId]:
    """So many copies of a shop with all that it has (nobody else writes meanwhile)."""
    with db.read() as uow:
        newest = {
            table: uow.connection.execute(select(func.max(table.c.id))).scalar() or 0
            for table in _COPIED
        }
    for number in range(1, count + 1):
        shift = {table: last * number for table, last in newest.items()}
        with db.write() as uow:
            for table in _COPIED:
                own = table.c.id if table is models.shops else table.c.shop_id
                values = [_moved(table, column, shift, number) for column in table.c]
                source = select(*values).where(own == shop_id)
                uow.connection.execute(insert(table).from_select(list(table.c), source))
    with db.write() as uow:
        _look_again(uow)
    return [ShopId(shop_id + newest[models.shops] * number) for number in range(1, count + 1)]


def _moved(
    table: Table, column: Column[Any], shift: Mapping[Table, int], number: int
) -> ColumnElement[Any]:
    if column.name in _ONE_OF_A_KIND:
        return func.substr(cast(literal(number), String) + "-" + column, 1, 32)
    target = table if column.name == "id" else _POINTS_AT.get(column.name)
    return column + shift[target] if target is not None else column


def _look_again(uow: UnitOfWork) -> None:
    """PostgreSQL hands out ids from sequences, and plans by what it counted last."""
    if uow.connection.dialect.name != "postgresql":
        return
    for table in _COPIED:
        name = table.name
        newest = f"(SELECT max(id) FROM {name})"
        uow.connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {newest})")
        )
        uow.connection.execute(text(f"ANALYZE {name}"))
