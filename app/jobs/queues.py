"""The queues in Redis: ids only, JSON only, coalesced.

Redis may be lost at any time: the rows in the database are the truth, and the clock's sweep
enqueues again whatever a lost job should have done.
"""

from collections.abc import Callable

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from app.db.session import Signal

log = structlog.get_logger()

# Listened to in this order: what just came in, then what is due, then what can wait.
QUEUES = ("drain", "perform", "background")
_QUEUE_OF = {"drain": "drain", "perform": "perform", "recover": "perform", "refresh": "drain"}
_TIMEOUT_SECONDS = 600
_COALESCE_SECONDS = 60


def connect(url: str) -> Redis:
    """A client that gives up quickly: a request must not wait for a dead Redis."""
    return Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2)


def dispatcher(redis: Redis) -> Callable[[Signal], None]:
    """Enqueues a signal as a job unless the same one is waiting already."""
    queues = {name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES}

    def dispatch(signal: Signal) -> None:
        name, arguments = signal
        try:
            if redis.set(flag(name, arguments), 1, nx=True, ex=_COALESCE_SECONDS):
                queues[_QUEUE_OF.get(name, "background")].enqueue(
                    "app.jobs.tasks.run",
                    args=(name, *arguments),
                    job_timeout=_TIMEOUT_SECONDS,
                    result_ttl=0,
                    failure_ttl=86_400,
                    description=name,
                )
        except RedisError as error:
            log.warning("queue.unreachable", job=name, error=type(error).__name__)

    return dispatch


def flag(name: str, arguments: tuple[object, ...]) -> str:
    """The key that says that a job is waiting."""
    return ":".join(["waiting", name, *map(str, arguments)])
