"""The web process that production runs, on a database of its own."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from app.cli.run import web_command
from app.config import Settings
from app.db.migrate import upgrade
from tests.support import CLIENT_ID, CLIENT_SECRET, SECRET

LIMIT = 200_000


@dataclass
class Web:
    """The running web process."""

    port: int
    process: psutil.Process
    database: Path

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def memory(self) -> int:
        family = [self.process, *self.process.children(recursive=True)]
        return sum(int(each.memory_info().rss) for each in family)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Web]:
    with running(tmp_path_factory.mktemp("web"), free_port()) as found:
        yield found


@contextmanager
def running(directory: Path, port: int, **more: str) -> Iterator[Web]:
    """Until the block ends; `more` goes into its environment."""
    database = directory / "afterglow.sqlite3"
    upgrade(f"sqlite:///{database}")
    given = {
        "ENVIRONMENT": "development", "DATABASE_URL": f"sqlite:///{database}",
        "DATA_DIR": str(directory), "SECRET_KEYS": SECRET, "WEB_PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}", "SHOPIFY_CLIENT_ID": CLIENT_ID,
        "SHOPIFY_CLIENT_SECRET": CLIENT_SECRET, "MAX_BODY_BYTES": str(LIMIT),
        "REDIS_URL": "redis://127.0.0.1:1/0", **more,
    }  # fmt: skip
    command = web_command(Settings(environment="development", web_port=port))
    started = subprocess.Popen(command, env=os.environ | given)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield Web(port, psutil.Process(started.pid), database)
    finally:
        started.terminate()
        started.wait(15)
