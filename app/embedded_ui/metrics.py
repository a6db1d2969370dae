"""Figures for whoever runs it, in Prometheus' format; numbers only, no shop is named."""

from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.db.backlog import backlog
from app.deps import Deps
from app.http import current_deps

blueprint = Blueprint("metrics", __name__)


class _Backlog(Collector):
    """Read from the database when it is asked for."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps

    def collect(self) -> Iterator[Metric]:
        """What waits, and how much of it is late."""
        with self._deps.db.read() as uow:
            counts = backlog(uow, self._deps.business.now())
        for name, (value, help_text) in counts.items():
            gauge = GaugeMetricFamily(f"afterglow_{name}", help_text)
            gauge.add_metric([], value)
            yield gauge


@blueprint.get("/metrics")
def metrics() -> Response:
    """The registry of this application, made anew: nothing is global."""
    registry = CollectorRegistry()
    registry.register(_Backlog(current_deps()))
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")
