"""Whether the database can be worked with: reached, of this release, writable, in its place."""

import shutil
from dataclasses import dataclass
from functools import cache

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from app.db.backup import NoBackupError, sqlite_path
from app.db.migrate import alembic_config
from app.db.models import leases
from app.db.session import Database

UNREACHABLE, NOT_MIGRATED, READ_ONLY, OK = "unreachable", "not migrated", "read-only", "ok"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a SQLite database lies."""

    path: str
    size: int  # bytes, with its log
    free: int  # bytes left on its disk


def condition(db: Database) -> str:
    """OK, or the first thing that is in the way. Never raises."""
    try:
        with db.read() as uow:
            revision = MigrationContext.configure(uow.connection).get_current_revision()
    except SQLAlchemyError:
        return UNREACHABLE
    if not suits(revision):
        return NOT_MIGRATED
    try:
        with db.write(patience=1.5) as uow:  # changes nothing, but only who may write gets by
            uow.connection.execute(
                update(leases).where(leases.c.name == "").values(holder=leases.c.holder)
            )
    except SQLAlchemyError:
        return READ_ONLY
    return OK


def suits(revision: str | None) -> bool:
    """Whether this release can work on a schema: its own, or one of a later release (migrations
    suit the release before, so that one can go back).
    """
    head, known = _revisions()
    return revision == head or (revision is not None and revision not in known)


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    scripts = ScriptDirectory.from_config(alembic_config(""))
    return scripts.get_current_head(), frozenset(each.revision for each in scripts.walk_revisions())


def place(url: str) -> Place | None:
    """Of a SQLite database that is there; None for another kind."""
    try:
        path = sqlite_path(url)
    except NoBackupError:
        return None
    if path is None or not path.exists():
        return None
    beside = [path.with_name(path.name + suffix) for suffix in ("", "-wal")]
    size = sum(file.stat().st_size for file in beside if file.exists())
    return Place(str(path), size, shutil.disk_usage(path.parent).free)
