"""Figures for whoever runs it, in Prometheus' format; numbers only, no shop is named."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib.metadata import version

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.db.backlog import Backlog, backlog
from app.db.health import place
from app.db.session import DatabaseUnavailable
from app.deps import Deps
from app.domain.actions import ActionState
from app.http import counters, current_deps
from app.jobs.health import queue_state

blueprint = Blueprint("metrics", __name__)


class _Present(Collector):
    """How things stand, read when it is asked for."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def collect(self) -> Iterator[Metric]:
        """What waits, how late it is, and who is at work."""
        deps = self._deps
        yield _labelled("info", "The release that runs", {version("afterglow-app"): 1}, "version")
        try:
            with deps.db.read() as uow:
                found = backlog(uow, deps.business.now(), deps.wall.now())
        except DatabaseUnavailable:
            yield _one("database_up", "Whether the database answers", 0)
        else:
            yield _one("database_up", "Whether the database answers", 1)
            yield from _waiting(found)
        if lies := place(deps.settings.database):
            yield _one("database_bytes", "Size of the SQLite database", lies.size)
            yield _one("disk_free_bytes", "Room left on its disk", lies.free)
        yield from _queue(deps)


def _waiting(found: Backlog) -> Iterator[Metric]:
    yield _labelled("shops", "Shops by the state of their connection", found.shops, "state")
    yield _one("inbox_pending", "Stored deliveries not interpreted yet", found.inbox_pending)
    yield _one("inbox_failed", "Deliveries that could not be interpreted", found.inbox_failed)
    yield _seconds("inbox_wait", "Age of the oldest of those not interpreted", found.inbox_wait)
    states = dict.fromkeys((str(state) for state in ActionState), 0) | dict(found.actions)
    yield _labelled("actions", "Actions by state", states, "state")
    yield _one("actions_late", "Actions that are due and not performed", found.actions_late)
    yield _seconds("due_lag", "How late the latest of those is", found.due_lag)
    yield _labelled("problems", "What only a merchant can mend", found.problems, "problem")
    if found.beat_age is not None:
        yield _seconds("beat_age", "Time since the clock's last beat", found.beat_age)
    if found.reconcile_age is not None:
        yield _seconds("reconcile_age", "Time since the store looked up longest ago was",
                       found.reconcile_age)  # fmt: skip


def _queue(deps: Deps) -> Iterator[Metric]:
    state = queue_state(deps.settings.redis_url, deps.wall.now())
    yield _one("queue_up", "Whether Redis answers", int(state.answers))
    if state.answers:
        yield _one("workers", "Workers that listen", state.workers)
        yield _labelled("jobs_waiting", "Jobs in the queue", state.waiting, "queue")
        yield _one("jobs_failed", "Jobs that ended with an error within a day", state.failed)


def _one(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"afterglow_{name}", meaning, value=value)


def _seconds(name: str, meaning: str, value: timedelta | None) -> Metric:
    return _one(f"{name}_seconds", meaning, value.total_seconds() if value else 0)


def _labelled(name: str, meaning: str, values: Mapping[str, float], label: str) -> Metric:
    gauge = GaugeMetricFamily(f"afterglow_{name}", meaning, labels=[label])
    for key, value in sorted(values.items()):
        gauge.add_metric([key], value)
    return gauge


@blueprint.get("/metrics")
def metrics() -> Response:
    """How things stand now, and what this process counted since its start."""
    registry = CollectorRegistry()
    registry.register(_Present(current_deps()))
    text = generate_latest(registry) + generate_latest(counters().registry)
    return Response(text, mimetype="text/plain; version=0.0.4")
