"""Deliveries that wait at the same moment share a commit, and nothing else."""

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text

from app.db import incoming, intake
from app.db.crypto import Keyring
from app.db.incoming import Incoming, IncomingWriter
from app.db.intake import Intake, NotDurable
from app.db.migrate import upgrade
from app.db.session import Database, DatabaseUnavailable, Signal, create_engine_for
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from tests.serving import settle

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.both_databases


class Threads:
    """An intake as threads use it, that wait for as long as the door does."""

    within = 5.0  # seconds

    def __init__(self, db: Database) -> None:
        self._intake = Intake(db, lambda function, *arguments: function(*arguments))

    def store(self, row: Incoming) -> None:
        stored: Future[None] = Future()
        self._intake.put(row, stored)
        try:
            stored.result(self.within)
        except TimeoutError:
            stored.cancel()
            raise NotDurable("in time") from None

    def settle(self) -> None:
        settle(self._intake)


class Stand:
    """A database with one shop, its intake, and what was seen of both."""

    def __init__(self, url: str) -> None:
        upgrade(url)
        self.url = url
        self.signals: list[Signal] = []
        self.db = Database(create_engine_for(url), Keyring(["k" * 40]), self.signals.append)
        with self.db.write() as uow:
            self.shop = Shops(uow).ensure("shopify", "a.myshopify.com", ShopState.ACTIVE, NOW).id
        self.intake = Threads(self.db)

    @contextmanager
    def commits(self) -> Iterator[list[str]]:
        """Those that succeed meanwhile."""
        seen: list[str] = []
        write = IncomingWriter._write

        def counted(writer: IncomingWriter, rows: Sequence[Incoming]) -> int:
            new = write(writer, rows)
            seen.append("COMMIT")
            return new

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(IncomingWriter, "_write", counted)
            yield seen

    def row(self, key: str, **changes: object) -> Incoming:
        plain = Incoming(self.shop, key, "orders/create", b"sealed " + key.encode(), NOW)
        return replace(plain, **changes)  # type: ignore[arg-type]

    def stored(self) -> dict[str, str]:
        with self.db.read() as uow:
            query = text("SELECT dedupe_key, state FROM inbox")
            return {row.dedupe_key: row.state for row in uow.connection.execute(query)}

    def finish(self, state: str = "done") -> None:
        with self.db.write() as uow:
            inbox = ShopData(uow, self.shop).inbox
            for row in inbox.pending(100):
                inbox.finish(row, state, NOW)

    def be_read_only(self, *, now: bool) -> None:
        """For connections that are made from now on; PostgreSQL."""
        setting = f"SET default_transaction_read_only = {'on' if now else 'off'}"
        own = create_engine_for(self.url)
        with own.connect() as connection:
            connection.execute(text("SET TRANSACTION READ WRITE"))
            connection.execute(text(f"ALTER DATABASE {own.url.database} {setting}"))
            connection.commit()
        own.dispose()
        if now:
            self.db.engine.dispose()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else keeps the inbox."""
        with self.db.write() as uow:  # on SQLite that is the whole file
            if self.db.engine.dialect.name != "sqlite":
                uow.connection.execute(text("LOCK TABLE inbox IN EXCLUSIVE MODE"))
            yield


@pytest.fixture
def stand(database_url: str, tmp_path: Path) -> Iterator[Stand]:
    made = Stand(database_url)
    yield made
    made.db.engine.dispose()


def test_who_waits_at_the_same_moment_shares_a_commit_and_gets_an_own_answer(stand: Stand) -> None:
    with ThreadPoolExecutor(32) as pool, stand.commits() as commits:
        with stand.locked():
            first = [pool.submit(stand.intake.store, stand.row(f"n{n}")) for n in range(16)]
            again = [pool.submit(stand.intake.store, stand.row(f"n{n}")) for n in range(16)]
            time.sleep(0.3)
            assert not any(each.done() for each in (*first, *again))
        assert [each.result(10) for each in (*first, *again)] == [None] * 32
    assert set(stand.stored()) == {f"n{n}" for n in range(16)}
    assert 1 <= len(commits) <= 4
    stand.intake.settle()
    assert ("drain", (stand.shop,)) in stand.signals


def test_what_waits_is_bounded_by_its_size_too(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One store's large deliveries must not fill the memory that all of them share."""
    monkeypatch.setattr(intake, "_MOST_BYTES", 10_000)
    large = b"x" * 4_000
    for _ in range(2):  # room is given back
        with ThreadPoolExecutor(8) as pool:
            with stand.locked():
                begun = [pool.submit(stand.intake.store, stand.row("first"))]
                time.sleep(0.2)  # it is being written
                keys = [f"{uuid.uuid4()}" for _ in range(6)]
                rows = [stand.row(key, sealed_body=large) for key in keys]
                begun += [pool.submit(stand.intake.store, row) for row in rows]
                time.sleep(0.2)
            errors = [type(each.exception(10)) for each in begun]
        assert errors.count(NotDurable) == 3  # the third one begins within the limit
        assert errors.count(type(None)) == 4


def test_a_delivery_that_is_there_is_no_news_and_wakes_nobody(stand: Stand) -> None:
    stand.intake.store(stand.row("a"))
    stand.finish()
    stand.intake.settle()
    stand.signals.clear()
    stand.intake.store(stand.row("a"))
    stand.intake.settle()
    assert stand.stored() == {"a": "done"}
    assert stand.signals == []


def test_a_hint_that_repeats_after_it_was_read_is_read_again(stand: Stand) -> None:
    """Two parcels of one order within a second: the same bytes under the same delivery id."""
    hint = stand.row("h", topic="action.fulfilled", hint=True)
    stand.intake.store(hint)
    stand.intake.store(hint)  # still to be read: it will see both
    stand.finish()
    stand.intake.settle()
    stand.signals.clear()
    stand.intake.store(hint)
    stand.intake.settle()
    assert stand.stored() == {"h": "pending"}
    assert stand.signals == [("drain", (stand.shop,))]
    stand.finish("failed")  # what cannot be read is repeated by the merchant, not by a repeat
    stand.intake.store(hint)
    assert stand.stored() == {"h": "failed"}


def test_one_bad_row_fails_only_its_own_request(stand: Stand) -> None:
    bad = stand.row("bad", shop_id=ShopId(999))
    with ThreadPoolExecutor(9) as pool:
        with stand.locked():
            good = [pool.submit(stand.intake.store, stand.row(f"n{n}")) for n in range(4)]
            wrong = pool.submit(stand.intake.store, bad)
            good += [pool.submit(stand.intake.store, stand.row(f"n{n}")) for n in range(4, 8)]
            time.sleep(0.3)
        assert [each.result(10) for each in good] == [None] * 8
        with pytest.raises(Exception, match=r"(?i)foreign key") as refused:
            wrong.result(10)
    assert not isinstance(refused.value, NotDurable)
    assert len(stand.stored()) == 8
    stand.intake.store(stand.row("later"))


def test_what_cannot_be_had_on_disk_in_time_is_refused_and_the_next_goes_well(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "_PATIENCE", 0.3)
    monkeypatch.setattr(stand.intake, "within", 0.5)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        with stand.locked():
            tried = [pool.submit(stand.intake.store, stand.row(f"n{n}")) for n in range(8)]
            for each in tried:
                with pytest.raises(NotDurable):
                    each.result(10)
        assert time.monotonic() - began < 3
        pool.submit(stand.intake.store, stand.row("after")).result(10)
    assert "after" in stand.stored()


def test_what_was_acknowledged_is_there_however_many_gave_up(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time-outs as short as a commit."""
    monkeypatch.setattr(stand.intake, "within", 0.001)
    accepted: list[str] = []
    guard = threading.Lock()

    def send(name: int) -> None:
        for n in range(40):
            key = f"{name}-{n}"
            try:
                stand.intake.store(stand.row(key))
            except NotDurable:
                continue
            with guard:
                accepted.append(key)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(send, range(12)))
    assert set(accepted) <= set(stand.stored())  # what was acknowledged is there
    monkeypatch.setattr(stand.intake, "within", 5.0)
    stand.intake.store(stand.row("the last"))


def test_a_queue_that_hangs_keeps_nobody_waiting_who_is_on_disk(stand: Stand) -> None:
    release = threading.Event()
    intake = Threads(Database(stand.db.engine, stand.db.keyring, lambda _: bool(release.wait(10))))
    began = time.monotonic()
    intake.store(stand.row("first"))
    assert time.monotonic() - began < 5
    release.set()


def test_a_server_that_was_restarted_costs_no_delivery(stand: Stand) -> None:
    """PostgreSQL closes what it holds; SQLite has no server."""
    stand.intake.store(stand.row("before"))
    if stand.db.engine.dialect.name != "sqlite":
        with stand.db.write() as uow:
            uow.connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
    stand.intake.store(stand.row("after"))
    assert set(stand.stored()) == {"before", "after"}


@pytest.mark.only_postgresql
def test_a_server_that_takes_no_writes_is_unavailable_and_looked_for_anew(stand: Stand) -> None:
    """After a failover the old server lives on as a replica: connections to it are let go of."""
    stand.intake.store(stand.row("before"))
    stand.intake.settle()
    stand.be_read_only(now=True)
    with pytest.raises(NotDurable):
        stand.intake.store(stand.row("refused"))
    with pytest.raises(DatabaseUnavailable), stand.db.write() as uow:
        Shops(uow).change(stand.shop, currency="EUR")
    stand.be_read_only(now=False)
    stand.intake.store(stand.row("after"))
    with stand.db.write() as uow:
        Shops(uow).change(stand.shop, currency="EUR")
    assert set(stand.stored()) == {"before", "after"}


def test_times_are_stored_as_everywhere_else(stand: Stand) -> None:
    told = datetime(2026, 11, 26, 12, 0, 0, 250, tzinfo=timezone(timedelta(hours=3)))
    stand.intake.store(stand.row("a", triggered_at=told))
    with stand.db.read() as uow:
        (row,) = ShopData(uow, stand.shop).inbox.pending(1)
        assert row.triggered_at == told
        assert ShopData(uow, stand.shop).inbox.last_received() == NOW


def test_the_database_may_be_let_go_of_while_deliveries_come(stand: Stand) -> None:
    """A connection that was closed under a running statement ended the whole process."""
    with ThreadPoolExecutor(5) as pool:
        sent = [pool.submit(stand.intake.store, stand.row(f"n{n}")) for n in range(400)]
        for _ in range(60):
            stand.db.engine.dispose()
            time.sleep(0.002)
        assert [each.result(20) for each in sent] == [None] * 400
    assert len(stand.stored()) == 400
