"""How the queue stands: whether it answers, who listens, what waits in it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from app.jobs.queues import QUEUES, connect


@dataclass(frozen=True, slots=True)
class QueueState:
    """`error` names what went wrong; then the rest is unknown."""

    error: str = ""
    workers: int = 0
    last_sign: timedelta | None = None  # of the worker that gave one last
    waiting: Mapping[str, int] = field(default_factory=dict)  # jobs by queue
    failed: int = 0  # jobs that ended with an error, within a day

    @property
    def answers(self) -> bool:
        """Whether Redis does."""
        return not self.error


def queue_state(url: str, wall: datetime) -> QueueState:
    """Look at it. Never raises."""
    try:
        with connect(url) as redis:
            redis.ping()
            return _look(redis, wall)
    except (RedisError, ValueError, OSError) as error:
        return QueueState(error=type(error).__name__)


def answers(url: str) -> bool:
    """Whether Redis does, and no more."""
    try:
        with connect(url) as redis:
            return bool(redis.ping())
    except (RedisError, ValueError, OSError):
        return False


def _look(redis: Redis, wall: datetime) -> QueueState:
    workers = [w for w in Worker.all(redis, serializer=JSONSerializer) if lives(str(w.name))]
    signs = [wall - w.last_heartbeat for w in workers if w.last_heartbeat]
    queues = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES}
    return QueueState(
        workers=len(workers),
        last_sign=min(signs, default=None),
        waiting={name: queue.count for name, queue in queues.items()},
        failed=sum(FailedJobRegistry(queue=queue).count for queue in queues.values()),
    )


def lives(worker: str) -> bool:
    """Redis remembers a killed worker (host-pid) for minutes; on this machine we can look."""
    host, _, pid = worker.rpartition("-")
    if host != socket.gethostname() or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
