"""Ends what takes too long, looked at twice a second: a timer for each of thousands of deliveries
a second costs more than verifying them (`asyncio.timeout`: 7 µs, this: 1).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_EVERY = 0.5  # seconds


@dataclass(slots=True, eq=False)
class _Deadline:
    task: "asyncio.Task[object]"
    until: float  # of the loop's clock
    expired: bool = False


class Deadlines:
    """All that run on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: set[_Deadline] = set()
        self._watching = False

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Raises TimeoutError in the block if it takes longer, by up to half a second more."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline ends a task, and there is none here")
        deadline = _Deadline(task, self._loop.time() + seconds)
        self._running.add(deadline)
        if not self._watching:
            self._watching = True
            self._loop.call_later(_EVERY, self._look)
        try:
            yield
        except asyncio.CancelledError:
            if deadline.expired and task.uncancel() == 0:
                raise TimeoutError from None
            raise
        finally:
            self._running.discard(deadline)

    def _look(self) -> None:
        now = self._loop.time()
        for deadline in self._running:
            if deadline.until <= now and not deadline.expired:
                deadline.expired = True
                deadline.task.cancel()
        self._watching = bool(self._running)
        if self._watching:
            self._loop.call_later(_EVERY, self._look)
