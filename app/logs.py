"""Logging: one line per happening, JSON in production; ids and codes only, never content.

What a line is about (`request_id`, `shop`, `job`) is bound once, at the edge, and stands in every
line that follows from it. Lines of libraries go the same way without their values, which may be
addresses, queries or names.
"""

import logging
import re
import sys
import traceback
import uuid
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars

from app.config import Settings

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{7,63}")
# Libraries that bring handlers of their own.
_TAKEN_OVER = ("_granian", "rq.worker", "alembic")


def configure_logging(settings: Settings, process: str) -> None:
    """Set up structlog for one kind of process; other libraries' warnings go the same way."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    processors: list[structlog.types.Processor] = [
        merge_contextvars,
        lambda _logger, _method, event: {"process": process, **event},
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        renderer,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelName(settings.log_level)
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    for name in _TAKEN_OVER:
        logging.getLogger(name).handlers.clear()
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)


def begin_request(given: str | None) -> str:
    """Forget what the thread's last request was about; returns this one's id.

    `given` is an id by which somebody whom we trust knows the request; None: there is none.
    """
    clear_contextvars()
    request_id = given if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    bind_contextvars(request_id=request_id)
    return request_id


def begin_job(name: str, shop_id: int | None) -> None:
    """The same for a job of the queue."""
    clear_contextvars()
    bind_contextvars(job=name, request_id=uuid.uuid4().hex)
    if shop_id is not None:
        about_shop(shop_id)


def about_shop(shop_id: int) -> None:
    """From now on the lines of this request or job name the shop."""
    bind_contextvars(shop=shop_id)


def place_of(error: BaseException) -> str:
    """Where an error was raised: file and line, never its values."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "?"


class _Libraries(logging.Handler):
    """Lines of other libraries: who, where, what kind, and the sentence without its values."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line of ours."""
        about: dict[str, Any] = {
            "library": record.name,
            "place": f"{record.filename}:{record.lineno}",
        }
        if record.args and isinstance(record.msg, str):  # else it may be put together already
            about["text"] = record.msg
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            about |= {"error": type(error).__name__, "raised": place_of(error)}
        level = min(max(record.levelno, logging.WARNING), logging.ERROR)
        structlog.get_logger().log(level, "library", **about)
