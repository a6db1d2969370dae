"""What every repository of one shop is built on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, union_all

from app.db.crypto import Keyring, ShopHasher
from app.db.session import UnitOfWork
from app.domain.ids import ShopId


@dataclass(frozen=True)
class Scope:
    """A transaction narrowed to one shop."""

    uow: UnitOfWork
    shop_id: ShopId
    hasher: Callable[[], ShopHasher]


class Repository:
    """Base: a query is written against `self._mine(table)`, so the tenant is never forgotten."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._uow: UnitOfWork = scope.uow
        self._keyring: Keyring = scope.uow.keyring
        self._shop_id = scope.shop_id

    @property
    def _connection(self) -> Connection:
        return self._uow.connection

    def _mine(self, table: Table) -> ColumnElement[bool]:
        return table.c.shop_id == self._shop_id

    def _any_of(self, table: Table, *which: ColumnElement[bool]) -> ColumnElement[bool]:
        """Rows of this shop to which one of a few conditions applies, each found by its own index:
        joined by `or`, databases would rather go through all of a shop.
        """
        found = (select(table.c.id).where(self._mine(table), one) for one in which)
        return table.c.id.in_(union_all(*found))

    def _insert(self, table: Table, **values: Any) -> Any:
        return self._uow.insert(table).values(shop_id=self._shop_id, **values)

    def _fingerprint(self, kind: str, value: str) -> str:
        return self._scope.hasher().fingerprint(kind, value)
