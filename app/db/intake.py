"""Deliveries onto disk: those that wait at the same moment share one commit.

A commit costs far more than a row, so whatever comes while one is under way waits for the next. One
thread per process writes, on a connection of its own; whoever waits holds a future. The thread
starts with the first delivery, so after any fork, and ends with the intake. Why: docs/adr/0014.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Protocol

import structlog

from app.db.incoming import Incoming, IncomingWriter
from app.db.session import Database
from app.domain.ids import ShopId

# Seconds. While deliveries come one upon the other, commits are this far apart, so that more share
# one: a third less of the processor for each, and no later an answer, for that is what they wait
# for.
_GATHER = 0.002
# And as often is the worker told of them; as soon as nobody waits, it is told at once.
_TELL_EVERY = 0.025
_MOST = 128  # rows of one commit; more are hardly cheaper
# What may wait; above that a store is told to come again. A delivery has some 2 KB, but one store's
# may have millions, and all stores share the memory.
_MOST_WAITING = 2_000
_MOST_BYTES = 64_000_000

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
        self._bytes = 0  # of bodies in the queue
        self._writing = False
        self._untold = _Untold()
        self._told_at = 0.0
        self._thread = ThreadPoolExecutor(1, "intake")

    def put(self, row: Incoming, waiter: Waiter) -> None:
        """Have a row stored. Raises NotDurable if too many wait already."""
        with self._lock:
            if len(self._queue) >= _MOST_WAITING or self._bytes > _MOST_BYTES:
                raise NotDurable("too many wait")
            self._bytes += len(row.sealed_body)
            self._queue.append(_Waiting(row, waiter))
            if self._writing:
                return
            self._writing = True
        self._thread.submit(self._work)

    def _work(self) -> None:
        while batch := self._next():
            self._untold.add(batch, self._write(batch))
            with suppress(RuntimeError):  # the event loop ended: nobody waits any longer
                self._call(_answer, batch)
            if monotonic() - self._told_at > _TELL_EVERY:
                self._tell()
            if len(batch) > 1:  # many come: the next commit is to be shared by more
                sleep(_GATHER)

    def _next(self) -> list[_Waiting]:
        """What waits by now; who gave up meanwhile is not written. Nothing: the work is done, and
        the worker knows.
        """
        while True:
            with self._lock:
                batch, self._queue = self._queue[:_MOST], self._queue[_MOST:]
                self._bytes -= sum(len(each.row.sealed_body) for each in batch)
                if not batch and not self._untold.commits:
                    self._writing = False
                    return []
            if waiting := [each for each in batch if not each.waiter.done()]:
                return waiting
            if not batch:
                self._tell()

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

    def _tell(self) -> None:
        """Wake the worker; after everybody was answered, so that no queue keeps them waiting."""
        told, self._untold, self._told_at = self._untold, _Untold(), monotonic()
        if told.rows:
            shops = len(told.shops)
            log.info(
                "intake.stored", rows=told.rows, new=told.new, commits=told.commits, shops=shops
            )
        try:
            for shop_id in told.shops:
                self._db.signal("drain", shop_id)
        except Exception as error:  # noqa: BLE001 - the sweep finds what nobody was told of
            log.warning("intake.untold", error=type(error).__name__)


@dataclass(slots=True)
class _Untold:
    """What was stored since the worker was woken last."""

    rows: int = 0
    new: int = 0
    commits: int = 0
    shops: set[ShopId] = field(default_factory=set)

    def add(self, batch: Sequence[_Waiting], new: int) -> None:
        stored = [waiting.row.shop_id for waiting in batch if waiting.error is None]
        self.rows += len(stored)
        self.new += new
        self.commits += 1
        if new:
            self.shops.update(stored)


def _answer(batch: Sequence[_Waiting]) -> None:
    for waiting in batch:
        if waiting.waiter.done():
            continue
        if waiting.error:
            waiting.waiter.set_exception(waiting.error)
        else:
            waiting.waiter.set_result(None)
