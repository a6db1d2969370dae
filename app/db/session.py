"""Engines, transactions and the unit of work: the way into the database.

`Database.write()` is one short transaction (SQLite: BEGIN IMMEDIATE); no network, template or
decryption belongs inside. What must happen after it asks `after_commit`; a rollback drops it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.db.crypto import Keyring
from app.domain.ids import ShopId

# The database is locked, full, read-only, gone: nothing was written, the caller may try again.
DatabaseUnavailable = OperationalError

# Seconds to wait for a lock. Readers wait for nobody unless a file is held by another program.
PATIENCE = 5.0
_READ_PATIENCE = 1.0

Signal = tuple[str, tuple[Any, ...]]  # name of a job and its arguments (ids only)

# A server that vanished without a word is noticed within half a minute, not after hours.
_NOT_FOR_EVER = {
    "connect_timeout": 2,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}

# Statements' parameters are personal data; and whether an INSERT ... ON CONFLICT wrote a row is
# read from its row count, which SQLAlchemy keeps for inserts only when asked to.
_COMMON: dict[str, Any] = {
    "hide_parameters": True,
    "execution_options": {"preserve_rowcount": True},
}


def create_engine_for(url: str) -> Engine:
    """An engine with the settings that the design asks of each database."""
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        engine = create_engine(url, **_COMMON, connect_args={"timeout": _READ_PATIENCE})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "postgresql":
        target = make_url(url).set(drivername="postgresql+psycopg")
        engine = create_engine(
            target, **_COMMON, pool_pre_ping=True, pool_size=8, connect_args=_NOT_FOR_EVER
        )
        event.listen(engine, "begin", _limit_postgresql)
        event.listen(engine, "handle_error", _take_read_only_for_unavailable, retval=True)
        return engine
    raise ValueError(f"DATABASE_URL names {backend!r}; use sqlite:/// or postgresql://")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "secure_delete=ON",  # what is erased is overwritten, not only unlinked
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    patience = options.get("patience", _READ_PATIENCE)
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience * 1000)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if "patience" in options else "BEGIN")


def _limit_postgresql(connection: Connection) -> None:
    """Nothing here takes long; a statement that does waits for a lock that nobody gives back."""
    patience = connection.get_execution_options().get("patience", PATIENCE)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience * 1000)}")


def refuses_writes(error: BaseException | None) -> bool:
    """Whether this server is a replica now, or was made read-only. SQLite says so by itself in
    terms of an OperationalError.
    """
    return getattr(error, "sqlstate", None) == "25006"


def _take_read_only_for_unavailable(context: ExceptionContext) -> OperationalError | None:
    """Another server may take writes at the same address: the next one begins with looking."""
    if not refuses_writes(context.original_exception):
        return None
    context.is_disconnect = True
    return OperationalError(
        context.statement, None, context.original_exception, hide_parameters=True
    )


@dataclass
class UnitOfWork:
    """One transaction. `shop_data` in `app/db/tenant.py` builds one shop's repositories on it."""

    raw: Connection
    keyring: Keyring
    signals: list[Signal] = field(default_factory=list)
    writes: bool = False
    held: set[ShopId] = field(default_factory=set)  # shops that others wait for until we end
    settle: Callable[[], None] | None = None

    @property
    def connection(self) -> Connection:
        """The way to the database. A batch (`app/db/batch`) first writes what it has not yet."""
        if self.settle:
            self.settle()
        return self.raw

    def after_commit(self, job: str, *arguments: Any) -> None:
        """Ask for a job once this transaction is durable; asked twice, it is sent once."""
        signal = (job, arguments)
        if signal not in self.signals:
            self.signals.append(signal)

    def insert(self, table: Table) -> Any:
        """An INSERT that knows ON CONFLICT in the present dialect."""
        return insert_into(table, self.raw.dialect.name)


def insert_into(table: Table, dialect: str) -> Any:
    """An INSERT that knows ON CONFLICT in a dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


class Database:
    """Opens transactions. `dispatch` performs what `after_commit` asked for."""

    def __init__(
        self, engine: Engine, keyring: Keyring, dispatch: Callable[[Signal], None]
    ) -> None:
        self.engine = engine
        self.keyring = keyring
        self._dispatch = dispatch

    @contextmanager
    def write(self, patience: float = PATIENCE) -> Iterator[UnitOfWork]:
        """A write transaction; signals are dispatched after it committed.

        Waits at most `patience` seconds for others to finish theirs, then DatabaseUnavailable.
        """
        with (
            self.engine.connect().execution_options(patience=patience) as connection,
            connection.begin(),
        ):
            uow = UnitOfWork(connection, self.keyring, writes=True)
            yield uow
        for job, arguments in uow.signals:
            self.signal(job, *arguments)

    def signal(self, job: str, *arguments: Any) -> None:
        """Ask for a job about what is durable already; see `UnitOfWork.after_commit`."""
        self._dispatch((job, arguments))

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """For reading only. On SQLite all of it is of one moment, on PostgreSQL each statement."""
        with self.engine.connect() as connection, connection.begin():
            yield UnitOfWork(connection, self.keyring)

    @contextmanager
    def snapshot(self) -> Iterator[UnitOfWork]:
        """For reading much, all of it of one moment. Nobody outside is to be waited for meanwhile:
        what was overwritten stays on disk as long.
        """
        sqlite = self.engine.dialect.name == "sqlite"
        level = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
        with (
            self.engine.connect().execution_options(**level) as connection,
            connection.begin(),
        ):
            yield UnitOfWork(connection, self.keyring)

    def drop_old_pages(self) -> None:
        """What was overwritten leaves SQLite's write-ahead log as well, unless somebody reads it
        just now: then the next time. PostgreSQL reuses the room of old rows by itself.
        """
        if self.engine.dialect.name == "sqlite":
            connection = self.engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()


@contextmanager
def savepoint(uow: UnitOfWork) -> Iterator[None]:
    """Undo a part of a transaction if the block raises; its signals are dropped, too."""
    kept = len(uow.signals)
    try:
        with uow.connection.begin_nested():
            yield
    except BaseException:
        del uow.signals[kept:]
        raise
