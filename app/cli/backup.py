"""`afterglow backup`, `afterglow restore` and `afterglow restored`.

`restore` exists so that nothing can be forgotten: it refuses while anything runs, keeps what it
replaces, brings the schema up to date and holds back what may have been done already. Those who
put a database back by other means (`pg_restore`, a volume) say so with `restored`.
"""

import argparse
import sys
from pathlib import Path

from app.bootstrap import build_deps
from app.cli.local import settings_here
from app.config import Settings
from app.db.backup import NoBackupError, copy_running, put_back, sqlite_path, verify
from app.db.crypto import Keyring
from app.db.migrate import upgrade
from app.domain.clocks import WallClock
from app.jobs.queues import connect
from app.jobs.witness import RedisWitness
from app.services.continuity import FileWitness, Held, Watch, announce
from app.supervisor.lock import AlreadyRunningError, exclusive

_POSTGRESQL_BACKUP = (
    "This database is PostgreSQL, which makes its own backups; nothing was written. Use:\n"
    '  pg_dump --format=custom --file=FILE "$DATABASE_URL"\n'
    "and after putting one back: afterglow restored (docs/operate.md)."
)
_POSTGRESQL_RESTORE = (
    "This database is PostgreSQL; nothing was changed. Stop web, worker and clock, then:\n"
    '  pg_restore --clean --if-exists --single-transaction --dbname="$DATABASE_URL" FILE\n'
    "  afterglow migrate\n"
    "  afterglow restored\n"
    "and start them again (docs/operate.md)."
)


def backup(options: argparse.Namespace) -> None:
    """Copy the SQLite database while everything runs."""
    settings = settings_here()
    target = Path(options.file)
    try:
        source = sqlite_path(settings.database) or sys.exit(_POSTGRESQL_BACKUP)
        copy_running(source, target, WallClock().now(), Keyring(settings.keys))
    except NoBackupError as error:
        sys.exit(str(error))
    print(f"{target} holds everything up to now ({target.stat().st_size / 1e6:.1f} MB), checked.")
    print("It is worth nothing without SECRET_KEYS: keep those apart from it, and keep both.")


def restore(options: argparse.Namespace) -> None:
    """Put a copy in the place of the SQLite database; nothing of it runs meanwhile."""
    settings, copy = settings_here(), Path(options.file)
    try:
        place = sqlite_path(settings.database) or sys.exit(_POSTGRESQL_RESTORE)
        verify(copy)
        with exclusive(settings.data_dir):
            aside = place.with_name(
                f"{place.stem}-before-{WallClock().now():%Y%m%d-%H%M%S}.sqlite3"
            )
            replaced = place.exists()
            put_back(copy, place, aside)
            upgrade(settings.database)
            held = _held(settings)
    except (NoBackupError, AlreadyRunningError) as error:
        sys.exit(str(error))
    print(f"{copy} is the database now.")
    if replaced:
        print(f"What it replaced lies beside it as {aside.name}.")
    _tell(held)


def restored(_options: argparse.Namespace) -> None:
    """The database was put back by other means."""
    _tell(_held(settings_here()))


def _held(settings: Settings) -> Held:
    """Noticed by its mark or a witness; else announced by whoever called us."""
    deps = build_deps(settings)
    witnesses = (FileWitness(settings.data_dir), RedisWitness(connect(settings.redis_url)))
    try:
        return Watch(deps, witnesses).look_back() or announce(deps)
    finally:
        deps.db.engine.dispose()


def _tell(held: Held) -> None:
    times = (held.found.lost_since, held.found.lost_until)
    since, until = (f"{at:%Y-%m-%d %H:%M}" for at in times)
    print(f"It knows nothing of what happened between {since} and {until} (UTC).")
    total = sum(held.rows.values())
    if total:
        shops = f"{len(held.rows)} shop{'s' if len(held.rows) > 1 else ''}"
        print(f"{total} actions of {shops} fell due in that time and may have been done already.")
        print("They are held: each merchant sees them at the top of the home page and decides.")
    else:
        print("Nothing had fallen due, so nothing is held.")
    print("Orders of that time are read from the stores again as soon as worker and clock run.")
    print("Lost for good: unsubscribes, reviews and settings of that time, stores connected in it,")
    print(
        "and returns and withdrawals asked for on our pages: what the store was told of them is in"
    )
    print(
        "its orders, a withdrawal that matched no order only in the mails. New returns get numbers"
    )
    print("that were not given out before.")
    print('What that means and what to do: docs/operate.md, "After a restore".')
