"""Runs several processes as one: in order, together, and not a moment longer."""

import secrets
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from app.supervisor.guardian import Guardian
from app.supervisor.lock import exclusive
from app.supervisor.processes import Child, ProcessSpec, kill_run

START_SECONDS = 60.0  # for one process to become ready
STOP_SECONDS = 9.0  # for all of them to end; then what is left is killed
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a restart; doubled each time
STEADY_SECONDS = 60.0  # a process that ran that long starts again with the first pause
_TICK = 0.1


class StartError(RuntimeError):
    """A process did not start; the message names it."""


class Supervisor:
    """Starts processes in order, restarts those that crash, stops all in reverse order.

    Single-threaded on purpose: PR_SET_PDEATHSIG follows the thread that forked.
    """

    def __init__(self, processes: Sequence[ProcessSpec], data_dir: Path) -> None:
        self._specs = list(processes)
        self._data_dir = data_dir
        self._run = secrets.token_hex(16)
        self._children: dict[str, Child] = {}  # in the order of their start
        self._restarts: dict[str, tuple[float, ProcessSpec]] = {}  # when (monotonic), what
        self._pauses: dict[str, float] = {}
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._width = max(len(spec.name) for spec in processes)

    def run(self, when_ready: Callable[[], None] = lambda: None) -> None:
        """Returns once it was asked to stop (SIGINT, SIGTERM, SIGHUP) and everything has ended.

        Calls `when_ready` when all processes are. Raises AlreadyRunningError, or StartError if a
        process ends or stays silent before it is ready for the first time; nothing is left then.
        """
        with exclusive(self._data_dir) as lock:
            self._guardian = Guardian(self._run, lock)
            before = {
                number: signal.signal(number, self._ask_to_stop)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            }
            try:
                for spec in self._specs:
                    self._start_and_wait(spec)
                if not self._stopping:
                    when_ready()
                while not self._stopping:
                    self._pass_on_output()
                    self._restart_what_ended()
            finally:
                self._stop_all()
                self._guardian.dismiss()
                for number, handler in before.items():
                    signal.signal(number, handler)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start_and_wait(self, spec: ProcessSpec) -> None:
        if self._stopping:
            return
        child = self._start(spec)
        deadline = time.monotonic() + START_SECONDS
        while spec.ready and not self._stopping and not spec.ready():
            self._pass_on_output()
            if (status := child.exit_status()) is not None:
                self._pass_on_output()
                raise StartError(
                    f"{spec.name} {_how_it_ended(status)} instead of starting, so everything was"
                    " stopped. Its own lines above say why."
                )
            if time.monotonic() > deadline:
                raise StartError(
                    f"{spec.name} was not ready within {START_SECONDS:.0f} seconds, so everything"
                    " was stopped. Its own lines above may say why."
                )

    def _start(self, spec: ProcessSpec) -> Child:
        child = Child(spec, self._run)
        self._guardian.watch(child.pid)
        self._children[spec.name] = child
        self._selector.register(child.output, selectors.EVENT_READ, child)
        return child

    def _restart_what_ended(self) -> None:
        now = time.monotonic()
        for child in list(self._children.values()):
            if (status := child.exit_status()) is not None:
                self._remove(child)
                pause = self._next_pause(child, now)
                self._restarts[child.spec.name] = (now + pause, child.spec)
                how = _how_it_ended(status)
                self._print(child.spec.name, f"{how}; starts again in {pause:.0f} s".encode())
        for name, (due, spec) in list(self._restarts.items()):
            if due <= now:
                del self._restarts[name]
                self._start(spec)

    def _next_pause(self, child: Child, now: float) -> float:
        name = child.spec.name
        steady = now - child.started >= STEADY_SECONDS
        pause = FIRST_PAUSE if steady else self._pauses.get(name, FIRST_PAUSE)
        self._pauses[name] = min(pause * 2, LONGEST_PAUSE)
        return pause

    def _stop_all(self) -> None:
        """In reverse order; each may use half of the time left, so that none starves the rest."""
        deadline = time.monotonic() + STOP_SECONDS
        order = {spec.name: index for index, spec in enumerate(self._specs)}
        for name in sorted(self._children, key=lambda name: order[name], reverse=True):
            child = self._children[name]
            child.terminate()
            patience = time.monotonic() + (deadline - time.monotonic()) / 2
            while child.exit_status() is None and time.monotonic() < patience:
                self._pass_on_output(0.02)
            self._remove(child)
        kill_run(self._run)
        self._selector.close()

    def _remove(self, child: Child) -> None:
        """Shows what an ended (or overdue) process still had to say and clears it away."""
        for line in (*child.read_lines(), *child.last_line()):
            self._print(child.spec.name, line)
        self._selector.unregister(child.output)
        child.destroy()
        self._guardian.forget(child.pid)
        del self._children[child.spec.name]

    def _pass_on_output(self, wait: float = _TICK) -> None:
        for key, _ in self._selector.select(wait):
            child: Any = key.data
            for line in child.read_lines():
                self._print(child.spec.name, line)

    def _print(self, name: str, line: bytes) -> None:
        # A line of JSON names its process itself, and whoever collects it wants nothing before it.
        prefix = b"" if line.startswith(b"{") else f"{name:<{self._width}} | ".encode()
        try:
            sys.stdout.buffer.write(prefix + line + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # nobody reads us any more, as in `afterglow run | head`
            self._stopping = True


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
