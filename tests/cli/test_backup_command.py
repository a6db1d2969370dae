"""`backup`, `restore`, `restored` and `rotate-keys` as an operator types them."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from app.db.crypto import Keyring
from app.db.models import shops
from app.db.session import Database, create_engine_for
from app.db.shops import Shops, ShopState
from app.supervisor.lock import exclusive
from tests.cli.conftest import KEY, Afterglow

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NEW = "0123456789abcdef0123456789abcdef-second"


@contextmanager
def database(path: Path, *keys: str) -> Iterator[Database]:
    engine = create_engine_for(f"sqlite:///{path}")
    try:
        yield Database(engine, Keyring(keys or (KEY,)), lambda _signal: None)
    finally:
        engine.dispose()


@pytest.fixture
def place(afterglow: Afterglow, data_dir: Path) -> Path:
    """A migrated database with one shop."""
    data_dir.mkdir(parents=True)
    assert afterglow("migrate").returncode == 0
    path = data_dir / "afterglow.sqlite3"
    with database(path) as db:
        add_shop(db, "https://first.example")
    return path


def add_shop(db: Database, domain: str) -> None:
    with db.write() as uow:
        shop = Shops(uow).ensure("woocommerce", domain, ShopState.ACTIVE, NOW)
        Shops(uow).set_owner_email(shop.id, "owner@example.sk")


def domains(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT domain FROM shops ORDER BY id")]


def test_a_backup_is_whole_while_the_database_is_being_written(
    afterglow: Afterglow, place: Path, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write() -> None:
        with database(place) as db:
            n = 0
            while not stop.is_set():
                n += 1
                add_shop(db, f"https://{n}.example")

    writer = threading.Thread(target=write)
    writer.start()
    copy = tmp_path / "my backup.sqlite3"
    try:
        done = afterglow("backup", str(copy))
    finally:
        stop.set()
        writer.join()
    assert done.returncode == 0, done.stderr
    assert "holds everything up to now" in done.stdout
    assert (copy.stat().st_mode & 0o777) == 0o600
    assert {file.name for file in tmp_path.glob("*my backup*")} == {"my backup.sqlite3"}
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = domains(copy)
    assert found[0] == "https://first.example"
    assert found == domains(place)[: len(found)]


def test_a_backup_replaces_nothing(afterglow: Afterglow, place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    copy.write_text("mine")
    done = afterglow("backup", str(copy))
    assert done.returncode == 1
    assert "is there already and was left alone" in done.stderr
    assert copy.read_text() == "mine"
    lost = afterglow("backup", str(tmp_path / "no" / "copy.sqlite3"))
    assert lost.returncode == 1
    assert "Traceback" not in lost.stderr


def test_a_restore_brings_the_copy_back_and_keeps_what_it_replaces(
    afterglow: Afterglow, place: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite3"
    assert afterglow("backup", str(copy)).returncode == 0
    with database(place) as db:
        add_shop(db, "https://later.example")
    done = afterglow("restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert "Nothing had fallen due, so nothing is held." in done.stdout
    assert domains(place) == ["https://first.example"]
    (aside,) = place.parent.glob("afterglow-before-*.sqlite3")
    assert (aside.stat().st_mode & 0o777) == 0o600
    assert domains(aside) == ["https://first.example", "https://later.example"]
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("SELECT found_by FROM restorations").fetchall() == [("copy",)]
        assert connection.execute("SELECT copied_at FROM continuity").fetchall() == [(None,)]


def test_a_restore_while_something_runs_changes_nothing(
    afterglow: Afterglow, place: Path, data_dir: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.sqlite3"
    assert afterglow("backup", str(copy)).returncode == 0
    with exclusive(data_dir):
        refused = afterglow("restore", str(copy))
    assert refused.returncode == 1
    assert "already runs on" in refused.stderr
    with database(place) as db, db.read() as uow:  # a process that was started by itself
        uow.connection.execute(select(shops.c.id)).all()
        refused = afterglow("restore", str(copy))
    assert refused.returncode == 1
    assert "Stop everything first" in refused.stderr
    assert list(place.parent.glob("afterglow-before-*")) == []
    assert afterglow("restore", str(copy)).returncode == 0


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, None])
def test_what_is_no_backup_of_ours_is_not_put_back(
    afterglow: Afterglow, place: Path, tmp_path: Path, content: bytes | None
) -> None:
    copy = tmp_path / "copy.sqlite3"
    if content is not None:
        copy.write_bytes(content)
    refused = afterglow("restore", str(copy))
    assert refused.returncode == 1
    assert str(copy) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert domains(place) == ["https://first.example"]


def test_a_damaged_backup_is_refused(afterglow: Afterglow, place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    assert afterglow("backup", str(copy)).returncode == 0
    whole = bytearray(copy.read_bytes())
    whole[8192:16384] = b"\xff" * 8192
    copy.write_bytes(whole)
    refused = afterglow("restore", str(copy))
    assert refused.returncode == 1
    assert "damaged" in refused.stderr or "no database" in refused.stderr
    assert domains(place) == ["https://first.example"]


def test_a_hand_made_copy_is_announced(afterglow: Afterglow, place: Path) -> None:
    done = afterglow("restored")
    assert done.returncode == 0, done.stderr
    assert "It knows nothing of what happened between" in done.stdout


def test_postgresql_makes_its_own_backups(afterglow: Afterglow, tmp_path: Path) -> None:
    address = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    refused = afterglow("backup", str(tmp_path / "copy"), **address)
    assert refused.returncode == 1
    assert "pg_dump --format=custom" in refused.stderr


def test_keys_are_rotated_and_the_old_one_can_go(afterglow: Afterglow, place: Path) -> None:
    done = afterglow("rotate-keys", SECRET_KEYS=f"{NEW},{KEY}")
    assert done.returncode == 0, done.stderr
    assert "Nothing stored needs the old keys any more" in done.stdout
    assert "unsubscribe" in done.stdout
    with database(place, NEW) as db, db.read() as uow:
        (shop,) = Shops(uow).in_state(ShopState.ACTIVE)
        assert Shops(uow).owner_email(shop.id) == "owner@example.sk"
    alone = afterglow("rotate-keys", SECRET_KEYS=NEW)
    assert "There is one key, and everything stored opens with it." in alone.stdout
    lost = afterglow("rotate-keys", SECRET_KEYS=KEY)
    assert lost.returncode == 1
    assert "2 values open with none of the keys" in lost.stderr


@pytest.mark.parametrize("schema", ["0001", "9999"])
def test_a_database_of_another_release_is_not_copied_and_the_remedy_is_named(
    afterglow: Afterglow, place: Path, tmp_path: Path, schema: str
) -> None:
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (schema,))
        connection.commit()
    done = afterglow("backup", str(tmp_path / "copy.sqlite3"))
    assert done.returncode == 1
    assert f"has the schema {schema}" in done.stderr
    assert "afterglow migrate" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*copy*"))
