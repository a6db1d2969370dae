"""What a platform, a stranger or an accident may send to the webhook addresses, over real HTTP."""

import base64
import hmac
import json
import secrets
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import event

from app.db.session import Database
from app.db.shops import Shop, Shops, ShopState
from app.http import EXTENSION
from app.jobs.queues import connect, dispatcher
from app.services import handling
from app.web import create_app
from tests.http.installing import Installation, installed
from tests.serving import with_door
from tests.support import CLIENT_SECRET

TWO_MEGABYTES = 2_000_000
SHOP = "cinar-breza.myshopify.com"
ORDER = {
    "id": 41, "number": "41", "status": "pending", "currency": "EUR", "total": "10.00",
    "date_created_gmt": "2026-11-22T10:00:00", "date_modified_gmt": "2026-11-22T10:00:00",
    "billing": {"email": "eva@example.sk"}, "line_items": [],
}  # fmt: skip


def signed(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()


@dataclass
class Door:
    """A served Afterglow with one connected WooCommerce store, and a Shopify app."""

    place: Installation
    shop: Shop
    token: str
    secret: str

    @property
    def address(self) -> str:
        return f"{self.place.url}/webhooks/woocommerce/{self.token}"

    def woo(self, body: bytes, **headers: str) -> requests.Response:
        """A delivery of the store; headers replace its own."""
        own = {
            "Content-Type": "application/json",
            "X-WC-Webhook-Signature": signed(self.secret, body),
            "X-WC-Webhook-Delivery-ID": "d1",
        }
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(self.address, data=body, headers=own, timeout=10)

    def shopify(
        self, topic: str, body: bytes, path: str = "", **headers: str | None
    ) -> requests.Response:
        """A delivery of Shopify; headers replace its own, None leaves one out."""
        own: dict[str, Any] = {
            "X-Shopify-Hmac-Sha256": signed(CLIENT_SECRET, body),
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-Webhook-Id": f"id-{topic}",
        }
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{self.place.url}/webhooks/shopify{path}"
        return requests.post(address, data=body, headers=own, timeout=10)

    def stored(self, platform: str = "woocommerce") -> dict[str, int]:
        """Rows of the inbox by state."""
        with self.place.harness.deps.db.read() as uow:
            domain = SHOP if platform == "shopify" else self.shop.domain
            found = Shops(uow).find(platform, domain)
        if found is None:
            return {}
        with self.place.harness.shop(found.id) as data:
            return data.inbox.counts()

    @property
    def database_file(self) -> str:
        return str(self.place.harness.deps.db.engine.url.database)


@pytest.fixture
def door(tmp_path: Path, database_url: str, free_port: Callable[[], int]) -> Iterator[Door]:
    with installed(tmp_path, database_url, free_port, max_body_bytes=TWO_MEGABYTES) as place:
        now = place.harness.wall.now()
        with place.harness.deps.db.write() as uow:
            shop = Shops(uow).ensure("woocommerce", "https://s.example", ShopState.CONNECTING, now)
            Shops(uow).open_installation(shop.id, (), now)
        with place.harness.change(shop.id) as data:
            subscription = data.webhooks.prepare("order.updated", now)
        yield Door(place, shop, subscription.token, subscription.secret)


def test_a_delivery_is_stored_once_however_often_it_comes(door: Door) -> None:
    body = json.dumps(ORDER).encode()
    assert [door.woo(body).status_code for _ in range(3)] == [200, 200, 200]
    assert door.stored() == {"pending": 1}
    assert [door.shopify("orders/create", b"{}").status_code for _ in range(2)] == [200, 200]
    assert door.stored("shopify") == {"pending": 1}


@pytest.mark.parametrize("signature", ["", "bm90IHRoZSBzaWduYXR1cmU=", "ščž", "\x80"])
def test_a_wrong_signature_is_refused_without_a_word(door: Door, signature: str) -> None:
    coded = signature.encode("latin-1" if signature == "\x80" else "utf-8").decode("latin-1")
    answers = [
        door.woo(b"{}", X_WC_Webhook_Signature=coded),
        door.shopify("orders/create", b"{}", X_Shopify_Hmac_Sha256=coded),
        door.shopify("customers/redact", b"{}", "/compliance", X_Shopify_Hmac_Sha256=coded),
    ]
    assert [(answer.status_code, answer.content) for answer in answers] == [(401, b"")] * 3
    assert door.stored() == {}
    assert door.stored("shopify") == {}


def test_a_missing_signature_is_refused(door: Door) -> None:
    answer = requests.post(door.address, data=b"{}", timeout=5)
    assert (answer.status_code, answer.content) == (401, b"")
    answer = door.shopify("orders/create", b"{}", X_Shopify_Hmac_Sha256=None)
    assert (answer.status_code, answer.content) == (401, b"")


def test_the_signature_of_another_address_does_not_open_this_one(door: Door) -> None:
    with door.place.harness.change(door.shop.id) as data:
        other = data.webhooks.prepare("order.created", door.place.harness.wall.now())
    answer = door.woo(b"{}", X_WC_Webhook_Signature=signed(other.secret, b"{}"))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path", ["woocommerce/unknown", "woocommerce", "woocommerce/", "magento", "shopify/else"]
)
def test_an_address_that_nobody_gave_out_is_unknown(door: Door, path: str) -> None:
    answer = requests.post(f"{door.place.url}/webhooks/{path}", data=b"{}", timeout=5)
    assert (answer.status_code, answer.content) == (404, b"")


def test_an_address_is_of_one_platform_also_while_it_is_remembered(door: Door) -> None:
    assert door.woo(json.dumps(ORDER).encode()).status_code == 200
    for platform in ("magento", "", "shopify"):
        address = door.address.replace("/woocommerce/", f"/{platform}/")
        assert requests.post(address, data=b"{}", timeout=5).status_code == 404, platform


def test_an_address_of_a_store_that_left_is_unknown(door: Door) -> None:
    with door.place.harness.deps.db.write() as uow:
        Shops(uow).close_installation(door.shop.id, door.place.harness.wall.now())
    assert door.woo(json.dumps(ORDER).encode()).status_code == 404


def test_a_ping_is_answered_and_not_stored(door: Door) -> None:
    answer = requests.post(door.address, data=b"webhook_id=17", timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert door.stored() == {}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[1]", b'"text"', b'{"id": "x"}', b"\xff\xfe", b"[" * 50_000]
)
def test_a_signed_body_that_cannot_be_read_is_kept_where_it_is_seen(
    door: Door, body: bytes
) -> None:
    assert door.woo(body).status_code == 200
    assert door.shopify("orders/updated", b"{" + body).status_code == 200
    door.place.harness.run_jobs()
    assert door.stored() == {"failed": 1}
    assert door.stored("shopify") == {"failed": 1}
    with door.place.harness.shop(door.shop.id) as data:
        assert [(line.verb, line.what) for line in data.journal.all()] == [("failed", "delivery")]


def test_what_could_not_be_read_can_be_read_again(door: Door) -> None:
    door.woo(b'{"id": 41, "status": "pending"}')
    door.place.harness.run_jobs()
    assert door.stored() == {"failed": 1}
    assert handling.read_again(door.place.harness.deps, door.shop.id) == 1
    assert door.stored() == {"pending": 1}
    door.place.harness.run_jobs()
    assert door.stored() == {"failed": 1}


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [(404, "woocommerce_rest_shop_order_invalid_id", "ignored"),
     (403, "woocommerce_rest_cannot_view", "failed")],
)  # fmt: skip
def test_a_signed_error_of_the_store_is_no_order(
    door: Door, status: int, code: str, state: str
) -> None:
    error = {"code": code, "message": "…", "data": {"status": status}}
    assert door.woo(json.dumps(error).encode()).status_code == 200
    door.place.harness.run_jobs()
    assert door.stored() == {state: 1}


def test_one_bad_row_does_not_block_the_next(door: Door) -> None:
    door.woo(b"{")
    customer = json.dumps({"id": 3, "message": "no order at all"}).encode()
    door.woo(customer, X_WC_Webhook_Delivery_ID="d2")
    with door.place.harness.change(door.shop.id) as data:
        unreadable = data.inbox.pending(1)[0]
        data.inbox.add(
            dedupe_key="sealed-with-a-lost-key",
            source="webhook",
            topic="order.updated",
            sealed_body=b"gAAAAA" + unreadable.sealed_body[6:-4] + b"AAAA",
            now=door.place.harness.wall.now(),
        )
    door.place.harness.run_jobs()
    assert door.stored() == {"failed": 3}


def test_a_body_that_ends_too_early_is_no_delivery(door: Door) -> None:
    body = json.dumps(ORDER).encode()
    parts = urlsplit(door.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"X-WC-Webhook-Signature: {signed(door.secret, body)}\r\n\r\n"
        )
        wire.sendall(head.encode() + body[:-20])
        wire.shutdown(socket.SHUT_WR)
        answer = wire.recv(1000)
    assert b" 400 " in answer.split(b"\r\n")[0] + b" " or answer == b""
    assert door.stored() == {}


def test_too_large_a_body_is_not_even_read(door: Door) -> None:
    parts = urlsplit(door.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        head = f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n"
        wire.sendall(head.encode())
        assert b" 413 " in wire.recv(1000).split(b"\r\n")[0] + b" "
    assert door.woo(b"x" * (TWO_MEGABYTES + 1)).status_code == 413
    assert door.stored() == {}


# Shopify's own rules


def test_compliance_topics_are_answered_200_for_shops_that_nobody_opened(door: Door) -> None:
    for topic in ("customers/data_request", "customers/redact", "shop/redact"):
        for body in (b"{}", b"{ no json", json.dumps({"shop_domain": SHOP}).encode()):
            ids = {"X-Shopify-Webhook-Id": f"{topic}{len(body)}"}
            answer = door.shopify(topic, body, "/compliance", **ids)
            assert (answer.status_code, answer.content) == (200, b"")
    door.place.harness.run_jobs()
    assert "pending" not in door.stored("shopify")


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("app/uninstalled", {"id": 7, "myshopify_domain": "another.myshopify.com"}),
        ("shop/redact", {"shop_id": 7, "shop_domain": "another.myshopify.com"}),
        ("customers/redact", {
            "shop_domain": "another.myshopify.com", "customer": {"id": 3}, "orders_to_redact": [],
        }),
    ],
)  # fmt: skip
def test_what_ends_or_erases_counts_only_for_the_shop_that_its_body_names(
    door: Door, topic: str, body: dict[str, Any]
) -> None:
    now = door.place.harness.wall.now()
    with door.place.harness.deps.db.write() as uow:
        victim = Shops(uow).ensure("shopify", SHOP, ShopState.CONNECTING, now)
        Shops(uow).open_installation(victim.id, (), now)
    assert door.shopify(topic, json.dumps(body).encode()).status_code == 200
    door.place.harness.run_jobs()
    assert door.place.harness.get_shop(victim.id).state == ShopState.ACTIVE
    assert door.stored("shopify") == {"failed": 1}


# a database that cannot be written, a queue that is away


def quickly(call: Callable[[], requests.Response], within: float) -> int:
    begun = time.monotonic()
    status = call().status_code
    assert time.monotonic() - begun < within
    return status


@contextmanager
def held(file: str, *, against_readers: bool) -> Iterator[None]:
    """Another program works on the file."""
    other = sqlite3.connect(file, isolation_level=None)
    try:
        if against_readers:
            other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE IF NOT EXISTS of_another_program (x)")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@pytest.mark.parametrize("against_readers", [False, True])
def test_a_locked_database_is_told_within_three_seconds(door: Door, against_readers: bool) -> None:
    body = json.dumps(ORDER).encode()
    if against_readers:
        door.place.harness.deps.db.engine.dispose()
    with held(door.database_file, against_readers=against_readers):
        assert quickly(lambda: door.woo(body), 3) == 503
        assert quickly(lambda: door.shopify("orders/create", body), 3) == 503
    assert door.woo(body).status_code == 200
    assert door.stored() == {"pending": 1}


def test_a_full_disk_is_told(door: Door) -> None:
    body = json.dumps(ORDER | {"note": secrets.token_hex(200_000)}).encode()
    engine = door.place.harness.deps.db.engine

    def no_more_pages(connection: sqlite3.Connection, *_: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(engine, "checkout", no_more_pages)
    assert quickly(lambda: door.woo(body), 3) == 503
    assert quickly(lambda: door.shopify("orders/create", body), 3) == 503
    event.remove(engine, "checkout", no_more_pages)
    engine.dispose()
    assert door.woo(body).status_code == 200
    assert door.stored() == {"pending": 1}


def test_without_a_queue_deliveries_are_taken_quickly(door: Door) -> None:
    deps = door.place.harness.deps
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never says a word
        for url in (f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "redis://127.0.0.1:1/0"):
            dispatch = dispatcher(connect(url))
            db = Database(deps.db.engine, deps.db.keyring, dispatch)
            changed = replace(deps, db=db, dispatch=dispatch)
            app = with_door(changed, create_app(changed))
            assert app.extensions[EXTENSION].db is db
            body = json.dumps(ORDER | {"id": len(url)}).encode()
            begun = time.monotonic()
            answer = app.test_client().post(
                urlsplit(door.address).path,
                data=body,
                headers={"X-WC-Webhook-Signature": signed(door.secret, body)},
            )
            assert answer.status_code == 200
            assert time.monotonic() - begun < 5
    assert door.stored() == {"pending": 2}
    door.place.harness.tick()  # what the queue lost, the clock finds
    door.place.harness.tick()
    assert "pending" not in door.stored()
