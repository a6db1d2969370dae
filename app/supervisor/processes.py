"""One supervised process: what to start, and its life from start to the end of its last relic."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

RUN_VARIABLE = "AFTERGLOW_SUPERVISED_RUN"  # in the environment of all that a run starts
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LONGEST_LINE = 64 * 1024  # bytes kept while waiting for the end of a line
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ProcessSpec:
    """A process to keep running.

    `env` is added to ours. `ready` is asked again and again until it says yes; the next process
    starts only then. Without it, a process counts as ready once started. Lines of its output that
    hold one of `quiet` are not shown: they would look like faults and are none.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    cwd: Path | None = None
    quiet: tuple[bytes, ...] = ()


class Child:
    """A started `ProcessSpec`, leader of its own process group."""

    def __init__(self, spec: ProcessSpec, run: str) -> None:
        self.spec = spec
        self.started = time.monotonic()
        self._unfinished_line = b""
        self._popen = subprocess.Popen(  # noqa: S603 - the command line is ours
            list(spec.argv),
            env={**os.environ, "PYTHONUNBUFFERED": "1", **spec.env, RUN_VARIABLE: run},
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,  # a Ctrl-C in the terminal reaches the supervisor only
            preexec_fn=die_with_parent if _libc else None,  # noqa: PLW1509 - no threads here
        )
        self.pid = self._popen.pid
        if self._popen.stdout is None:
            raise AssertionError("Popen was asked for a pipe")
        self.output = self._popen.stdout
        os.set_blocking(self.output.fileno(), False)

    def exit_status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._popen.poll()

    def read_lines(self) -> Iterable[bytes]:
        """The complete lines written since the last call; nothing if there are none."""
        while chunk := self.output.read(_LONGEST_LINE):
            *lines, self._unfinished_line = (self._unfinished_line + chunk).split(b"\n")
            yield from (line for line in lines if not self._is_quiet(line))
            if len(self._unfinished_line) >= _LONGEST_LINE:
                yield from self.last_line()

    def _is_quiet(self, line: bytes) -> bool:
        return any(part in line for part in self.spec.quiet)

    def last_line(self) -> Iterable[bytes]:
        """What was written after the last line end, if anything."""
        if self._unfinished_line:
            yield self._unfinished_line
            self._unfinished_line = b""

    def terminate(self) -> None:
        """Asks the process, not its group, to stop: it knows how to stop its own children."""
        self._popen.terminate()

    def destroy(self) -> None:
        """Ends whatever is left of the process and its group, and frees the pipe."""
        kill_group(self.pid)
        self._popen.wait()
        self.output.close()


def die_with_parent() -> None:
    """Runs in the new process: SIGTERM as soon as its parent is gone, however it went.

    This covers the instant before the guardian knows the process; grandchildren are the guardian's.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def kill_group(group: int) -> None:
    """SIGKILL to a process group, if there still is one."""
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only zombies are left
        os.killpg(group, signal.SIGKILL)


def processes_of_run(run: str) -> list[int]:
    """The processes that descend from a run, also those that left their group and lost their parent
    (an RQ work horse does both). Linux only; elsewhere none are found."""
    mark = f"{RUN_VARIABLE}={run}".encode()
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # gone by now, or somebody else's
            if mark in environment.read_bytes().split(b"\0"):
                found.append(int(environment.parent.name))
    return found


def kill_run(run: str) -> None:
    """SIGKILL to everything that still descends from a run."""
    for pid in processes_of_run(run):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
