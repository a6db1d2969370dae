"""A person who left traces everywhere: handed over whole, then gone from everywhere."""

import base64
import binascii
import io
import logging
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from redis import Redis
from sqlalchemy import select

from app.db.models import metadata, shops
from app.db.models.personal import HELD, After
from app.db.rotation import sealed_columns
from app.db.session import Signal
from app.db.shops import Shops
from app.jobs.queues import connect, dispatcher
from app.logs import configure_logging
from app.services import privacy
from app.web import create_app
from tests.pipeline.lives import EMAIL, FIRST, GOODS, IP, LAST, MARKS, OTHER, STREET, Life, live
from tests.pipeline.stands import Shopify, Stand, standing
from tests.pipeline.test_privacy import open_requests
from tests.pipeline.traces import in_database, in_redis, inflated, shown, spellings, unpacked

pytestmark = pytest.mark.both_databases


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All lines of the log, as a process in production writes them, those for debugging too."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    yield stream
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = before


@pytest.fixture(params=["woocommerce", "shopify"])
def life(  # noqa: PLR0917 - fixtures
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    redis: Redis,
    valkey_url: str,
    logged: io.StringIO,
) -> Iterator[Life]:
    settings = {"redis_url": valkey_url}
    with standing(request.param, tmp_path, database_url, **settings) as stand:
        deps = stand.harness.deps
        told = deps.settings.model_copy(update={"log_format": "json", "log_level": "DEBUG"})
        configure_logging(told, "test")
        _also_queued(stand, connect(valkey_url))
        client = create_app(deps).test_client()
        client.environ_base["REMOTE_ADDR"] = IP
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        found = Life(stand, redis, client, logged, tmp_path)
        live(found)
        yield found


def _also_queued(stand: Stand, redis: Redis) -> None:
    """Each job goes into a real queue, too, where nobody takes it out."""
    db = stand.harness.deps.db
    waits, enqueue = db._dispatch, dispatcher(redis)

    def both(signal: Signal) -> None:
        waits(signal)
        enqueue(signal)

    db._dispatch = both


def erase(life: Life) -> None:
    """As the platform asks for it, or the merchant where the platform cannot."""
    stand = life.stand
    if isinstance(stand, Shopify):
        stand.do("redact-customer", customer_id=int(life.platform_id))
        stand.deliver()
    else:
        assert life.customer
        privacy.erase_customer(stand.harness.deps, stand.shop_id, life.customer)
        stand.harness.run_jobs()
    stand.harness.tick()
    assert open_requests(stand) == 0


def export(life: Life) -> str:
    stand = life.stand
    assert life.customer
    privacy.hand_over_customer(stand.harness.deps, stand.shop_id, life.customer)
    stand.harness.run_jobs()
    return in_database(stand.harness.deps.db)["exports.sealed"]


def test_handed_over_whole_unreadable_for_thieves_then_gone_from_everywhere(life: Life) -> None:
    """One life serves all of it: it takes seconds to live."""
    db = life.stand.harness.deps.db
    places = shown(life.marks(), in_database(db))
    held = {mark for marks in places.values() for mark in marks}
    assert held == {mark.lower() for mark in life.marks()}, "the life left too few traces"
    assert any(name.startswith("outbox") for name in life.anywhere()), "no mail was sent"
    assert life.redis.dbsize() > 0
    handed_over = export(life)
    assert [mark for mark in held if mark not in handed_over] == []
    assert shown(life.marks(), in_redis(life.redis)) == {}

    _nothing_is_readable(life)
    sealed = _sealed_parts(life)

    erase(life)
    assert life.anywhere() == {}
    _is_as_the_table_says(life)
    assert OTHER in "".join(in_database(db).values())
    if db.engine.dialect.name == "sqlite":  # PostgreSQL keeps old rows, sealed, until VACUUM
        raw = _raw(life)
        assert [part for part in sealed if part in raw] == [], "left in free pages or in the log"


def _is_as_the_table_says(life: Life) -> None:
    """In each table with customers' numbers: emptied is empty, deleted is gone."""
    with life.stand.harness.deps.db.read() as uow:
        for one in HELD:
            table = metadata.tables[one.table]
            owner = table.c.id if table.name == "customers" else table.c.get("customer_id")
            if owner is None or one.after not in (After.EMPTIED, After.DELETED):
                continue
            columns = [table.c[name] for name in one.columns]
            rows = uow.connection.execute(select(*columns).where(owner == life.customer)).all()
            assert one.after is After.EMPTIED or not rows, one
            assert {value for row in rows for value in row} <= {None}, one


def _nothing_is_readable(life: Life) -> None:
    """Neither plain nor recoded nor compressed."""
    raw = _raw(life)
    assert life.order_id.encode() in raw, "what is looked through is not the database"
    assert all(part in raw for part in _sealed_parts(life))
    everything = raw + inflated(raw)
    with life.stand.harness.deps.db.read() as uow:
        owners = uow.connection.execute(select(shops.c.owner_email)).scalars().all()
        merchants = [uow.keyring.open(owner).decode() for owner in owners if owner]
    assert merchants
    found = [
        name
        for mark in (*MARKS, OTHER, *merchants)
        for name, written in spellings(mark).items()
        if written in everything
    ]
    assert found == []


def test_a_shop_that_is_erased_leaves_nobody(life: Life) -> None:
    stand = life.stand
    export(life)
    privacy.erase_shop(stand.harness.deps, stand.shop_id)
    stand.harness.run_jobs()
    stand.harness.tick()
    assert shown((*life.marks(), OTHER, "Demir"), in_database(stand.harness.deps.db)) == {}
    with stand.harness.deps.db.read() as uow:
        assert Shops(uow).get(stand.shop_id).name == ""


def _raw(life: Life) -> bytes:
    """All bytes that somebody gets who steals the database."""
    url = life.stand.harness.deps.settings.database
    if url.startswith("sqlite"):
        return b"".join(path.read_bytes() for path in life.folder.glob("*.sqlite3*"))
    copied = []
    with life.stand.harness.deps.db.engine.connect() as connection:
        cursor = connection.connection.cursor()
        for table in metadata.sorted_tables:
            with cursor.copy(f"COPY {table.name} TO STDOUT") as copy:  # as pg_dump writes it
                copied += [bytes(block) for block in copy]
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        directory = Path(cursor.fetchone()[0])
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        own = directory / "base" / str(cursor.fetchone()[0])
    text = b"".join(copied)
    hexed = re.findall(rb"\\\\x([0-9a-f]+)", text)  # bytea
    files = [path.read_bytes() for path in own.iterdir() if path.is_file()]
    return b"\n".join([text, *(binascii.unhexlify(each) for each in hexed), *files])


@pytest.mark.parametrize("written", ["plain", "base64", "hex", "zlib", "zlib in base64"])
def test_the_search_finds_what_is_not_encrypted(written: str) -> None:
    text = f'{{"first_name": "{FIRST}", "street": "{STREET}"}}'.encode()
    coded = {
        "plain": text,
        "base64": base64.b64encode(b"xy" + text),
        "hex": binascii.hexlify(text),
        "zlib": zlib.compress(text),
        "zlib in base64": base64.urlsafe_b64encode(zlib.compress(text)),
    }[written]
    raw = b"\0\1\2" + coded + b"\0"
    everything = raw + inflated(raw)
    assert any(form in everything for form in spellings(STREET).values())


def _sealed_parts(life: Life) -> list[bytes]:
    """Of all that is sealed and shows the person parts that lie in one page."""
    found = []
    life.stand.harness.deps.db.drop_old_pages()
    with life.stand.harness.deps.db.read() as uow:
        for _, column in sealed_columns():
            for (value,) in uow.connection.execute(select(column).where(column.is_not(None))):
                opened = uow.keyring.open(value)
                opened = unpacked(opened) or opened
                if any(mark.encode().lower() in opened.lower() for mark in (EMAIL, LAST, GOODS)):
                    found.append(bytes(value[40:100]))
    assert len(found) > 5
    return found
