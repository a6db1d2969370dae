"""Redis stands still: nobody waits long for it, and no wish is kept that nobody carried out."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from app.jobs.queues import connect, dispatcher, flag
from app.supervisor.valkey import local_valkey, process_id

DRAIN = ("drain", (7,))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A server of our own that may be stopped."""
    valkey = local_valkey(tmp_path)
    assert valkey.process
    assert valkey.process.ready
    process = subprocess.Popen(
        valkey.process.argv, cwd=valkey.process.cwd, stdout=subprocess.DEVNULL
    )
    while not valkey.process.ready():
        time.sleep(0.02)
    assert process_id(valkey.url) == process.pid
    with connect(valkey.url) as redis:
        yield redis
    process.send_signal(signal.SIGCONT)
    process.terminate()
    process.wait()


def test_a_wish_that_came_through_too_late_blocks_the_next_for_seconds_only(server: Redis) -> None:
    dispatch, pid = dispatcher(server), server.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    dispatch(DRAIN)
    for _ in range(20):
        dispatch(DRAIN)
    assert time.monotonic() - began < 3  # the first one waited, the others did not
    os.kill(pid, signal.SIGCONT)
    assert server.ttl(flag(*DRAIN)) <= 5  # the server carried the SET out after all
    assert server.llen("rq:queue:drain") == 0
    time.sleep(max(0, server.pttl(flag(*DRAIN)) / 1000) + 0.1)
    dispatch(DRAIN)
    assert server.llen("rq:queue:drain") == 1
    assert server.ttl(flag(*DRAIN)) > 50  # from now on the job stands for all wishes
    dispatch(DRAIN)
    assert server.llen("rq:queue:drain") == 1
