"""Bring a database to the newest schema. Migrations suit the running release (docs/deploy.md)."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import sqlalchemy as sa
from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(url: str) -> Config:
    """Alembic without an ini file: the only setting is the address."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    # Alembic interpolates "%", which a password may contain.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def newest(url: str) -> str | None:
    """The revision to which this release's migrations lead."""
    return ScriptDirectory.from_config(alembic_config(url)).get_current_head()


def upgrade(url: str) -> None:
    """Apply all migrations; nothing happens if the database is up to date."""
    command.upgrade(alembic_config(url), "head")


def exchange_index(
    name: str, table: str, columns: Sequence[str], where: str, old: str = ""
) -> None:
    """For migrations: build an index, then drop the `old` one, while everybody works on.

    PostgreSQL keeps writers out meanwhile, unless it builds outside of any transaction: then what
    a migration that was killed left half-made has to go first. SQLite has one writer anyhow.
    """
    context = op.get_context()
    live = context.dialect.name == "postgresql"
    condition = sa.text(where) if where else None
    with context.autocommit_block() if live else nullcontext():
        if live:
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(
            name,
            table,
            list(columns),
            sqlite_where=condition,
            postgresql_where=condition,
            postgresql_concurrently=live,
        )
        if old:
            op.drop_index(old, table, if_exists=live, postgresql_concurrently=live)
