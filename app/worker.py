"""The worker process: one RQ worker that runs jobs in this process, one after the other.

RQ's forking worker costs a fork per job (see docs/adr/0009); ours are short, bounded
by their own time-outs, and safe to be cut off anywhere, so they run in the process itself.
"""

import os
import socket
import time

import structlog
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy

from app.bootstrap import build_deps
from app.config import load_settings
from app.db.session import DatabaseUnavailable
from app.jobs import tasks
from app.jobs.ours import OurJob
from app.jobs.queues import QUEUES, connect
from app.jobs.witness import RedisWitness
from app.logs import configure_logging
from app.services.continuity import FileWitness, Watch

log = structlog.get_logger()
_PATIENCE_SECONDS = 3


def main() -> None:
    """Listen until told to stop."""
    settings = load_settings()
    configure_logging(settings, "worker")
    deps = build_deps(settings)
    redis = connect(settings.redis_url)
    tasks.prepare(deps, redis)
    _look_back(Watch(deps, (FileWitness(settings.data_dir), RedisWitness(redis))))
    # In turn, not one before the other: a flood of deliveries must not keep what is due waiting.
    listening(settings.redis_url).work(
        logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN
    )


def listening(redis_url: str) -> SimpleWorker:
    """The worker, not yet at work. It takes our own jobs only."""
    # Jobs are awaited with a blocking read, which needs more patience than a web request has.
    patient = Redis.from_url(redis_url, socket_timeout=None)
    queues = [
        Queue(name, connection=patient, serializer=JSONSerializer, job_class=OurJob)
        for name in QUEUES
    ]
    return SimpleWorker(
        queues,
        connection=patient,
        serializer=JSONSerializer,
        job_class=OurJob,
        name=f"{socket.gethostname()}-{os.getpid()}",
    )


def _look_back(watch: Watch) -> None:
    """Nothing is performed before what a restored backup may do twice is held back."""
    while True:
        try:
            watch.look_back()
        except DatabaseUnavailable as error:
            log.warning("worker.database_unavailable", error=type(error).__name__)
            time.sleep(_PATIENCE_SECONDS)
        else:
            return


if __name__ == "__main__":
    main()
