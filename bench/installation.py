"""A whole installation to be measured: real processes on a database, a queue and a mail server of
their own, with the settings of production. All of it ends with the block.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from app.bootstrap import build_deps
from app.cli.run import web_command
from app.config import Environment, Settings
from app.db.migrate import upgrade
from app.deps import Deps
from app.jobs.health import queue_state
from app.supervisor.ready import http_ready
from bench.processes import (
    SECRET,
    environment_of,
    free_port,
    postgresql,
    running,
    valkey,
)
from bench.smtp_sink import Sink, smtp_sink


@dataclass(frozen=True, slots=True)
class Running:
    """A process that is ready, and what it took until then: seconds, and those of a processor."""

    process: psutil.Process
    seconds: float
    busy: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process with all its children, in bytes. Only `share` can be added up: there a page that
    several have counts for each as its part.
    """

    share: int
    resident: int
    own: int  # what nobody shares


@dataclass(frozen=True)
class Installation:
    """`deps` work on the same database and queue as the processes do."""

    folder: Path
    settings: Settings
    deps: Deps
    redis: Redis
    sink: Sink
    servers: Mapping[str, psutil.Process]  # Valkey and, if it is used, PostgreSQL

    @contextmanager
    def running(self, *names: str) -> Iterator[dict[str, Running]]:
        """web, worker, worker2, clock: started one after the other."""
        with ExitStack() as stack:
            found = {}
            for name in names:
                began = time.monotonic()
                process = stack.enter_context(self._process(name))
                found[name] = Running(process, time.monotonic() - began, busy_seconds(process))
            yield found

    @contextmanager
    def _process(self, name: str) -> Iterator[psutil.Process]:
        argv, ready = [sys.executable, "-m", f"app.{name.rstrip('23456789')}"], self._beats
        if name == "web":
            # what is measured is nobody else's business
            argv = ["127.0.0.1" if x == "0.0.0.0" else x for x in web_command(self.settings)]
            ready = http_ready(f"http://127.0.0.1:{self.settings.web_port}/healthz")
        elif name.startswith("worker"):
            wanted = self._workers() + 1

            def ready() -> bool:
                return self._workers() >= wanted

        log = self.folder / f"{name}.log"
        with running(argv, environment_of(self.settings), log, ready) as process:
            yield process

    def database_bytes(self) -> int:
        """How large the database is, its indexes and what is not yet in its file included."""
        pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        with self.deps.db.read() as uow:
            known = uow.connection.dialect.name == "postgresql"
            asked = "SELECT pg_database_size(current_database())" if known else pages
            return int(uow.connection.exec_driver_sql(asked).scalar_one())

    def _workers(self) -> int:
        return queue_state(self.settings.redis_url, self.deps.wall.now()).workers

    def _beats(self) -> bool:
        """The clock's first beat is remembered in Redis."""
        return bool(self.redis.keys("last-beat:*"))


@contextmanager
def installation(folder: Path, backend: str = "sqlite", **changes: Any) -> Iterator[Installation]:
    """Everything but the processes; `changes` are settings."""
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        redis_url, redis_server = stack.enter_context(valkey(folder))
        servers, url = {"Valkey": redis_server}, ""
        sink = stack.enter_context(smtp_sink(folder))
        if backend == "postgresql":
            database = stack.enter_context(postgresql(folder))
            servers["PostgreSQL"], url = database.process, database.url("postgres")
        values: dict[str, Any] = {
            "environment": Environment.PRODUCTION, "data_dir": folder, "database_url": url,
            "redis_url": redis_url, "secret_keys": SECRET, "public_url": "https://bench.example",
            "web_port": free_port(), "shopify_client_id": "bench", "shopify_client_secret": SECRET,
            "mail_from": "hello@bench.example", "smtp_host": "127.0.0.1", "smtp_port": sink.port,
            "smtp_security": "none", "log_level": "ERROR",
        }  # fmt: skip
        settings = Settings(**{**values, **changes})
        upgrade(settings.database)
        deps = build_deps(settings)
        stack.callback(deps.db.engine.dispose)
        redis = stack.enter_context(Redis.from_url(redis_url))
        yield Installation(folder, settings, deps, redis, sink, servers)


def memory(process: psutil.Process) -> Memory:
    """What it holds now."""
    tree = (process, *process.children(recursive=True))
    infos = [each.memory_full_info() for each in tree]
    return Memory(
        sum(getattr(info, "pss", info.rss) for info in infos),  # only Linux tells it
        sum(info.rss for info in infos),
        sum(info.uss for info in infos),
    )


def busy_seconds(process: psutil.Process) -> float:
    """What a process with all its children has used of a processor."""
    tree = (process, *process.children(recursive=True))
    return float(sum(each.cpu_times().user + each.cpu_times().system for each in tree))


def percentile(values: list[float], share: float) -> float:
    """Such a share of the values is not above it."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def wait(true: Callable[[], bool], seconds: float = 60) -> None:
    """Until it is. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(0.02)
