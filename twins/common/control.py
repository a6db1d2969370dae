"""The control API `/_twin/…` that both twins have: health, clock, faults and deliveries."""

from collections.abc import Callable

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from twins.common.clock import ClockMovedBackError, TwinClock
from twins.common.delivery import DeliveryQueue
from twins.common.faults import Fault, Faults


def control_blueprint(
    name: str, clock: TwinClock, faults: Faults, deliveries: DeliveryQueue
) -> Blueprint:
    """Return the shared control API; `name` (of the twin) is what health reports."""
    blueprint = Blueprint("twin_control", __name__, url_prefix="/_twin")

    @blueprint.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify({"status": "ok", "twin": name})

    _clock_routes(blueprint, clock)
    _fault_routes(blueprint, faults)
    _delivery_routes(blueprint, deliveries)
    return blueprint


def _clock_routes(blueprint: Blueprint, clock: TwinClock) -> None:
    def as_json() -> ResponseReturnValue:
        return jsonify({"offset_seconds": clock.offset_seconds, "now": clock.now().isoformat()})

    @blueprint.get("/clock")
    def read_clock() -> ResponseReturnValue:
        return as_json()

    @blueprint.post("/clock")
    def move_clock() -> ResponseReturnValue:
        try:
            clock.set_offset(float(request.get_json()["offset_seconds"]))
        except (KeyError, TypeError, ClockMovedBackError) as error:
            return jsonify({"error": str(error)}), 409
        return as_json()


def _fault_routes(blueprint: Blueprint, faults: Faults) -> None:
    @blueprint.get("/faults")
    def list_faults() -> ResponseReturnValue:
        return jsonify(faults.as_json())

    @blueprint.post("/faults")
    def add_fault() -> ResponseReturnValue:
        try:
            faults.add(Fault(**request.get_json()))
        except TypeError as error:
            return jsonify({"error": str(error)}), 400
        return jsonify(faults.as_json()), 201

    @blueprint.delete("/faults")
    def clear_faults() -> ResponseReturnValue:
        faults.clear()
        return "", 204


def _delivery_routes(blueprint: Blueprint, deliveries: DeliveryQueue) -> None:
    @blueprint.get("/deliveries")
    def list_deliveries() -> ResponseReturnValue:
        after = request.args.get("after", 0, type=int)
        return jsonify([a.as_json() for a in deliveries.attempts() if a.id > after])

    @blueprint.get("/deliveries/summary")
    def summary() -> ResponseReturnValue:
        return jsonify(deliveries.summary())

    @blueprint.get("/deliveries/<int:attempt_id>")
    def show_delivery(attempt_id: int) -> ResponseReturnValue:
        found = next((a for a in deliveries.attempts() if a.id == attempt_id), None)
        if found is None:
            abort(404)
        as_sent = {"headers": found.request.headers, "body": found.request.body.decode()}
        return jsonify(found.as_json() | as_sent)

    @blueprint.post("/deliveries/hold")
    def hold() -> ResponseReturnValue:
        deliveries.hold()
        return jsonify(deliveries.summary())

    @blueprint.post("/deliveries/release")
    def release() -> ResponseReturnValue:
        options = request.get_json(silent=True) or {}
        deliveries.release(reverse=options.get("order") == "reversed")
        return jsonify(deliveries.summary())

    @blueprint.post("/deliveries/drain")
    def drain() -> ResponseReturnValue:
        options = request.get_json(silent=True) or {}
        done = deliveries.drain(float(options.get("timeout_seconds", 10)))
        return jsonify(deliveries.summary() | {"drained": done})

    @blueprint.post("/deliveries/<int:attempt_id>/resend")
    def resend(attempt_id: int) -> ResponseReturnValue:
        return _queued(deliveries.resend, attempt_id)

    @blueprint.post("/deliveries/<int:attempt_id>/forge")
    def forge(attempt_id: int) -> ResponseReturnValue:
        return _queued(deliveries.forge, attempt_id)


def _queued(action: Callable[[int], bool], attempt_id: int) -> ResponseReturnValue:
    if not action(attempt_id):
        abort(404)
    return "", 202
