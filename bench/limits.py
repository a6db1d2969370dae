"""What the machine itself asks for the steps of receiving: nobody can be faster than these."""

import hashlib
import hmac
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from app.db.crypto import Keyring
from bench.deliveries import shopify
from bench.processes import SECRET, postgresql
from bench.rows import Row

_SECONDS = 0.5
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def run(folder: Path) -> list[Row]:
    """A row each, measured one after the other."""
    request = next(shopify(SECRET, 0))
    body = request[request.index(b"\r\n\r\n") + 4 :]
    keyring = Keyring([SECRET])
    sealed = keyring.seal_body(body)
    return [
        _row("HMAC-SHA256 of a body", lambda: hmac.digest(b"secret", body, hashlib.sha256)),
        _row("a body packed and sealed", lambda: keyring.seal_body(body)),
        _round_trip(request),
        _fsync(folder, sealed),
        _sqlite(folder, sealed),
        _postgresql(folder, sealed),
    ]


def _row(name: str, step: Callable[[], object], note: str = "") -> Row:
    """CPU time and time of one step, repeated for a moment; the middle of three goes."""
    taken, busy = [], []
    for _ in range(3):
        done, began, cpu = 0, time.perf_counter(), time.process_time()
        while (now := time.perf_counter()) < began + _SECONDS / 3:
            step()
            done += 1
        taken.append((now - began) / done * 1e6)
        busy.append((time.process_time() - cpu) / done * 1e6)
    note = note or f"of which {sorted(busy)[1]:.0f} µs CPU here"
    return Row(f"limit: {name}", sorted(taken)[1], "µs", note)


def _fsync(folder: Path, sealed: bytes) -> Row:
    with (folder / "fsync").open("wb", buffering=0) as file:

        def step() -> None:
            file.write(sealed)
            os.fsync(file.fileno())

        return _row("write and fsync of a sealed body", step)


def _sqlite(folder: Path, sealed: bytes) -> Row:
    connection = sqlite3.connect(folder / "limits.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, body BLOB)")
    try:
        return _row(
            "SQLite, a commit of one row",
            lambda: connection.execute("INSERT INTO kept (body) VALUES (?)", (sealed,)),
        )
    finally:
        connection.close()


def _postgresql(folder: Path, sealed: bytes) -> Row:
    place = folder / "limits"
    place.mkdir()
    with (
        postgresql(place) as server,
        psycopg.connect(server.url("postgres"), autocommit=True) as connection,
    ):
        connection.execute("CREATE TABLE kept (id bigserial PRIMARY KEY, body bytea)")
        return _row(
            "PostgreSQL, a commit of one row",
            lambda: connection.execute("INSERT INTO kept (body) VALUES (%s)", (sealed,)),
            "the server's CPU not counted",
        )


def _round_trip(request: bytes) -> Row:
    """A request of a delivery's size and an empty answer over loopback, nothing in between."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            got = 0
            while part := connection.recv(65_536):
                got += len(part)
                if got == len(request):
                    got = 0
                    connection.sendall(_ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        with socket.create_connection(listener.getsockname()) as client:

            def step() -> None:
                client.sendall(request)
                client.recv(65_536)

            row = _row("a round trip over loopback", step, "both ends in one process")
        thread.join()
    return row
