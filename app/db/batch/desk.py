"""What a batch has read ahead and not written yet."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Select,
    Table,
    bindparam,
    func,
    select,
    text,
)

from app.db.base import Scope
from app.db.session import UnitOfWork
from app.domain.errors import Retryable
from app.domain.ids import CustomerId, ShopId

K = TypeVar("K")
V = TypeVar("V")
# Statements of a batch are built once: parameters say whose rows, and which of them.
SHOP: BindParameter[Any] = bindparam("shop")
KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_IDS_AT_ONCE = 50
_RESERVE = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :n)")


class Conflict(Retryable):
    """Another transaction changed what the batch had read: it has to be looked at again."""


class Shelf(Generic[K, V]):
    """What is known under each key: many are fetched at once, a missing one when it is asked for.

    `load` gives what is stored for some keys; for the others `empty` is known.
    """

    def __init__(
        self, desk: "Desk", load: Callable[[list[K]], Mapping[K, V]], empty: Callable[[], V]
    ) -> None:
        self._desk, self._load, self._empty = desk, load, empty
        self._held: dict[K, V] = {}

    def fetch(self, keys: Iterable[K]) -> None:
        """Read what is not known yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._held]
        if not missing:
            return
        self._desk.flush()
        found = self._load(missing)
        for key in missing:
            self._held[key] = found[key] if key in found else self._empty()

    def fetch_anew(self) -> None:
        """Read again all that is known."""
        known = list(self._held)
        self._held.clear()
        self.fetch(known)

    def __getitem__(self, key: K) -> V:
        if key not in self._held:
            self.fetch([key])
        return self._held[key]

    def __setitem__(self, key: K, value: V) -> None:
        self._held[key] = value

    def holds(self, key: K) -> bool:
        """Whether it is known."""
        return key in self._held

    def known(self, key: K) -> V | None:
        """What is known of it already."""
        return self._held.get(key)

    def start(self, key: K) -> None:
        """A new thing, of which nothing is stored."""
        self._held[key] = self._empty()

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()


class Desk:
    """One batch's memory: shelves to read from, and what is to be written in the end.

    Whoever goes to the database by itself (`UnitOfWork.connection`) makes the desk write first and
    forget all: it sees what the batch did, and the batch sees what it does.
    """

    def __init__(self, uow: UnitOfWork, shop_id: ShopId, scope: Scope) -> None:
        self.aside = UnitOfWork(uow.raw, uow.keyring, uow.signals, held=uow.held)
        self.plain = Scope(self.aside, shop_id, scope.hasher)
        self.shop_id = shop_id
        self._shelves: list[Shelf[Any, Any]] = []
        self._of_customers: list[Shelf[CustomerId, Any]] = []
        self._writers: list[Callable[[], None]] = []
        self._ids: dict[Table, list[int]] = {}
        self.remembered: dict[Any, Any] = {}

    @property
    def connection(self) -> Connection:
        """The way to the database for those who know what lies on the desk."""
        return self.aside.raw

    def shelf(
        self, load: Callable[[list[K]], Mapping[K, V]], empty: Callable[[], V]
    ) -> Shelf[K, V]:
        """A new one."""
        shelf = Shelf(self, load, empty)
        self._shelves.append(shelf)
        return shelf

    def shelf_of_customers(
        self, load: Callable[[list[CustomerId]], Mapping[CustomerId, V]], empty: Callable[[], V]
    ) -> Shelf[CustomerId, V]:
        """The same, of what belongs to customers."""
        shelf = self.shelf(load, empty)
        self._of_customers.append(shelf)
        return shelf

    def fetch_customers(self, ids: Iterable[CustomerId]) -> None:
        """Read everything that belongs to these customers."""
        wanted = list(ids)
        for shelf in self._of_customers:
            shelf.fetch(wanted)

    def start_customer(self, customer_id: CustomerId) -> None:
        """A new customer, of whom nothing is stored."""
        for shelf in self._of_customers:
            shelf.start(customer_id)

    def on_write(self, write: Callable[[], None]) -> None:
        """Have this called when all is written."""
        self._writers.append(write)

    def flush(self) -> None:
        """Write what is to be written; all stays known. Raises Conflict."""
        for write in self._writers:
            write()

    def settle(self) -> None:
        """Write, and forget: somebody else goes to the database."""
        self.flush()
        for shelf in self._shelves:
            shelf.clear()
        self._ids.clear()
        self.remembered.clear()

    def rows(self, query: Select[Any], keys: list[Any]) -> Any:
        """What a constant query with `SHOP` and `KEYS` finds."""
        return self.connection.execute(query, {"shop": self.shop_id, "keys": keys})

    def write_all(
        self,
        statement: Executable | Callable[[str], Executable],
        rows: list[dict[str, Any]],
        *,
        each: bool = False,
    ) -> None:
        """One statement, or what it is in this dialect, for all rows. `each` has to be written:
        Conflict if one is not.
        """
        if not rows:
            return
        if not isinstance(statement, Executable):
            statement = statement(self.connection.dialect.name)
        done = self.connection.execute(statement, rows)
        if each and done.rowcount != len(rows):
            raise Conflict("another transaction changed the same rows")

    def new_id(self, table: Table) -> int:
        """The id that a new row of this table will be written with."""
        if self.connection.dialect.name == "sqlite":  # as SQLite would; others are kept out
            if table not in self._ids:
                newest = select(func.coalesce(func.max(table.c.id), 0))
                self._ids[table] = [int(self.connection.execute(newest).scalar_one())]
            self._ids[table][0] += 1
            return self._ids[table][0]
        if not self._ids.get(table):
            reserved = self.connection.execute(_RESERVE, {"table": table.name, "n": _IDS_AT_ONCE})
            self._ids[table] = [int(row_id) for (row_id,) in reserved][::-1]
        return self._ids[table].pop()
