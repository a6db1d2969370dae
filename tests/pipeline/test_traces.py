"""A person who left traces everywhere: handed over whole, then gone from everywhere."""

import base64
import binascii
import contextlib
import io
import json
import logging
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from app.channels.links import Purpose
from app.db.models import metadata, shops
from app.db.rotation import sealed_columns
from app.db.session import Signal
from app.db.shops import Shops
from app.domain.ids import CustomerId
from app.domain.snapshots import ObjectKind
from app.jobs.queues import connect, dispatcher
from app.logs import configure_logging
from app.pipeline.receive import receive
from app.platforms.base import Delivery
from app.services import privacy
from app.web import create_app
from tests.pipeline.stands import Shopify, Stand, standing
from tests.pipeline.test_privacy import open_requests, plan
from tests.pipeline.traces import in_database, in_files, in_redis, inflated, shown, spellings

pytestmark = pytest.mark.both_databases

EMAIL, FIRST, LAST = "Zofia.Novakova@Priklad.example", "Žofia", "Nováková-Ürün"
STREET, PHONE, IP = "Hlboká ulica 17/ß", "+421 900 123 456", "203.0.113.77"
ORDER_NOTE = "Geschenk für Oma Ludmila"
REVIEW, RETURN, GOODS = "Mäkké ako oblak", "Príliš ťažké pre mňa", "Dva uteráky z jesene"
MARKS = (EMAIL, FIRST, LAST, STREET, PHONE, IP, ORDER_NOTE, REVIEW, RETURN, GOODS)
OTHER = "kemal@example.com"


@dataclass
class Life:
    """Where somebody left traces."""

    stand: Stand
    redis: Redis
    client: FlaskClient
    logged: io.StringIO
    folder: Path
    customer: CustomerId | None = None
    order_id: str = ""
    platform_id: str = ""

    def marks(self) -> tuple[str, ...]:
        """All that tells of the person; the store's own id of a guest there is none."""
        return (*MARKS, self.platform_id) if self.platform_id else MARKS

    def outside_the_database(self) -> dict[str, str]:
        logs = {"log": self.logged.getvalue().lower()}
        return {**in_files(self.folder), **in_redis(self.redis), **logs}

    def anywhere(self) -> dict[str, list[str]]:
        places = {**in_database(self.stand.harness.deps.db), **self.outside_the_database()}
        return shown(self.marks(), places)


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
        _live(found)
        yield found


def _also_queued(stand: Stand, redis: Redis) -> None:
    """Each job goes into a real queue, too, where nobody takes it out."""
    db = stand.harness.deps.db
    waits, enqueue = db._dispatch, dispatcher(redis)

    def both(signal: Signal) -> None:
        waits(signal)
        enqueue(signal)

    db._dispatch = both


def _live(life: Life) -> None:
    """Orders, bodies that are read, broken and pending, pages, mails, plans, coupons, files."""
    stand = life.stand
    life.order_id = stand.order(EMAIL, first_name=FIRST, last_name=LAST)
    stand.order(OTHER, first_name="Kemal", last_name="Demir")
    stand.move(life.order_id, "fulfil")
    stand.deliver()
    stand.job("reconcile")
    _send_body(life, "note", _with_all_fields)
    _send_body(life, "broken", _broken)
    harness = stand.harness
    with harness.shop(stand.shop_id) as data:
        life.customer = data.customers.find_email(EMAIL)
        assert life.customer
        life.platform_id = data.customers.person(life.customer).customer_id or ""
        number = data.orders.get(life.order_id).order.number  # type: ignore[union-attr]
        email_hash = data.customers.email_hash(EMAIL) or ""
    with harness.change(stand.shop_id) as data:
        plan(stand, data, life.customer, life.order_id)
        data.coupons.add(
            customer_id=life.customer, email_hash=email_hash, milestone_key="orders:1",
            code="THANKS1", order_id=life.order_id, terms={}, now=harness.business.now(),
        )  # fmt: skip
        later = harness.wall.now().replace(year=2030)
        refreshed = life.platform_id or "77"
        data.refreshes.ask(ObjectKind.CUSTOMER, refreshed, later, patient=False)
        data.problems.open("webhooks_missing", {"topics": "orders/create"}, harness.business.now())
    _visit(life, number, email_hash)
    harness.run_jobs()
    harness.tick()


def _send_body(life: Life, key: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """A delivery that shows more than the twins do, or that cannot be read."""
    stand = life.stand
    attempts = stand.call("GET", "/_twin/deliveries")
    sent = [stand.call("GET", f"/_twin/deliveries/{one['id']}")["body"] for one in attempts]
    body = next(
        json.loads(one)
        for one in reversed(sent)
        if EMAIL.lower() in one.lower() and "line_items" in one
    )
    name = {"shopify": "orders/updated", "woocommerce": "order.updated"}[stand.platform]
    shop = stand.harness.get_shop(stand.shop_id)
    delivery = Delivery(
        topic=name, dedupe_key=f"life:{key}", shop_domain=shop.domain,
        body=json.dumps(change(body)).encode(), triggered_at=None,
    )  # fmt: skip
    receive(stand.harness.deps, stand.platform, delivery, stand.shop_id)
    stand.harness.run_jobs()


def _with_all_fields(body: dict[str, Any]) -> dict[str, Any]:
    address = {"address1": STREET, "address_1": STREET, "phone": PHONE, "city": "Žilina"}
    for key in ("billing", "shipping", "billing_address", "shipping_address"):
        body[key] = {**(body.get(key) or {}), **address}
    return body | {
        "note": ORDER_NOTE, "customer_note": ORDER_NOTE, "browser_ip": IP,
        "customer_ip_address": IP,
    }  # fmt: skip


def _broken(body: dict[str, Any]) -> dict[str, Any]:
    return _with_all_fields(body) | {"currency": "no currency", "line_items": "none"}


def _visit(life: Life, number: str, email_hash: str) -> None:
    """The customer's pages: a code, a review, a return, a withdrawal that matches no order."""
    stand, links = life.stand, life.stand.harness.deps.links
    ref = stand.harness.get_shop(stand.shop_id).public_ref

    def path(purpose: Purpose, **data: str) -> str:
        return urlsplit(links.make(purpose, {"s": ref, **data})).path

    def post(address: str, **form: str) -> Any:
        answer = life.client.post(address, data=form)
        assert answer.status_code in (200, 303), (address, answer.status_code, answer.text)
        return answer

    post(f"/c/{ref}/return", number=number, email=EMAIL)
    stand.harness.run_jobs()
    form = life.client.get(path(Purpose.REVIEW, o=life.order_id))
    item = re.search(r'name="stars-([^"]+)"', form.text)
    assert item, form.text
    words = {f"stars-{item[1]}": "5", f"text-{item[1]}": REVIEW, "author": "first"}
    post(path(Purpose.REVIEW, o=life.order_id), **words)
    returned = path(Purpose.RETURN, o=life.order_id)
    line = re.search(r'name="item" value="([^"]+)"', life.client.get(returned).text)
    assert line
    wish = {
        "item": line[1], f"quantity-{line[1]}": "1", f"reason-{line[1]}": "other",
        f"note-{line[1]}": RETURN, "do": "send",
    }  # fmt: skip
    post(returned, **wish)
    told = {"name": f"{FIRST} {LAST}", "number": "77-B", "goods": GOODS, "email": EMAIL}
    post(f"/c/{ref}/withdraw", **told, do="confirm")
    post(path(Purpose.UNSUBSCRIBE, h=email_hash, k="coupon"))


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
    assert OTHER in "".join(in_database(db).values())
    if db.engine.dialect.name == "sqlite":  # PostgreSQL keeps old rows, sealed, until VACUUM
        raw = _raw(life)
        assert [part for part in sealed if part in raw] == [], "left in free pages or in the log"


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
                with contextlib.suppress(zlib.error):
                    opened = zlib.decompress(opened)
                if any(mark.encode().lower() in opened.lower() for mark in (EMAIL, LAST, GOODS)):
                    found.append(bytes(value[40:100]))
    assert len(found) > 5
    return found
