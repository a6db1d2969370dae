"""The queues in Redis: ids only, JSON only, coalesced.

Redis may be lost at any time: the rows in the database are the truth, and the clock's sweep
enqueues again whatever a lost job should have done.
"""

from collections.abc import Callable
from time import monotonic

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from app.db.session import Signal
from app.jobs.ours import RUN

log = structlog.get_logger()

# Listened to in turn: what just came in, what is due, what can wait.
QUEUES = ("drain", "perform", "background")
_QUEUE_OF = {"drain": "drain", "perform": "perform", "recover": "perform", "refresh": "drain"}
_TIMEOUT_SECONDS = 600
_COALESCE_SECONDS = 60
# Until the job is surely in its queue, the flag lives shortly: a server that stood still carries
# out a SET that its sender had given up, and nobody would enqueue anything for as long as it lasts.
_CLAIM_SECONDS = 5
# How long a server that did not answer is left alone, so that not each delivery waits for it.
_PAUSE_SECONDS = 3.0


def connect(url: str, within: float = 2.0) -> Redis:
    """A client that gives up after `within` seconds: nothing must wait for a dead Redis."""
    return Redis.from_url(url, socket_connect_timeout=min(within, 1), socket_timeout=within)


def dispatcher(redis: Redis) -> Callable[[Signal], None]:
    """Enqueues a signal as a job unless the same one is waiting already."""
    queues = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES}
    again_at = 0.0

    def dispatch(signal: Signal) -> None:
        nonlocal again_at
        if monotonic() < again_at:
            return
        name, arguments = signal
        try:
            _enqueue(redis, queues[_QUEUE_OF.get(name, "background")], name, arguments)
        except RedisError as error:
            again_at = monotonic() + _PAUSE_SECONDS
            log.warning("queue.unreachable", job=name, error=type(error).__name__)

    return dispatch


def _enqueue(redis: Redis, queue: Queue, name: str, arguments: tuple[object, ...]) -> None:
    key = flag(name, arguments)
    if not redis.set(key, 1, nx=True, ex=_CLAIM_SECONDS):
        return
    with redis.pipeline() as together:
        queue.enqueue(
            RUN,
            args=(name, *arguments),
            job_timeout=_TIMEOUT_SECONDS,
            result_ttl=0,
            failure_ttl=86_400,
            description=name,
            pipeline=together,
        )
        together.expire(key, _COALESCE_SECONDS)
        together.execute()


def flag(name: str, arguments: tuple[object, ...]) -> str:
    """The key that says that a job is waiting."""
    return ":".join(["waiting", name, *map(str, arguments)])
