"""Deliveries onto disk: requests that wait at the same moment share one commit.

A commit costs far more than a row, so whoever comes while one is under way waits for the next. The
first that waits leads: its thread writes for all, wakes them, and hands the lead to the next one
that came meanwhile. So there is no writer thread to start, to fork or to stop, and a delivery that
comes alone is written at once, by its own thread. Measured in docs/adr/0014.
"""

import threading
from collections.abc import Sequence

import structlog

from app.db.inbox import Incoming, store_incoming
from app.db.session import Database, DatabaseUnavailable
from app.domain.ids import ShopId

# Seconds. A leader waits for the database, a follower also for the commit before its own: better
# told to come again than cut off by the store's own time-out, which is 5 s (Shopify).
_PATIENCE = 1.4
DURABLE_WITHIN = 3.0
_MOST = 128  # rows of one commit; more are hardly cheaper

log = structlog.get_logger()


class NotDurable(Exception):
    """It could not be had on disk within moments: not acknowledged, to be sent again."""


class _Waiting:
    """One request. `woken` is released when it is to go on: answered, or to lead."""

    __slots__ = ("error", "leads", "new", "row", "woken")

    def __init__(self, row: Incoming) -> None:
        self.row = row
        self.new = False
        self.error: Exception | None = None
        self.leads = False
        self.woken = threading.Lock()
        self.woken.acquire()


class Intake:
    """One per process. As many wait in it as the web server has threads, so memory is bounded."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._led = False

    def store(self, row: Incoming) -> bool:
        """Put a delivery on disk; False if it was there already, and needs nothing.

        Raises NotDurable, or what this row's own insert raised.
        """
        mine = _Waiting(row)
        with self._lock:
            self._queue.append(mine)
            mine.leads, self._led = not self._led, True
        if not mine.leads and not mine.woken.acquire(timeout=DURABLE_WITHIN):
            self._give_up(mine)
        if mine.leads:
            self._lead()
        if mine.error:
            raise mine.error
        return mine.new

    def _give_up(self, mine: _Waiting) -> None:
        """Nobody came for it in time; unless the lead fell to it at this very moment."""
        with self._lock:
            if mine.leads:
                return
            if mine in self._queue:
                self._queue.remove(mine)
        mine.error = NotDurable("the commit before did not end")

    def _lead(self) -> None:
        with self._lock:
            batch, self._queue = self._queue[:_MOST], self._queue[_MOST:]
        try:
            self._write(batch)
        finally:
            self._hand_over(batch)
        self._tell(batch)

    def _hand_over(self, batch: Sequence[_Waiting]) -> None:
        with self._lock:
            heir = self._queue[0] if self._queue else None
            if heir:
                heir.leads = True
            else:
                self._led = False
        if heir:
            heir.woken.release()
        for waiting in batch:
            if not waiting.leads:
                waiting.woken.release()

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Never raises: each row gets its own answer."""
        for waiting in batch:
            waiting.error = NotDurable("the thread that wrote it ended")  # until it is on disk
        try:
            self._commit(batch)
        except DatabaseUnavailable as error:
            log.error("intake.not_durable", rows=len(batch), error=type(error.orig).__name__)  # noqa: TRY400 - the trace would name values
            for waiting in batch:
                waiting.error = NotDurable(type(error.orig).__name__)
        except Exception as error:  # noqa: BLE001 - one bad row fails only its own request
            if len(batch) == 1:
                batch[0].error = error
                return
            for waiting in batch:
                self._write([waiting])

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        with self._db.write(patience=_PATIENCE) as uow:
            new = store_incoming(uow, [waiting.row for waiting in batch])
        for waiting in batch:
            waiting.error = None
            waiting.new = waiting.row.identity in new
            new.discard(waiting.row.identity)  # the same delivery twice in one commit

    def _tell(self, batch: Sequence[_Waiting]) -> None:
        """Wake the worker; after the others were answered, so that no queue keeps them waiting."""
        shops: set[ShopId] = {waiting.row.shop_id for waiting in batch if waiting.new}
        stored = [waiting for waiting in batch if waiting.error is None]
        log.info(
            "intake.stored", rows=len(stored), repeated=sum(not w.new for w in stored),
            shops=sorted({w.row.shop_id for w in stored})[:10],
        )  # fmt: skip
        for shop_id in shops:
            self._db.signal("drain", shop_id)
