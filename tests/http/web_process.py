"""The web process that production runs, on a database of its own."""

import os
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
def web(tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]) -> Iterator[Web]:
    directory, port = tmp_path_factory.mktemp("web"), free_port()
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
        until = time.monotonic() + 60
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
