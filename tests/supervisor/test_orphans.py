"""kill -9 of the supervisor leaves nothing, not even what its children started."""

import signal
import sys
import textwrap

import psutil
import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.supervisor.valkey import local_valkey
from tests.supervisor.conftest import Run, alive, eventually

GRACE = 8  # seconds: the guardian's own and a busy machine's


@pytest.mark.skipif(sys.platform != "linux", reason="processes out of their group: Linux only")
def test_kill_9_leaves_no_server_worker_work_horse_or_valkey(start, tmp_path, free_port):
    (tmp_path / "page.py").write_text(
        textwrap.dedent("""
        def application(environ, start_response):
            start_response("200 OK", [])
            return [b"here"]
        """)
    )
    data_dir = tmp_path / "data"
    url = local_valkey(data_dir).url
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(free_port())]
    granian += ["--working-dir", str(tmp_path), "page:application"]
    worker = (
        "import redis, rq\n"
        "from rq.serializers import JSONSerializer\n"
        f"r = redis.Redis.from_url({url!r})\n"
        "rq.Worker(['q'], connection=r, serializer=JSONSerializer).work()\n"
    )
    run = start(
        [
            {"name": "valkey"},
            {"name": "web", "argv": granian},
            {"name": "worker", "argv": [sys.executable, "-c", worker]},
        ],
        data_dir,
    )
    run.wait_for("all ready")
    with redis.Redis.from_url(url) as connection:
        Queue("q", connection=connection, serializer=JSONSerializer).enqueue("time.sleep", 300)
    eventually(lambda: len(_grandchildren(run)) == 2, 30)  # granian's worker, RQ's work horse
    processes = run.descendants()
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    eventually(lambda: alive(processes) == [], GRACE, lambda: _names(alive(processes)))


def test_the_next_run_waits_for_the_end_of_a_killed_one_and_then_starts(start, tmp_path):
    run = start([{"name": "valkey"}])
    run.wait_for("all ready")
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    again = start([{"name": "valkey"}])
    again.wait_for("all ready")
    assert "starts again" not in again.output


def _grandchildren(run: Run) -> list[psutil.Process]:
    return [process for process in run.descendants() if process.ppid() != run.process.pid]


def _names(processes: list[psutil.Process]) -> str:
    return f"left: {[p.cmdline() for p in processes]}"
