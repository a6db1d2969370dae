"""After `rotate-keys` the new key alone opens everything, whatever is written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import LargeBinary, select, update

from app.db.crypto import Keyring
from app.db.models import credentials, metadata, shops
from app.db.rotation import BATCH, rotate, sealed_columns
from app.db.session import Database, create_engine_for
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.errors import Bug
from tests.rows import NOW, any_row

OLD, NEW, OTHER = ("k" * 40 + name for name in ("old", "new", "other"))
CONTENT = "Žofia Nováková".encode()

pytestmark = pytest.mark.both_databases


@contextmanager
def database(url: str, *keys: str) -> Iterator[Database]:
    engine = create_engine_for(url)
    try:
        yield Database(engine, Keyring(keys), lambda _signal: None)
    finally:
        engine.dispose()


def fill(db: Database, rows: int = 2) -> None:
    """Rows in every table that holds something sealed."""
    tables = {table for table, _ in sealed_columns()}
    with db.write() as uow:
        for table in [shops, *(t for t in metadata.sorted_tables if t in tables - {shops})]:
            for n in range(1, rows + 1):
                values = any_row(table, n, db.keyring.seal(CONTENT))
                uow.connection.execute(table.insert().values(**values))


def all_sealed(db: Database) -> Iterator[tuple[str, bytes]]:
    with db.read() as uow:
        for table, column in sealed_columns():
            for (value,) in uow.connection.execute(select(column)):
                yield f"{table.name}.{column.name}", value


def test_every_stored_bytes_are_rotated_and_open_with_the_new_key_alone(database_url: str) -> None:
    with database(database_url, OLD) as db:
        fill(db)
    with database(database_url, NEW, OLD) as db:
        told = list(rotate(db))
        assert {(each.table, each.column) for each in told} == {
            (table.name, column.name)
            for table in metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, LargeBinary)
        }
        assert all((each.resealed, each.current) == (2, 0) for each in told)
        again = list(rotate(db))  # nothing is left to do
        assert all((each.resealed, each.current) == (0, 2) for each in again)
    with database(database_url, NEW) as db:
        values = list(all_sealed(db))
        assert len(values) == 2 * len(told)
        for name, value in values:
            assert db.keyring.open(value) == CONTENT, name
    with database(database_url, OLD) as db, pytest.raises(Bug):
        db.keyring.open(values[0][1])


def test_it_goes_on_where_it_was_cut_off_and_takes_many_rows(database_url: str) -> None:
    rows = BATCH + 50
    with database(database_url, OLD) as db, db.write() as uow:
        shop = Shops(uow).ensure("woocommerce", "https://a.example", ShopState.ACTIVE, NOW)
        for n in range(rows):
            ShopData(uow, shop.id).inbox.add(
                dedupe_key=str(n),
                source="webhook",
                topic="order.created",
                sealed_body=uow.keyring.seal_body(b"{}"),
                now=NOW,
            )
    with database(database_url, NEW, OLD) as db:
        stopped = rotate(db)
        while next(stopped).table != "inbox":  # tables before it, then the whole of it
            pass
        with db.write() as uow:  # half of it is old again, as if it had been cut off there
            uow.connection.execute(
                update(metadata.tables["inbox"])
                .where(metadata.tables["inbox"].c.id > 100)
                .values(sealed_body=Keyring([OLD]).seal_body(b"{}"))
            )
        (inbox,) = (each for each in rotate(db) if each.table == "inbox")
        assert (inbox.current, inbox.resealed) == (100, rows - 100)


def test_what_a_running_process_writes_meanwhile_is_not_lost(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is renewed between our look at the old one and our write."""
    with database(database_url, OLD) as db, db.write() as uow:
        shop = Shops(uow).ensure("shopify", "a.myshopify.com", ShopState.ACTIVE, NOW)
        ShopData(uow, shop.id).credentials.put({"token": "first"}, None, NOW)
    with database(database_url, NEW, OLD) as db:

        class Slow(Keyring):
            """Between opening and sealing, another process renews the token, with its old key."""

            def seal(self, data: bytes) -> bytes:
                if b"first" in data:
                    with database(database_url, OLD) as other, other.write() as uow:
                        ShopData(uow, shop.id).credentials.put({"token": "renewed"}, None, NOW)
                return super().seal(data)

        db.keyring = Slow([NEW, OLD])
        (told,) = (each for each in rotate(db) if each.table == "credentials")
        assert (told.resealed, told.changed) == (0, 1)
        db.keyring = Keyring([NEW, OLD])
        (told,) = (each for each in rotate(db) if each.table == "credentials")
        assert (told.resealed, told.changed) == (1, 0)
    with database(database_url, NEW) as db, db.read() as uow:
        stored = ShopData(uow, shop.id).credentials.get()
        assert stored
        assert stored.values == {"token": "renewed"}


def test_what_no_key_opens_is_counted_and_left_alone(database_url: str) -> None:
    with database(database_url, OTHER) as db:
        fill(db, rows=1)
        before = dict(all_sealed(db))
    with database(database_url, NEW, OLD) as db:
        told = list(rotate(db))
        assert all((each.unreadable, each.resealed) == (1, 0) for each in told)
        assert dict(all_sealed(db)) == before


def test_only_what_is_sealed_is_stored_as_bytes() -> None:
    """`rotate` opens every such column: whoever adds one that is not sealed is told here."""
    assert {f"{table.name}.{column.name}" for table, column in sealed_columns()} >= {
        "customers.person", "credentials.sealed", "exports.sealed", "inbox.sealed_body",
        "nonces.sealed", "orders.person", "privacy_requests.sealed", "reviews.sealed",
        "shops.hash_key", "shops.owner_email", "webhook_subscriptions.secret",
    }  # fmt: skip
    assert credentials.c.sealed in {column for _, column in sealed_columns()}
