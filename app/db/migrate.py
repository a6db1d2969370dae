"""Bring a database to the newest schema. Migrations suit the running release (docs/deploy.md)."""

from pathlib import Path

from alembic import command
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
