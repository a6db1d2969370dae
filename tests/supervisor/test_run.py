"""`afterglow run` itself: all its processes, in a directory with spaces in its name."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from app.cli.run import READY
from app.config import Settings
from tests.supervisor.conftest import ROOT, alive, eventually

pytestmark = pytest.mark.timeout(180)


class Installation:
    """A directory, and the runs on it."""

    def __init__(self, home: Path, port: int) -> None:
        self.data_dir, self.port = home / "Application Support" / "data", port
        mine = {name.upper() for name in Settings.model_fields}
        self.env = {name: value for name, value in os.environ.items() if name not in mine} | {
            "ENVIRONMENT": "development",
            "DATA_DIR": str(self.data_dir),
            "SECRET_KEYS": "0123456789abcdef0123456789abcdef",
            "MAIL_TRANSPORT": "outbox",
            "WEB_PORT": str(port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
        self.log = home / "output.txt"
        self.runs: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            run = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run"],
                cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.runs.append(run)
        eventually(lambda: READY in self.log.read_text(), 60, self.log.read_text)
        return run

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def installation(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Installation]:
    made = Installation(tmp_path, free_port())
    yield made
    for run in made.runs:
        if run.poll() is None:
            run.send_signal(signal.SIGTERM)
            run.wait(timeout=15)


def test_one_ctrl_c_stops_everything_and_all_data_lies_in_one_directory(
    installation: Installation,
) -> None:
    run = installation.start()
    assert requests.get(f"http://127.0.0.1:{installation.port}/readyz", timeout=5).json() == {
        "status": "ok", "database": "ok", "queue": "ok",
    }  # fmt: skip
    told: dict[str, object] = {}

    def all_well() -> bool:  # worker and clock need a moment longer than the web process
        checked = installation.command("check", "--json")
        told.update(json.loads(checked.stdout))
        return checked.returncode == 0

    eventually(all_well, 60, lambda: json.dumps(told, indent=1))
    files = {path.name for path in installation.data_dir.iterdir()}
    assert {"afterglow.sqlite3", "afterglow.pid", "last-beat.json", "valkey"} <= files

    second = installation.command("run")
    assert second.returncode == 1
    assert f"already runs on {installation.data_dir} (process {run.pid})" in second.stderr
    assert {path.name for path in installation.data_dir.iterdir()} == files

    processes = alive(psutil.Process(run.pid).children(recursive=True))
    names = " ".join(" ".join(process.cmdline()) for process in processes)
    for part in ("granian", "app.worker", "app.clock", "valkey", "app.supervisor.guardian"):
        assert part in names, part
    os.killpg(run.pid, signal.SIGINT)  # as a terminal sends it
    run.wait(timeout=15)
    assert run.returncode == 0
    assert alive(processes) == []


def test_kill_9_of_the_parent_leaves_nothing_and_the_next_run_starts(
    installation: Installation,
) -> None:
    run = installation.start()
    processes = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    eventually(lambda: alive(processes) == [], 10, lambda: str(alive(processes)))
    again = installation.start()
    again.send_signal(signal.SIGTERM)
    again.wait(timeout=15)
    assert again.returncode == 0
