"""Migrations lead to what the models say, on both databases, and back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, inspect, select, text

from app.db.migrate import alembic_config
from app.db.models import metadata
from app.db.session import create_engine_for
from tests.rows import any_row


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


def revisions() -> list[str]:
    """All of them, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config(""))
    return [script.revision for script in scripts.walk_revisions()][::-1]


def columns_at(database_url, revision):
    """Of every table: name → (may be left out by an INSERT)."""
    command.downgrade(alembic_config(database_url), "base")
    command.upgrade(alembic_config(database_url), revision)
    engine = create_engine_for(database_url)
    found = {
        table: {
            column["name"]: column["nullable"]
            or column["default"] is not None
            or bool(column.get("autoincrement") is True)
            for column in inspect(engine).get_columns(table)
        }
        for table in inspect(engine).get_table_names()
        if table != "alembic_version"
    }
    engine.dispose()
    return found


@pytest.mark.both_databases
def test_the_release_before_can_run_on_the_schema_of_the_next(database_url):
    """So one can migrate first and replace the processes afterwards, and go back without loss:
    nothing that it reads is gone, and whatever it does not write may be left out.
    """
    before = None
    for revision in revisions():
        now = columns_at(database_url, revision)
        for table, columns in (before or {}).items():
            assert set(columns) <= set(now[table]), (revision, table)
            for name in set(now[table]) - set(columns):
                assert now[table][name], f"{revision}: {table}.{name} has no default"
        before = now


@pytest.mark.both_databases
@pytest.mark.parametrize("revision", revisions()[:-1])
def test_what_an_older_release_stored_survives_the_upgrade(database_url, revision):
    names = columns_at(database_url, revision)
    engine = create_engine_for(database_url)
    stored = {}
    with engine.begin() as connection:
        for table in (t for t in metadata.sorted_tables if t.name in names):
            old = Table(
                table.name,
                type(metadata)(),
                *(c._copy() for c in table.columns if c.name in names[table.name]),
            )
            rows = [any_row(old, n) for n in (1, 2)]
            connection.execute(old.insert(), rows)
            query = select(*(table.c[name] for name in names[table.name]))
            stored[table.name] = (query, connection.execute(query).all())
            assert len(stored[table.name][1]) == 2
    command.upgrade(alembic_config(database_url), "head")
    with engine.connect() as connection:
        for table, (query, rows) in stored.items():
            assert connection.execute(query).all() == rows, table
    engine.dispose()


@pytest.mark.only_postgresql  # SQLite has one writer; its databases are small
def test_an_index_is_built_while_everybody_works_on(database_url):
    """Deliveries that come meanwhile are stored: WooCommerce sends each only once."""
    command.downgrade(alembic_config(database_url), "0005")
    engine = create_engine_for(database_url)
    busy = text("LOCK TABLE actions, inbox, refresh IN ROW EXCLUSIVE MODE")
    with ThreadPoolExecutor(1) as thread:
        with engine.connect() as earlier:
            earlier.execute(busy)  # somebody writes, and is not done when the index is asked for
            migrating = thread.submit(command.upgrade, alembic_config(database_url), "head")
            time.sleep(0.5)
            with engine.connect() as writer:
                writer.execute(text("SET LOCAL lock_timeout = 500"))
                writer.execute(busy)
        migrating.result(30)
    with engine.connect() as connection:
        broken = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
        assert connection.execute(text(broken)).scalar() == 0
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
