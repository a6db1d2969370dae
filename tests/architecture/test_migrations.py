"""Migrations lead to what the models say, on both databases, and back."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from app.db.migrate import alembic_config
from app.db.models import metadata
from app.db.session import create_engine_for


@pytest.mark.both_databases
def test_the_migrated_database_is_what_the_models_say(database_url):
    engine = create_engine_for(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.mark.both_databases
def test_all_migrations_can_be_taken_back(database_url):
    command.downgrade(alembic_config(database_url), "base")
    engine = create_engine_for(database_url)
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
    command.upgrade(alembic_config(database_url), "head")
