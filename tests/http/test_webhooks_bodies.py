"""Bodies without an end, or longer than told, at the web server that production runs."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import pytest

from app.cli.run import web_command
from app.config import Settings
from app.db.migrate import upgrade
from tests.support import CLIENT_ID, CLIENT_SECRET, SECRET

LIMIT = 200_000
BUFFERS = 12_000_000  # what kernel and server may take in before anybody reads; not what we keep


@dataclass
class Web:
    """The running web process."""

    port: int
    process: psutil.Process

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def memory(self) -> int:
        family = [self.process, *self.process.children(recursive=True)]
        return sum(int(each.memory_info().rss) for each in family)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    directory = tmp_path_factory.mktemp("web")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    database = f"sqlite:///{directory / 'afterglow.sqlite3'}"
    upgrade(database)
    given = {
        "ENVIRONMENT": "development", "DATABASE_URL": database, "DATA_DIR": str(directory),
        "SECRET_KEYS": SECRET, "PUBLIC_URL": f"http://127.0.0.1:{port}", "WEB_PORT": str(port),
        "SHOPIFY_CLIENT_ID": CLIENT_ID, "SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
        "MAX_BODY_BYTES": str(LIMIT), "REDIS_URL": "redis://127.0.0.1:1/0",
    }  # fmt: skip
    command = web_command(Settings(environment="development", web_port=port))
    started = subprocess.Popen(command, env=os.environ | given)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield Web(port, psutil.Process(started.pid))
    finally:
        started.terminate()
        started.wait(15)


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
