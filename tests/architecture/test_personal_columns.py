"""Every column is accounted for: what it tells about a person, or that it tells nothing."""

from sqlalchemy import LargeBinary

from app.db.models import metadata
from app.db.models.personal import EVERYWHERE, HELD, NOT_ABOUT_A_PERSON, Form

# Sealed although nobody's: secrets of stores and of this installation.
SECRETS = {"shops.hash_key", "credentials.sealed", "webhook_subscriptions.secret"}


def all_columns() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name not in EVERYWHERE
    }


def held_columns() -> list[str]:
    return [f"{one.table}.{column}" for one in HELD for column in one.columns]


def other_columns() -> list[str]:
    found = []
    for table, columns in NOT_ABOUT_A_PERSON.items():
        names = (
            [column.name for column in metadata.tables[table].columns]
            if columns == "*"
            else columns.split()
        )
        found += [f"{table}.{name}" for name in names if name not in EVERYWHERE]
    return found


def test_every_column_is_classified_once() -> None:
    classified = [*held_columns(), *other_columns()]
    assert sorted(set(classified)) == sorted(classified), "classified twice"
    assert all_columns() - set(classified) == set(), "say what it tells (app/db/models/personal.py)"
    assert set(classified) - all_columns() == set(), "there is no such column"


def test_what_is_said_to_be_encrypted_is() -> None:
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    said = {
        f"{one.table}.{name}" for one in HELD if one.form is Form.SEALED for name in one.columns
    }
    assert sealed == said | SECRETS
