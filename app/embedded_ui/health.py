"""For whoever runs it: alive, ready. No content, no secrets."""

from flask import Blueprint, Response, jsonify

from app.db import health
from app.http import current_deps
from app.jobs.health import answers

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers. `installation` tells one Afterglow from another (`afterglow check`)."""
    return jsonify(status="ok", installation=current_deps().links.installation)


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Whether deliveries can be stored: the database answers, is of this release, can be written.

    The queue is reported but decides nothing: without Redis deliveries are still stored, and the
    work that they ask for is done once it is back.
    """
    deps = current_deps()
    database = health.condition(deps.db)
    queue = "ok" if answers(deps.settings.redis_url) else "unreachable"
    good = database == health.OK
    status = "ok" if good else f"database {database}"
    return jsonify(status=status, database=database, queue=queue), 200 if good else 503
