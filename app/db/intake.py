"""Deliveries onto disk: those that wait at the same moment share one commit.

A commit costs far more than a row, so whatever comes while one is under way waits for the next. One
thread per process writes, on a connection of its own; whoever waits holds a future. The thread
starts with the first delivery, so after any fork, and ends with the intake. Why: docs/adr/0014.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.db.incoming import Incoming, IncomingWriter
from app.db.session import Database

_MOST = 128  # rows of one commit; more are hardly cheaper
_MOST_WAITING = 2_000  # deliveries, some 2 KB each; above that a store is told to come again

log = structlog.get_logger()


class NotDurable(Exception):
    """It could not be had on disk within moments: not acknowledged, to be sent again."""


class Waiter(Protocol):
    """A future, of asyncio or of threads."""

    def done(self) -> bool:
        """Whether nobody waits any longer."""

    def set_result(self, result: None, /) -> None:
        """On disk."""

    def set_exception(self, exception: Exception, /) -> None:
        """NotDurable, or what this row's own insert raised."""


@dataclass(slots=True)
class _Waiting:
    row: Incoming
    waiter: Waiter
    error: Exception | None = None


class Intake:
    """One per process. `call` runs a function where the waiters live: an event loop's
    `call_soon_threadsafe`, or at once for futures of threads.
    """

    def __init__(self, db: Database, call: Callable[..., object]) -> None:
        self._db = db
        self._call = call
        self._writer = IncomingWriter(db)
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._writing = False
        self._thread = ThreadPoolExecutor(1, "intake")

    def put(self, row: Incoming, waiter: Waiter) -> None:
        """Have a row stored. Raises NotDurable if too many wait already."""
        with self._lock:
            if len(self._queue) >= _MOST_WAITING:
                raise NotDurable("too many wait")
            self._queue.append(_Waiting(row, waiter))
            if self._writing:
                return
            self._writing = True
        self._thread.submit(self._work)

    def _work(self) -> None:
        while batch := self._next():
            new = self._write(batch)
            with suppress(RuntimeError):  # the event loop ended: nobody waits any longer
                self._call(_answer, batch)
            try:
                self._tell(batch, new)
            except Exception as error:  # noqa: BLE001 - the sweep finds what nobody was told of
                log.warning("intake.untold", error=type(error).__name__)

    def _next(self) -> list[_Waiting]:
        """What waits by now; who gave up meanwhile is not written."""
        with self._lock:
            while self._queue:
                batch, self._queue = self._queue[:_MOST], self._queue[_MOST:]
                if waiting := [each for each in batch if not each.waiter.done()]:
                    return waiting
            self._writing = False
            return []

    def _write(self, batch: Sequence[_Waiting]) -> int:
        """How many are news. Never raises: each row gets its own answer."""
        try:
            return self._writer.write([waiting.row for waiting in batch])
        except self._writer.unavailable as error:
            log.error("intake.not_durable", rows=len(batch), error=type(error).__name__)  # noqa: TRY400 - the trace would name values
            for waiting in batch:
                waiting.error = NotDurable(type(error).__name__)
            return 0
        except Exception as error:  # noqa: BLE001 - one bad row fails only its own request
            if len(batch) == 1:
                batch[0].error = error
                return 0
            return sum(self._write([waiting]) for waiting in batch)

    def _tell(self, batch: Sequence[_Waiting], new: int) -> None:
        """Wake the worker; after everybody was answered, so that no queue keeps them waiting."""
        stored = [waiting.row.shop_id for waiting in batch if waiting.error is None]
        shops = set(stored) if new else set()
        if stored:
            log.info("intake.stored", rows=len(stored), new=new, shops=len(shops))
        for shop_id in shops:
            self._db.signal("drain", shop_id)


def _answer(batch: Sequence[_Waiting]) -> None:
    for waiting in batch:
        if waiting.waiter.done():
            continue
        if waiting.error:
            waiting.waiter.set_exception(waiting.error)
        else:
            waiting.waiter.set_result(None)
