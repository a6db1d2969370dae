"""One turn at a time per shop, and a rest after a slow one.

Workers do not wait for each other: whoever finds a shop's turn taken leaves it, and the clock asks
again within seconds. So a store that hardly answers keeps one worker busy, never all of them, and
that one only half of the time. This is about fairness alone: what is done once is seen to in the
database, and without Redis everybody goes ahead.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import structlog
from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from app.domain.ids import ShopId

log = structlog.get_logger()

# Longer than a request's time-outs. A worker that was killed holds its shop up for so long.
_LONGEST_SECONDS = 30.0
# A turn that took longer waited for somebody: the store, or the mail server.
_SLOW_SECONDS = 3.0


class Turns:
    """Turns kept in Redis; without one, all are free."""

    def __init__(self, redis: Redis | None = None) -> None:
        self._redis = redis

    @contextmanager
    def take(self, job: str, shop_id: ShopId) -> Iterator[bool]:
        """Whether it is ours; if not, somebody is at it, or the shop has its rest."""
        if self._redis is None:
            yield True
            return
        lock = Lock(self._redis, f"turn:{job}:{shop_id}", timeout=_LONGEST_SECONDS)
        try:
            ours = lock.acquire(blocking=False)
        except RedisError as error:
            log.warning("queue.unreachable", job=job, error=type(error).__name__)
            yield True
            return
        began = monotonic()
        try:
            yield ours
        finally:
            if ours:
                _end(lock, monotonic() - began)


def _end(lock: Lock, took: float) -> None:
    """Free, or after a slow turn left to itself for as long again."""
    with suppress(LockError, RedisError):  # it took so long that another one is at it
        if took > _SLOW_SECONDS:
            lock.extend(min(took, _LONGEST_SECONDS), replace_ttl=True)
        else:
            lock.release()
