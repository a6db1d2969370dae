"""What the harness can change for running processes: small files in one directory.

`clock` holds seconds by which the machine's clock is wrong; `database` says `full` or `readonly`.
Absent files mean that all is well.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from app.db.incoming import Incoming, IncomingWriter
from app.domain.clocks import WallClock

DIRECTORY = "FAULTS_WORLD"  # environment variable
READY = "ready-"  # and the process id: a file
_PRAGMAS = {"full": "PRAGMA max_page_count=1", "readonly": "PRAGMA query_only=ON"}
_WELL = ("PRAGMA max_page_count=1073741823", "PRAGMA query_only=OFF")


def here() -> None:
    """Says that everything is imported and the work begins: only now a kill hits something."""
    (Path(os.environ[DIRECTORY]) / f"{READY}{os.getpid()}").touch()


class Told:
    """The text of one file, read again when it changes."""

    def __init__(self, name: str) -> None:
        self._path = Path(os.environ[DIRECTORY]) / name
        self._changed = 0
        self._text = ""

    def text(self) -> str:
        """What it says now; nothing if it is not there."""
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._text, self._changed = self._path.read_text().strip(), changed
        except FileNotFoundError:
            self._text, self._changed = "", 0
        return self._text


def let_the_clock_jump() -> None:
    """The machine's clock is wrong by what the file says. All of the product asks this place."""
    told = Told("clock")

    def now(_self: WallClock) -> datetime:
        wrong = timedelta(seconds=float(told.text() or 0))
        return datetime.now(UTC) + wrong  # noqa: TID251 - the machine's clock, put wrong

    WallClock.now = now  # type: ignore[method-assign,assignment]


def let_the_database_fill() -> None:
    """SQLite itself refuses: no page can be added, or nothing can be written.

    PostgreSQL is told so at the server (`faults.postgres`).
    """
    told = Told("database")

    def obey(known: dict[str, Any], execute: Callable[[str], object]) -> None:
        wanted = told.text()
        if known.get("faults", "") != wanted:
            for pragma in (*_WELL, *([_PRAGMAS[wanted]] if wanted else [])):
                execute(pragma)
            known["faults"] = wanted

    @event.listens_for(Engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            obey(connection.info, connection.exec_driver_sql)

    real = IncomingWriter._write  # noqa: SLF001 - deliveries are written past the engine's events

    def write(writer: IncomingWriter, rows: Sequence[Incoming]) -> int:
        kept = writer._connection or writer._connect()  # noqa: SLF001
        if isinstance(kept.driver_connection, sqlite3.Connection):
            obey(kept.info, kept.driver_connection.execute)
        return real(writer, rows)

    IncomingWriter._write = write  # type: ignore[method-assign,assignment]  # noqa: SLF001
