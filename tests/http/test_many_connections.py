"""More connections at once than the web server holds: the rest wait, and everybody is answered."""

import base64
import hashlib
import hmac
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from app.cli.run import AT_ONCE
from tests.http.web_process import Web, running
from tests.support import CLIENT_SECRET

MANY = AT_ONCE + 60
PATIENCE = 2.0  # seconds that the server waits for a request; in production it is thirty
CLOSE = "Connection: close"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Web]:
    patience = str(round(PATIENCE * 1000))
    directory, port = tmp_path_factory.mktemp("web"), free_port()
    with running(directory, port, GRANIAN_HTTP1_HEADER_READ_TIMEOUT=patience) as found:
        yield found


def delivery(number: int) -> bytes:
    """One of Shopify, with its answer the last on its connection."""
    body = b'{"id": %d}' % number
    signature = base64.b64encode(hmac.digest(CLIENT_SECRET.encode(), body, "sha256")).decode()
    lines = (
        "POST /webhooks/shopify HTTP/1.1", "Host: x", CLOSE, f"Content-Length: {len(body)}",
        f"X-Shopify-Hmac-Sha256: {signature}", "X-Shopify-Topic: orders/create",
        "X-Shopify-Shop-Domain: some-shop.myshopify.com",
        f"X-Shopify-Webhook-Id: {hashlib.sha256(body).hexdigest()}", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode() + body


def status_of(wire: socket.socket) -> int:
    wire.settimeout(20)
    return int(wire.recv(1000).split()[1])


def answered(web: Web, request: bytes) -> int:
    with web.open() as wire:
        wire.sendall(request)
        return status_of(wire)


def test_deliveries_on_more_connections_than_there_is_room_for_are_all_answered(web: Web) -> None:
    """While the database is locked, so that all of them are under way at once."""
    assert answered(web, delivery(0)) == 200  # the shop's row is there
    other = sqlite3.connect(web.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wires = [web.open() for _ in range(MANY)]
    for number, wire in enumerate(wires, 1):
        wire.sendall(delivery(number))
    time.sleep(0.5)
    other.execute("ROLLBACK")
    told = []
    for wire in wires:
        told.append(status_of(wire))
        wire.close()
    assert set(told) <= {200, 503}
    again = [number for number, status in enumerate(told, 1) if status == 503]
    stored = "SELECT count(*) FROM inbox"
    assert other.execute(stored).fetchone()[0] == MANY - len(again) + 1
    assert Counter(answered(web, delivery(number)) for number in again) in ({}, {200: len(again)})
    assert other.execute(stored).fetchone()[0] == MANY + 1
    other.close()


def test_connections_that_say_nothing_are_let_go_of(web: Web) -> None:
    """Whoever opens many and is silent keeps others out for so long, not for ever."""
    silent = [web.open() for _ in range(MANY)]
    assert answered(web, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{CLOSE}\r\n\r\n".encode()) == 200
    for wire in silent:
        wire.close()
