"""Of one shop one job at a time, its drains apart; and a rest for a shop whose store is slow.

A store that hardly answers then keeps one worker busy, never all of them, and what is due there
keeps even that one busy only half of the time. A job that finds its shop taken is put down and
asked for again by whoever has it, so no worker waits. This is about fairness alone: that
everything is done once is seen to in the database, and without Redis everybody goes ahead.
"""

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import structlog
from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from app.db.session import Signal
from app.jobs.health import lives

log = structlog.get_logger()

# A worker killed on another machine holds its shop up so long. A job may take longer (one answer
# that drips is waited for a minute): then another of its shop may run beside it.
LONGEST_SECONDS = 30.0
# A turn that took longer waited for somebody: the store, or the mail server.
_SLOW_SECONDS = 3.0
_DELETE_THAT = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1])"
# A shop that was erased meanwhile leaves nothing behind.
_KEPT_SECONDS = 86_400
# Drains ask no store for anything, and a delivery is not to wait for one. They have a lease.
_BESIDE = frozenset({"drain"})
# What the clock asks for again within seconds; it may be left out while the shop rests.
_RESTS = frozenset({"perform", "refresh"})


class Turns:
    """Turns kept in Redis; while it is away, all are free."""

    def __init__(
        self, redis: Redis, dispatch: Callable[[Signal], None] = lambda _signal: None
    ) -> None:
        self._redis = redis
        self._dispatch = dispatch

    @contextmanager
    def take(self, signal: Signal) -> Iterator[bool]:
        """Whether the job has its turn now; if not, it will be asked for again."""
        name, arguments = signal
        if name in _BESIDE or not arguments:
            yield True
            return
        turn = _Turn(self._redis, signal)
        try:
            ours = turn.begin()
        except RedisError as error:
            log.warning("queue.unreachable", job=name, error=type(error).__name__)
            yield True
            return
        try:
            yield ours
        finally:
            if ours:
                self._end(turn)

    def _end(self, turn: "_Turn") -> None:
        try:
            put_down = turn.end()
        except RedisError as error:
            log.warning("queue.unreachable", error=type(error).__name__)
            return
        for signal in put_down:
            self._dispatch(signal)


class _Turn:
    def __init__(self, redis: Redis, signal: Signal) -> None:
        self._redis, self._signal = redis, signal
        shop = signal[1][0]
        self._lock = Lock(redis, f"turn:{shop}", timeout=LONGEST_SECONDS)
        self._rest, self._put_down = f"rest:{shop}", f"put-down:{shop}"
        self._began = monotonic()

    def begin(self) -> bool:
        rests = self._signal[0] in _RESTS
        if rests and self._redis.exists(self._rest):
            return False
        if self._acquire():
            return True
        self._bury()
        self._redis.sadd(self._put_down, json.dumps(self._signal))
        self._redis.expire(self._put_down, _KEPT_SECONDS)
        # Perhaps it ended meanwhile, and looked before we had put ours down.
        return self._acquire()

    def _acquire(self) -> bool:
        token = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex}"
        return bool(self._lock.acquire(blocking=False, token=token))

    def _bury(self) -> None:
        """A worker of this machine that was killed in its turn does not hold up its shop."""
        holder = self._redis.get(self._lock.name)
        if not isinstance(holder, bytes):
            return
        name, _, _ = holder.decode().rpartition("-")
        if not lives(name):
            self._redis.eval(_DELETE_THAT, 1, self._lock.name, holder)

    def end(self) -> list[Signal]:
        """Let go; returns what was put down meanwhile."""
        took = monotonic() - self._began
        if took > _SLOW_SECONDS and self._signal[0] in _RESTS:
            self._redis.set(self._rest, 1, px=int(min(took, LONGEST_SECONDS) * 1000))
        try:
            self._lock.release()
        except LockError:  # it took so long that another one is at it
            return []
        with self._redis.pipeline() as together:
            together.smembers(self._put_down)
            together.delete(self._put_down)
            found, _ = together.execute()
        return [(name, tuple(arguments)) for name, arguments in map(json.loads, found)]
