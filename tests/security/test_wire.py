"""Requests as nobody's library sends them, at the web server that production runs: raw bytes."""

import asyncio
import base64
import gzip
import hmac
import re
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest

from app.front import Pages, _environ
from app.webhooks.body import Bodies, BodyTooLarge
from tests.http.web_process import LIMIT, Web, web  # noqa: F401 - a fixture
from tests.support import CLIENT_SECRET

T = TypeVar("T")
CLOSE = "Connection: close"
HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: hidden\r\n\r\n"


def signed(body: bytes) -> tuple[str, ...]:
    """The headers of a delivery of Shopify."""
    signature = hmac.digest(CLIENT_SECRET.encode(), body, sha256)
    return (
        f"X-Shopify-Hmac-Sha256: {base64.b64encode(signature).decode()}",
        "X-Shopify-Topic: orders/create",
        "X-Shopify-Shop-Domain: some-shop.myshopify.com",
        f"X-Shopify-Webhook-Id: {sha256(body).hexdigest()[:32]}",
    )


def request(first: str, *lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join((first, "Host: x", *lines, "", "")).encode("latin-1") + body


def answers(server: Web, sent: bytes, patience: float = 10.0) -> tuple[list[int], bytes]:
    """Statuses of everything that comes back until the server is silent or hangs up."""
    with server.open() as wire:
        wire.sendall(sent)
        wire.settimeout(patience)
        received = b""
        try:
            while piece := wire.recv(65_536):
                received += piece
                wire.settimeout(0.5)  # another one would be there by now
        except (TimeoutError, ConnectionResetError):
            pass
    return [int(s) for s in re.findall(rb"^HTTP/1\.1 (\d{3})", received, re.MULTILINE)], received


def alive(server: Web) -> bool:
    found, _ = answers(server, request("GET /healthz HTTP/1.1", "Connection: close"))
    return found == [200]


def post(path: str, *lines: str, body: bytes = b"") -> bytes:
    return request(f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", *lines, body=body)


def test_what_stands_in_a_body_is_no_request(web: Web) -> None:  # noqa: F811
    """Also where the body is not read: unknown address, wrong method, too large."""
    for path in ("/webhooks/shopify", "/webhooks/nobody", "/webhooks/woocommerce/x", "/nothing"):
        found, received = answers(web, post(path, body=HIDDEN))
        assert len(found) == 1, (path, received)
        assert b"installation" not in received, path
    length = f"Content-Length: {len(HIDDEN)}"
    found, received = answers(web, request("GET /webhooks/shopify HTTP/1.1", length, body=HIDDEN))
    assert found == [405]
    large = HIDDEN + b"x" * LIMIT
    found, received = answers(web, post("/webhooks/shopify", body=large))
    assert found == [413]
    assert b"installation" not in received


def test_two_lengths_are_refused(web: Web) -> None:  # noqa: F811
    """What two readers could read differently is read by none: 400, and the line is closed."""
    chunked = b"0\r\n\r\n" + HIDDEN
    first = "POST /webhooks/shopify HTTP/1.1"
    for sent in (
        request(first, "Content-Length: 0", f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
        request(first, "Content-Length: 2, 40", body=HIDDEN),
        request(
            first, "Transfer-Encoding: xchunked", f"Content-Length: {len(HIDDEN)}", body=HIDDEN
        ),
        request(first, "Transfer-Encoding: chunked, identity", body=chunked),
        request(first, "Content-Length : 40", body=HIDDEN),
        request(first, "Transfer-Encoding\x0b: chunked", body=chunked),
        request(first, "X: y\r\n Content-Length: 40", body=HIDDEN),
    ):
        found, received = answers(web, sent)
        assert b"installation" not in received, sent[:120]
        assert len(found) <= 1, sent[:120]
        assert not found or 400 <= found[0] < 500, sent[:120]
    both = request(first, "Content-Length: 4", "Transfer-Encoding: chunked", body=chunked)
    found, received = answers(web, both)
    assert b"installation" not in received or found == [401, 200]  # RFC 9112, 6.3: chunked wins
    assert alive(web)


def test_requests_in_a_row_get_their_own_answers(web: Web) -> None:  # noqa: F811
    body = b'{"id": 1}'
    good = post("/webhooks/shopify", *signed(body), body=body)
    forged = post("/webhooks/shopify", *signed(body), body=b'{"id": 2}')
    found, _ = answers(web, good + forged + good + request("GET /webhooks/shopify HTTP/1.1"))
    assert found == [200, 401, 200, 405]


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress])
def test_a_compressed_body_is_judged_as_it_came(web: Web, packed: object) -> None:  # noqa: F811
    """Signed are the bytes on the wire. A bomb stays as small as it is."""
    assert callable(packed)
    bomb = packed(b"\0" * 50_000_000)
    assert len(bomb) < LIMIT
    before = web.memory()
    for coding in ("gzip", "deflate", "gzip, gzip", "br", "zstd"):
        unpacked = answers(web, post("/webhooks/shopify", f"Content-Encoding: {coding}", CLOSE,
                                     *signed(b"{}"), body=packed(b"{}")))[0]  # fmt: skip
        assert unpacked == [401], coding
        found, _ = answers(web, post("/webhooks/shopify", f"Content-Encoding: {coding}", CLOSE,
                                     *signed(bomb), body=bomb))  # fmt: skip
        assert found == [401], coding
    assert web.memory() - before < 30_000_000


def test_a_compressed_form_is_not_unpacked(web: Web) -> None:  # noqa: F811
    """A merchant's and a customer's: read as the bytes that came, nothing in it is a field."""
    small, bomb = (
        gzip.compress(b"address=packed.example"),
        gzip.compress(b"a=" + b"\0" * 50_000_000),
    )
    assert len(bomb) < LIMIT
    kind, before = "Content-Type: application/x-www-form-urlencoded", web.memory()
    for path in ("/connect/woocommerce", "/sign-in", "/app/shop", "/c/x/return", "/r/x", "/u/x"):
        empty = answers(web, post(path, CLOSE, kind))[0]
        for body in (small, bomb):
            packed = post(path, CLOSE, kind, "Content-Encoding: gzip", body=body)
            found, received = answers(web, packed)
            assert found == empty, path
            assert b"packed.example" not in received, path
    typed = post("/connect/woocommerce", CLOSE, kind, body=b"address=packed.example")
    assert b"packed.example" in answers(web, typed)[1]
    assert web.memory() - before < 30_000_000


def on_a_loop(coroutine: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """In a thread: the browser's driver has a loop of its own in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(coroutine())).result()


@pytest.mark.parametrize("length", ["9" * 19, "9" * 5_000, "0" * 4_999 + "1"])
def test_a_length_of_thousands_of_digits_is_too_large(length: str) -> None:
    """The server refuses it; nobody else may stumble over it."""

    async def read() -> bytes:
        async def nothing() -> AsyncIterator[bytes]:
            yield b""

        return await Bodies(LIMIT).read(nothing(), length)

    with pytest.raises(BodyTooLarge):
        on_a_loop(read)


def test_a_header_with_an_underscore_is_none_of_a_proxys() -> None:
    """Otherwise its sender would choose from where it seems to come, behind a proxy, too."""
    given = [
        ("x-forwarded-for", "203.0.113.7"),
        ("x_forwarded_for", "198.51.100.1"),
        ("x_forwarded_host", "evil.example"),
        ("content_length", "0"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
    ]
    scope = SimpleNamespace(
        method="GET", path="/áp%70/", query_string="q=%31", scheme="http", http_version="1.1",
        server="127.0.0.1:8000", client="[2001:db8::1]:443", headers=None, proto="http",
    )  # fmt: skip
    environ = _environ(scope, given, b"")
    assert environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.7"
    assert "HTTP_X_FORWARDED_HOST" not in environ
    assert "HTTP_CONTENT_LENGTH" not in environ
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/\xc3\xa1p%70/", "q=%31")
    assert environ["REMOTE_ADDR"] == "2001:db8::1"


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


def test_a_chunked_body_is_what_its_pieces_are(web: Web) -> None:  # noqa: F811
    body = b'{"id": 12345}'
    first, lines = "POST /webhooks/shopify HTTP/1.1", ("Transfer-Encoding: chunked", *signed(body))
    assert answers(web, request(first, *lines, body=chunks(*[bytes([b]) for b in body])))[0] == [
        200
    ]
    for wrong in (
        b'5\r\n{"id"\r\nZZ\r\n',  # no number
        b"-1\r\n\r\n",
        b"fffffffffffffffff\r\n{",
        b"2\r\n{}\r\n0;" + b"x" * 100_000 + b"\r\n\r\n",
    ):
        found, _ = answers(web, request(first, *lines, body=wrong))
        assert not found or 400 <= found[0] < 500, wrong[:20]
    trailer = chunks(body)[:-2] + b"X-Shopify-Topic: shop/redact\r\n\r\n"
    assert answers(web, request(first, *lines, body=trailer))[0][:1] in ([200], [400])
    assert alive(web)


def test_odd_requests_are_answered_and_change_nothing(web: Web) -> None:  # noqa: F811
    body = b"{}"
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "X"):
        found, received = answers(web, request(f"{method} /webhooks/shopify HTTP/1.1", CLOSE))
        assert found == [405], method
        assert b"allow: post" in received.lower(), method
    found, _ = answers(web, request("CONNECT x:443 HTTP/1.1"))
    assert not found or found[0] >= 400
    for path, status in (
        ("http://elsewhere.example/webhooks/shopify", 401),  # whatever host it names
        ("/webhooks/shopify?topic=x", 401),
        ("/webhooks/shopify/", 401),
        ("/webhooks/%73hopify", 401),
        ("/webhooks/shopify%2fcompliance", 401),
        ("/webhooks/shopify/%2e%2e/%2e%2e/app/", 404),
        ("/webhooks/../webhooks/shopify", 404),
        ("/webhooks/shopify%00", 404),
        ("/webhooks/woocommerce/%00", 404),
        ("/webhooks/woocommerce/" + "x" * 7000, 404),
        ("/webhooks/woocommerce/%ff%fe", 404),
        ("/webhooks/", 404),
        ("/webhooks//", 404),
        ("/WEBHOOKS/shopify", 404),
    ):
        found, _ = answers(web, post(path, CLOSE, body=body))
        assert found == [status], path
    for lines in (
        ("X: " + "y" * 500_000,),
        tuple(f"X-{n}: y" for n in range(5_000)),
        ("X-Shopify-Topic: a\x00b",),
        ("X-Shopify-Hmac-Sha256: " + "A" * 30_000,),
        ("\x00: x",),
    ):
        found, _ = answers(web, post("/webhooks/shopify", CLOSE, *lines, body=body))
        assert not found or 400 <= found[0] < 500, lines[0][:30]
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 5_000, b"GET / HTTP/9.9\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\r\n" * 5_000):  # fmt: skip
        found, _ = answers(web, nonsense, patience=0.5)
        assert not found or found[0] >= 400, nonsense[:20]
    assert alive(web)


class _Endless:
    """A request as granian hands it over, whose sender stops in the middle."""

    def __init__(self) -> None:
        self.status = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"x" * 1_000
        await asyncio.sleep(60)

    def response_empty(self, status: int, _headers: object) -> None:
        self.status = status


def test_a_form_that_is_never_sent_whole_is_given_up_and_leaves_its_room() -> None:
    """What is being sent shares a limit: held for ever, a dozen would keep all others out."""
    pages = Pages(lambda *_: [], threads=1, most=2_000, sent_within=0.05)
    scope = SimpleNamespace(headers=SimpleNamespace(items=list))

    async def all_at_once() -> list[int]:
        senders = [_Endless() for _ in range(5)]
        await asyncio.gather(*(pages.answer(scope, sender) for sender in senders))
        return [sender.status for sender in senders]

    assert on_a_loop(all_at_once) == [408] * 5
    assert pages._bodies._room == 64_000_000


class _CutOff(_Endless):
    """One whose sender goes away in the middle."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"do=declare&name=Z"


def test_half_a_form_is_not_taken_for_all_of_it() -> None:
    pages = Pages(lambda *_: [], threads=1, most=2_000)
    headers = [("content-length", "40")]
    scope = SimpleNamespace(headers=SimpleNamespace(items=lambda: headers))

    async def sent() -> int:
        sender = _CutOff()
        await pages.answer(scope, sender)
        return sender.status

    assert on_a_loop(sent) == 400


def test_an_address_is_decoded_once(web: Web) -> None:  # noqa: F811
    """Twice, and it would be another one than a proxy in front looked at."""
    for path, status in (
        ("/metrics", 200),
        ("/%6detrics", 200),
        ("/%256detrics", 404),
        ("/%25256detrics", 404),
        ("/static/%252e%252e/web.py", 404),
        ("/c/%C5%A1/reviews", 400),
        ("/c/%ff/reviews", 400),
        ("/c/%2500/reviews", 400),
        ("/c/a%00/reviews", 400),
    ):
        found, _ = answers(web, request(f"GET {path} HTTP/1.1", CLOSE))
        assert found == [status], path


def test_bodies_that_do_not_come_hold_nobody_up(web: Web) -> None:  # noqa: F811
    """Slow senders are served around; of too much at once docs/security.md tells."""
    slow: list[socket.socket] = []
    try:
        for _ in range(20):  # more than there are threads
            wire = web.open()
            wire.sendall(request("POST /webhooks/shopify HTTP/1.1", "Content-Length: 1000") + b"x")
            slow.append(wire)
        time.sleep(0.2)
        assert alive(web)
        body = b'{"id": 7}'
        assert answers(web, post("/webhooks/shopify", *signed(body), body=body))[0] == [200]
    finally:
        for wire in slow:
            wire.close()
