"""One real process that the harness starts, kills and starts again."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from app.supervisor.guardian import Guardian
from app.supervisor.processes import RUN_VARIABLE, kill_group
from faults.logs import tells_of_trouble

LARGEST_LOG = 8_000_000  # bytes; a log that grows beyond is begun anew
_GRACE_SECONDS = 8.0  # for a process that was asked to stop


class Program:
    """A process in a group of its own; its output goes into one file."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        run: str,
        guardian: Guardian,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._argv, self._env, self.cwd = list(argv), dict(env or {}), cwd
        self._run, self._guardian, self._user = run, guardian, user
        self._ready = ready
        self._ready_by_pid: Callable[[int], bool] | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._ready_at = 0.0

    def be_ready_when(self, ready: Callable[[int], bool]) -> None:
        """It is ready when its process id says so."""
        self._ready = lambda: ready(self.pid)
        self._ready_by_pid = ready

    @property
    def runs(self) -> bool:
        """Whether it is there."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; 0 if it was never started."""
        return self._popen.pid if self._popen else 0

    def successor(self) -> "Program":
        """The same program once more, not started."""
        program = Program(
            self.name, self._argv, log=self.log, run=self._run, guardian=self._guardian,
            env=self._env, cwd=self.cwd, user=self._user, ready=self._ready,
        )  # fmt: skip
        if self._ready_by_pid is not None:
            program.be_ready_when(self._ready_by_pid)
        return program

    def start(self, env: Mapping[str, str] | None = None) -> None:
        """Start it; `env` is added for this one life. Does not wait."""
        self._forget()
        self.starts += 1
        self._ready_at = 0
        with self.log.open("ab") as output:
            if output.tell() > LARGEST_LOG:
                self._keep_trouble()
                output.truncate(0)
            self._popen = subprocess.Popen(
                self._argv,
                env={**os.environ, **self._env, **(env or {}), RUN_VARIABLE: self._run},
                cwd=self.cwd,
                user=self._user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        self._guardian.watch(self._popen.pid)

    def _keep_trouble(self) -> None:
        """What is judged in the end goes into a log of its own."""
        with self.log.open(errors="replace") as lines:
            kept = [line for line in lines if tells_of_trouble(line)]
        with self.log.with_suffix(".trouble.log").open("a") as trouble:
            trouble.writelines(kept)

    def at_work_for(self) -> float:
        """Seconds since it was first seen to be ready; 0 while it is not."""
        if not self.runs:
            return 0
        if not self._ready_at and (self._ready is None or self._ready()):
            self._ready_at = time.monotonic()
        return time.monotonic() - self._ready_at if self._ready_at else 0

    def wait_until_ready(self, seconds: float = 60) -> bool:
        """Whether it became ready in that time; False if it ended."""
        deadline = time.monotonic() + seconds
        while self._ready and not self._ready():
            if not self.runs or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return self.runs

    def kill(self) -> bool:
        """kill -9 of it and what it started; False if it did not run."""
        ran = self.runs
        self._forget()
        return ran

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that takes long."""
        if self._popen is not None:
            with suppress(ProcessLookupError):
                self._popen.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(_GRACE_SECONDS)
        self._forget()

    def signal(self, number: int) -> None:
        """Send it a signal (SIGSTOP and SIGCONT)."""
        if self.runs and self._popen:
            with suppress(ProcessLookupError):
                self._popen.send_signal(number)

    def _forget(self) -> None:
        if self._popen is None:
            return
        kill_group(self._popen.pid)
        self._popen.wait()
        self._guardian.forget(self._popen.pid)
