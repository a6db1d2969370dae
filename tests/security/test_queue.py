"""Whoever can write to Redis can have work looked for, and nothing else."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from app.jobs import tasks
from app.jobs.ours import RUN
from app.worker import listening

CALLED: list[Any] = []


def intruder(*arguments: Any) -> None:
    """What somebody would like to be called."""
    CALLED.append(arguments)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What our own jobs were asked for."""
    CALLED.clear()
    found: list[Any] = []
    monkeypatch.setattr(tasks, "run", lambda *arguments: found.append(arguments))
    return found


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """Somebody's web server, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    thread.join()
    server.server_close()


def put(redis: Redis, func: str, *arguments: object, **more: Any) -> Job:
    queue = Queue("drain", connection=redis, serializer=JSONSerializer)
    return queue.enqueue(func, args=arguments, **more)


def test_the_worker_calls_no_function_but_ours(
    redis: Redis, valkey_url: str, tmp_path: Path, done: list[Any]
) -> None:
    made = tmp_path / "made"
    foreign = [
        put(redis, "os.mkdir", str(made)),
        put(redis, "app.jobs.tasks._perform", None, 1),
        put(redis, f"{__name__}.intruder", 1),
    ]
    ours = put(redis, RUN, "drain", 7)
    listening(valkey_url).work(burst=True, logging_level="CRITICAL")
    assert done == [("drain", 7)]
    assert not made.exists()
    assert CALLED == []
    assert [job.get_status() for job in foreign] == ["failed"] * 3
    assert ours.get_status() == "finished"


def test_a_job_brings_neither_callbacks_nor_requests_of_its_own(
    redis: Redis, valkey_url: str, done: list[Any], listener: tuple[str, list[str]]
) -> None:
    url, asked = listener
    for status, func in (("finished", RUN), ("failed", "os.getcwd")):
        put(
            redis,
            func,
            "drain",
            7,
            on_success=Callback(f"{__name__}.intruder"),
            on_failure=Callback(f"{__name__}.intruder"),
            webhooks=[Webhook(url + status, status)],
        )
    listening(valkey_url).work(burst=True, logging_level="CRITICAL")
    assert done == [("drain", 7)]
    assert CALLED == []
    assert asked == []
