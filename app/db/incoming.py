"""Verified deliveries on their way into the inbox: many in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any

from sqlalchemy import PoolProxiedConnection, event
from sqlalchemy.exc import DBAPIError

from app.db.inbox import PRIORITY
from app.db.session import Database, refuses_writes
from app.domain.ids import ShopId

# Seconds that a delivery waits for others to finish their transactions.
_PATIENCE = 1.4


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified delivery on its way into the inbox.

    `hint`: its body says only that something happened, so that a repeat may be news: two parcels of
    one order within a second are told in the same bytes.
    """

    shop_id: ShopId
    dedupe_key: str
    topic: str
    sealed_body: bytes
    received_at: datetime
    triggered_at: datetime | None = None
    hint: bool = False

    @property
    def identity(self) -> tuple[ShopId, str]:
        """What makes it the same delivery as another."""
        return self.shop_id, self.dedupe_key


class IncomingWriter:
    """Stores deliveries of any shops, many in one commit, on a connection of its own.

    This runs for each delivery of each store: statements are written out, one per number of rows,
    because building them anew costs more than running them (docs/adr/0014).
    """

    def __init__(self, db: Database) -> None:
        self._engine = db.engine
        self._sqlite = db.engine.dialect.name == "sqlite"
        self._connection: PoolProxiedConnection | None = None
        self._was_cut_off = False  # by the server, at the last error: worth another connection
        self._using = Lock()  # a connection must not be closed while it works
        event.listen(db.engine, "engine_disposed", lambda _engine: self._close())
        self.unavailable: type[Exception] = db.engine.dialect.loaded_dbapi.OperationalError

    def write(self, rows: Sequence[Incoming]) -> int:
        """Store them; returns how many of them are to be interpreted: the others were there
        already. A hint that was interpreted is opened again. Nothing is stored if it raises:
        `unavailable`, or what a bad row leads to.
        """
        with self._using:
            reused = self._connection is not None
            try:
                return self._write(rows)
            except self.unavailable:
                if not (reused and self._was_cut_off):
                    raise
                return self._write(rows)  # the server was restarted since the last delivery

    def _write(self, rows: Sequence[Incoming]) -> int:
        connection = self._connection or self._connect()
        hints = {row.identity: row for row in rows if row.hint}
        plain = [row for row in rows if not row.hint]
        try:
            cursor = connection.cursor()
            if not hints:  # one statement is a transaction by itself
                return self._insert(cursor, plain, again=False)
            cursor.execute("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
            new = self._insert(cursor, plain, again=False) if plain else 0
            new += self._insert(cursor, list(hints.values()), again=True)
            cursor.execute("COMMIT")
        except Exception as error:
            self._roll_back(connection, error)
            if refuses_writes(error):
                raise self.unavailable("the database server is read-only") from error
            raise
        return new

    def _connect(self) -> PoolProxiedConnection:
        try:
            connection = self._engine.raw_connection()
        except DBAPIError as error:  # as the driver says it
            raise error.orig or error from None
        milliseconds = int(_PATIENCE * 1000)
        if self._sqlite:
            connection.cursor().execute(f"PRAGMA busy_timeout={milliseconds}")
        else:
            driver: Any = connection.driver_connection
            driver.autocommit = True  # transactions are begun by hand, as on SQLite
            driver.prepare_threshold = 0
            connection.cursor().execute(f"SET lock_timeout={milliseconds}")
        self._connection = connection
        return connection

    def _close(self) -> None:
        """The engine lets go of its connections; a write that comes yet begins with another."""
        with self._using:
            connection, self._connection = self._connection, None
            if connection:
                connection.invalidate()

    def _roll_back(self, connection: PoolProxiedConnection, error: Exception) -> None:
        """Let go of the lock at once: an error's trace keeps the cursor, and that a transaction."""
        self._was_cut_off = refuses_writes(error)  # another server may take them by now
        try:
            connection.rollback()
        except Exception:  # noqa: BLE001 - cut off: the next write begins with another connection
            self._was_cut_off = True
        if self._was_cut_off:
            self._connection = None
            connection.invalidate()

    def _insert(self, cursor: Any, rows: Sequence[Incoming], *, again: bool) -> int:
        values: list[Any] = []
        for row in sorted(rows, key=lambda row: row.identity):  # as every process does: no deadlock
            values += (
                row.shop_id, row.dedupe_key, row.topic, row.sealed_body,
                self._time(row.received_at), self._time(row.triggered_at),
            )  # fmt: skip
        cursor.execute(_statement(len(rows), self._sqlite, again), values)
        return int(cursor.rowcount)

    def _time(self, at: datetime | None) -> Any:
        """As `UtcTime` stores it."""
        if at is None or not self._sqlite:
            return at
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


_ONCE = "DO NOTHING"
_AGAIN = (
    "DO UPDATE SET state = 'pending', note = NULL, sealed_body = excluded.sealed_body,"
    " received_at = excluded.received_at WHERE inbox.state = 'done'"
)


@cache
def _statement(rows: int, sqlite: bool, again: bool) -> str:
    mark = "?" if sqlite else "%s"
    row = f"({', '.join([mark] * 6)}, 'webhook', {PRIORITY['webhook']}, 'pending')"
    return (  # made of constants; values are bound
        "INSERT INTO inbox (shop_id, dedupe_key, topic, sealed_body, received_at, triggered_at,"  # noqa: S608
        f" source, priority, state) VALUES {', '.join([row] * rows)}"
        f" ON CONFLICT (shop_id, dedupe_key) {_AGAIN if again else _ONCE}"
    )
