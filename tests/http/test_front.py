"""Pages through the web server that production runs: what RSGI hands to Flask, and back."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from app.front import Pages
from tests.http.web_process import Web


def address(web: Web, path: str) -> str:
    return f"http://127.0.0.1:{web.port}{path}"


PAGE = {"Accept": "text/html"}


def test_a_page_comes_with_its_status_headers_and_content(web: Web) -> None:
    page = requests.get(address(web, "/healthz"), timeout=5)
    assert page.json()["status"] == "ok"
    assert int(page.headers["Content-Length"]) == len(page.content)
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    missing = requests.get(address(web, "/no/such/page"), headers=PAGE, timeout=5)
    assert (missing.status_code, missing.headers["Content-Type"]) == (
        404,
        "text/html; charset=utf-8",
    )


def test_a_head_has_no_content_and_a_wrong_method_is_told(web: Web) -> None:
    head = requests.head(address(web, "/healthz"), timeout=5)
    assert (head.status_code, head.content) == (200, b"")
    assert requests.post(address(web, "/healthz"), timeout=5).status_code == 405
    refused = requests.get(address(web, "/webhooks/shopify"), timeout=5)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


def test_a_file_is_whole_and_not_sent_again_when_it_is_known(web: Web) -> None:
    first = requests.get(address(web, "/static/kit.css"), timeout=5)
    assert first.status_code == 200
    assert b"@media" in first.content
    known = {"If-None-Match": first.headers["ETag"]}
    again = requests.get(address(web, "/static/kit.css"), headers=known, timeout=5)
    assert (again.status_code, again.content) == (304, b"")


def test_addresses_and_texts_of_any_script_arrive_as_they_were_sent(web: Web) -> None:
    """The page of a link that is not signed names nothing; it must be reached all the same."""
    for path in ("/r/%C5%A1%2F%20x?lang=tr", "/r/š", "/%E2%82%AC", "/r/%FF%FE", "/a%00b"):
        page = requests.get(address(web, path), headers=PAGE, timeout=5)
        assert page.status_code in (400, 404)
    turkish = requests.get(address(web, "/nowhere?lang=tr"), headers=PAGE, timeout=5)
    assert 'lang="tr"' in turkish.text


def test_a_header_that_is_no_text_breaks_nothing(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as wire:
        wire.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Odd: \xff\xfe\r\nConnection: close\r\n\r\n"
        )
        assert wire.recv(1000).split()[1] in (b"200", b"400")


def test_a_form_that_is_too_large_is_refused(web: Web) -> None:
    answer = requests.post(address(web, "/connect/woocommerce"), data=b"x" * 300_000, timeout=5)
    assert answer.status_code == 413


def test_a_connection_may_be_closed_after_each_request(web: Web) -> None:
    """WooCommerce: HTTP/1.0, a connection for each delivery."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=5) as wire:
        wire.sendall(b"POST /webhooks/woocommerce/x HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
        answer = b""
        while part := wire.recv(1000):
            answer += part
    assert answer.split()[1] == b"404"


class Long:
    """A download that tells how much of it was asked for, and that it was closed."""

    def __init__(self, pieces: int) -> None:
        self.left, self.closed = pieces, False

    def __iter__(self) -> Iterator[bytes]:
        while self.left:
            self.left -= 1
            yield b"x" * 300_000

    def close(self) -> None:
        self.closed = True


class Wire:
    """The server's side of an answer; a receiver may hang up in the middle."""

    def __init__(self, takes: int = 1_000) -> None:
        self.sent: list[bytes] = []
        self.takes = takes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        return
        yield b""

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> "Wire":
        self.status = status
        return self

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.sent.append(body)

    async def send_bytes(self, part: bytes) -> None:
        if not self.takes:
            raise ConnectionResetError
        self.takes -= 1
        self.sent.append(part)


def answered(page: Long, wire: Wire) -> None:
    def application(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return page

    pages = Pages(application, 1, 1_000)
    with ThreadPoolExecutor(1) as thread:  # Playwright keeps an event loop in the one of the tests
        thread.submit(asyncio.run, pages.answer(SCOPE, wire)).result(20)


SCOPE = SimpleNamespace(
    headers=SimpleNamespace(items=list), method="GET", path="/", query_string="", scheme="http",
    server="127.0.0.1:1", client="127.0.0.1:2", http_version="1.1",
)  # fmt: skip


def test_a_long_download_is_never_whole_in_memory_and_ends_with_its_receiver() -> None:
    page, wire = Long(20), Wire()
    answered(page, wire)
    assert sum(map(len, wire.sent)) == 6_000_000
    assert max(map(len, wire.sent)) < 1_500_000
    assert page.closed
    page = Long(20)
    with pytest.raises(ConnectionResetError):
        answered(page, Wire(takes=3))
    assert page.closed
    assert page.left > 10


def test_a_short_answer_is_sent_at_once() -> None:
    page, wire = Long(2), Wire()
    answered(page, wire)
    assert (wire.status, [len(part) for part in wire.sent], page.closed) == (200, [600_000], True)
