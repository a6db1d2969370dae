import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]


class Run:
    """A supervisor in a process of its own, with everything that it printed so far."""

    def __init__(self, data_dir: Path, specs: list[dict[str, object]], scratch: Path) -> None:
        listing = scratch / "processes.json"
        listing.write_text(json.dumps(specs))
        self._log = scratch / f"output-{os.urandom(4).hex()}.txt"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.supervisor.runner", str(data_dir), str(listing)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_for(self, text: str, seconds: float = 20) -> None:
        eventually(lambda: text in self.output, seconds, lambda: f"no {text!r} in:\n{self.output}")

    def stop(self, number: int = signal.SIGINT) -> float:
        """Signals the supervisor alone; returns the seconds until it had ended."""
        before = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=15)
        return time.monotonic() - before

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def eventually(
    true: Callable[[], bool], seconds: float = 10, why: Callable[[], str] = lambda: "never true"
) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(why())
        time.sleep(0.02)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(specs: list[dict[str, object]], data_dir: Path = tmp_path / "data") -> Run:
        runs.append(Run(data_dir, specs, tmp_path))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.stop(signal.SIGTERM)
