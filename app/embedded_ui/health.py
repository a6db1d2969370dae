"""For whoever runs it: alive, ready. No content, no secrets."""

from flask import Blueprint, Response, jsonify

from app.db.session import DatabaseUnavailable
from app.db.shops import Shops, ShopState
from app.http import current_deps

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers; without it deliveries are refused with 503."""
    try:
        with current_deps().db.read() as uow:
            shops = len(Shops(uow).in_state(ShopState.ACTIVE))
    except DatabaseUnavailable:
        return jsonify(status="database unavailable"), 503
    return jsonify(status="ok", shops=shops), 200
