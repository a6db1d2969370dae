"""Business time: how fast days pass, and when they stand still."""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy.exc import DBAPIError

from app.db import clock
from app.deps import Deps

# Where nobody ticked for a while (programs were stopped and started), days did not pass either.
_LONGEST_TICK = 2.0  # seconds


class Tempo:
    """Moves business time forward in the product and in the stores."""

    def __init__(self, deps: Deps, day_seconds: float) -> None:
        """`day_seconds`: how long a day of business time takes."""
        self._deps = deps
        self._rate = timedelta(days=1) / day_seconds
        self._offset = timedelta()
        self._last = time.monotonic()
        self._still = 0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Business time, as the world outside the product has it."""
        return datetime.now(UTC) + self._offset  # noqa: TID251 - the world's clock

    def stand_still(self, *, still: bool) -> None:
        """No day passes until as many say that it may go on."""
        with self._lock:
            self._still += 1 if still else -1

    def tick(self) -> bool:
        """Let pass what has passed since the last tick; False if the product did not hear of it.

        Then that time has not passed.
        """
        now = time.monotonic()
        with self._lock:
            passed = 0.0 if self._still else min(now - self._last, _LONGEST_TICK)
            self._last = now
        return not passed or self.advance(passed * self._rate)

    def hurry(self, day_seconds: float) -> None:
        """From now on a day takes so long."""
        self._rate = timedelta(days=1) / day_seconds

    def skip(self) -> None:
        """Nothing has passed since the last tick."""
        with self._lock:
            self._last = time.monotonic()

    def advance(self, by: timedelta) -> bool:
        """Move forward by so much; False if the product could not be told."""
        offset = timedelta(seconds=int((self._offset + by).total_seconds()))
        try:
            with self._deps.db.write(patience=1) as uow:
                clock.set_offset(uow, max(offset, clock.offset(uow)))
        except DBAPIError:
            return False
        self._offset = offset
        for url in self._deps.settings.twins:
            told = {"offset_seconds": int(offset.total_seconds())}
            with suppress(requests.RequestException):  # told the whole of it at the next tick
                requests.post(f"{url}/_twin/clock", json=told, timeout=15).raise_for_status()
        return True

    @property
    def offset(self) -> timedelta:
        """How far ahead business time is."""
        return self._offset
