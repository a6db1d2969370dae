"""A consistent copy of a running SQLite database, and the way of a copy back into its place."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from app.db.continuity import mark_as_copy
from app.db.crypto import Keyring
from app.db.migrate import newest
from app.db.session import Database, create_engine_for


class NoBackupError(Exception):
    """It cannot be done; the message says why and what to do."""


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None for another kind."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise NoBackupError("The database is in memory only; there is no file to copy.")
    return Path(parsed.database)


def copy_running(source: Path, target: Path, now: datetime, keyring: Keyring) -> None:
    """Copy it as of one moment while processes read and write it, marked with that moment.

    The copy has its name only once it is whole and on disk. Raises NoBackupError.
    """
    if target.exists():
        raise NoBackupError(f"{target} is there already and was left alone. Choose another name.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        with closing(_opened(source)) as original, closing(sqlite3.connect(unfinished)) as copy:
            original.backup(copy)  # one step: a snapshot, which stops nobody from writing
        _require_ours(unfinished)
        with _database(unfinished, keyring) as database, database.write() as uow:
            mark_as_copy(uow, now)
        _settle_into_one_file(unfinished)
        verify(unfinished)
        _sync(unfinished)
        unfinished.replace(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        raise NoBackupError(f"The copy was not made: {error}. Nothing was changed.") from error
    except OSError as error:
        raise NoBackupError(
            f"The copy cannot be written ({error.strerror}). Nothing was changed."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _require_ours(copy: Path) -> None:
    """Raise NoBackupError unless its schema is that of this release: it could not be marked."""
    with closing(_opened(copy)) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    wanted = newest(f"sqlite:///{copy}")
    if found is None or found[0] != wanted:
        raise NoBackupError(
            f"The database has the schema {found[0] if found else 'of no release'}, this release "
            f"has {wanted}; no copy was made. Use the release that the database runs with, or "
            "bring it up to date first: afterglow migrate."
        )


def verify(path: Path) -> None:
    """Raise NoBackupError unless it is a whole database of ours."""
    try:
        with closing(_opened(path)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            (ours,) = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('shops', 'alembic_version')"
            ).fetchone()
    except sqlite3.Error as error:
        raise NoBackupError(f"{path} is no database ({error}).") from error
    if verdict != "ok":
        raise NoBackupError(f"{path} is damaged ({verdict}). Take an older backup.")
    if ours != 2:
        raise NoBackupError(f"{path} is a database, but not one of Afterglow.")


def put_back(copy: Path, place: Path, aside: Path) -> None:
    """Let a copy take the place of the database, whose files are kept under the name `aside`.

    Raises NoBackupError while a process has the database open.
    """
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    arriving = place.with_name(f".{place.name}.arriving")
    try:
        shutil.copyfile(copy, arriving)
        arriving.chmod(0o600)
        _sync(arriving)
        if place.exists():
            _settle_into_one_file(place)
            _keep(place, aside)
        arriving.replace(place)
        _sync(place.parent)
    except OSError as error:
        raise NoBackupError(
            f"{place} cannot be written ({error.strerror}). The database is as it was."
        ) from error
    finally:
        arriving.unlink(missing_ok=True)


def _keep(place: Path, aside: Path) -> None:
    """Give it a second name. A log that could not be taken in would be read into what comes."""
    try:
        place.chmod(0o600)
        aside.hardlink_to(place)
    except OSError:  # not every file system can
        aside.touch(mode=0o600)
        shutil.copyfile(place, aside)
    for suffix in ("-wal", "-shm"):
        beside = place.with_name(place.name + suffix)
        if beside.exists():
            beside.chmod(0o600)
            beside.rename(aside.with_name(aside.name + suffix))


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise NoBackupError(f"There is no file {path}.")
    return sqlite3.connect(path, timeout=5)


@contextmanager
def _database(path: Path, keyring: Keyring) -> Iterator[Database]:
    engine = create_engine_for(f"sqlite:///{path}")
    try:
        yield Database(engine, keyring, lambda _signal: None)
    finally:
        engine.dispose()


def _settle_into_one_file(path: Path) -> None:
    """Take what stands in the log beside it into the file. Only possible when nobody else has it
    open, which is how we know.
    """
    try:
        with closing(_opened(path)) as connection:
            (mode,) = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise NoBackupError(
            f"A process uses {path} ({error}). Nothing was changed. Stop everything first."
        ) from error
    except sqlite3.DatabaseError:  # what is damaged is put aside as it is, with its log
        return
    if mode != "delete":
        raise NoBackupError(
            f"A process uses {path}. Nothing was changed. Stop web, worker and clock first."
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
