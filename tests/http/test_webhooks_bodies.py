"""Bodies without an end, or longer than told, at the web server that production runs."""

import re
import socket
import time
from collections.abc import Callable

import pytest

from tests.http.web_process import LIMIT, Web

BUFFERS = 12_000_000  # what kernel and server may take in before anybody reads; not what we keep


def head(*lines: str) -> bytes:
    return "\r\n".join(("POST /webhooks/shopify HTTP/1.1", "Host: x", *lines, "", "")).encode()


def status_after(wire: socket.socket, piece: Callable[[], bytes], most: int) -> tuple[int, int]:
    """Send pieces until the server answers, hangs up or `most` bytes went out."""
    sent, answer = 0, b""
    wire.settimeout(0.02)
    while sent < most and not answer:
        try:
            sent += wire.send(piece())
        except TimeoutError:
            pass  # the server does not take any more just now
        except OSError:
            break
        try:
            answer = wire.recv(1000)
        except TimeoutError:
            continue
        except OSError:
            break
    wire.settimeout(5)
    answer = answer or wire.recv(1000)
    found = re.match(rb"HTTP/1.1 (\d{3})", answer)
    assert found, answer
    return int(found[1]), sent


def test_an_endless_body_is_cut_off(web: Web) -> None:
    before = web.memory()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with web.open() as wire:
        wire.sendall(head("Transfer-Encoding: chunked"))
        status, sent = status_after(wire, lambda: chunk, most=200_000_000)
    assert status == 413
    assert sent < LIMIT + BUFFERS
    assert web.memory() - before < 40_000_000


def test_endless_bodies_at_the_same_time_do_not_add_up(web: Web) -> None:
    before = web.memory()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    wires = [web.open() for _ in range(6)]
    for wire in wires:
        wire.sendall(head("Transfer-Encoding: chunked"))
    results = [status_after(wire, lambda: chunk, most=50_000_000) for wire in wires]
    for wire in wires:
        wire.close()
    assert [status for status, _ in results] == [413] * 6
    assert web.memory() - before < 60_000_000


def test_an_announced_large_body_is_refused_before_it_comes(web: Web) -> None:
    with web.open() as wire:
        wire.sendall(head(f"Content-Length: {LIMIT + 1}"))
        status, sent = status_after(wire, lambda: b"x" * 1000, most=3_000_000)
    assert status == 413
    assert sent < 3_000_000


def test_a_chunked_body_within_the_limit_is_judged_by_its_signature(web: Web) -> None:
    with web.open() as wire:
        wire.sendall(head("Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n")
        assert b" 401 " in wire.recv(1000).split(b"\r\n")[0]


def test_a_body_that_stops_half_way_blocks_nobody(web: Web) -> None:
    with web.open() as stuck, web.open() as wire:
        stuck.sendall(head("Content-Length: 1000") + b"x" * 10)
        wire.sendall(head("Content-Length: 2", "Connection: close") + b"{}")
        assert b" 401 " in wire.recv(1000).split(b"\r\n")[0]


def answered(web: Web, status: int) -> float:
    """How many deliveries were answered so."""
    with web.open() as wire:
        wire.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: wire.recv(65_536), b"")).decode()
    found = re.search(rf'deliveries_total{{platform="shopify",status="{status}"}} (\S+)', text)
    return float(found[1]) if found else 0.0


def test_a_body_whose_sender_went_away_is_no_forged_one(web: Web) -> None:
    """A wrong signature makes a WooCommerce webhook anew; a store that was cut off signed well."""
    refused, cut_off = answered(web, 401), answered(web, 400)
    with web.open() as wire:
        wire.sendall(head("Content-Length: 1000") + b"x" * 10)
        time.sleep(0.1)  # until it is being read
    until = time.monotonic() + 5
    while answered(web, 400) == cut_off and time.monotonic() < until:
        time.sleep(0.05)
    assert (answered(web, 401), answered(web, 400)) == (refused, cut_off + 1)


@pytest.mark.parametrize("length", ["-1", "²", "1e3", "0x10", "10, 20"])
def test_a_length_that_is_no_number_is_answered_without_a_hang(web: Web, length: str) -> None:
    with web.open() as wire:
        wire.sendall(
            head().replace(b"\r\n\r\n", b"\r\nContent-Length: ")
            + length.encode("latin-1")
            + b"\r\n\r\n"
        )
        assert wire.recv(1000).split()[1] in (b"400", b"401", b"411")


def test_many_slow_senders_do_not_fill_the_memory_or_the_door(web: Web) -> None:
    """Strangers: nothing of them is signed, and each stays below the limit of one body."""
    before = web.memory()
    slow = [web.open() for _ in range(200)]
    for wire in slow:
        wire.sendall(head(f"Content-Length: {LIMIT}") + b"x" * (LIMIT // 2))
    with web.open() as wire:
        wire.sendall(head("Content-Length: 2", "Connection: close") + b"{}")
        assert b" 401 " in wire.recv(1000).split(b"\r\n")[0]
    assert web.memory() - before < 64_000_000 + 40_000_000
    for wire in slow:
        wire.close()
