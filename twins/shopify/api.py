"""POST /admin/api/{version}/graphql.json: token, version and body, then GraphQL."""

import uuid
from threading import Lock
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from twins.shopify.graphql.cost import Bucket
from twins.shopify.graphql.execute import run
from twins.shopify.oauth import shop_of_host
from twins.shopify.shop import Shop, Twin
from twins.shopify.tokens import access_is_valid

NO_ACCESS = "[API] Invalid API key or access token (unrecognized login or wrong password)"


def api_blueprint(twin: Twin) -> Blueprint:
    """Return the Admin API; the shop is the one of the Host header."""
    blueprint = Blueprint("admin_api", __name__)
    buckets = _Buckets(twin)

    @blueprint.post("/admin/api/<version>/graphql.json")
    def graphql(version: str) -> ResponseReturnValue:
        shop = shop_of_host(twin)
        if shop is None or version != twin.app.api_version:
            return jsonify({"errors": "Not Found"}), 404
        if not access_is_valid(shop, request.headers.get("X-Shopify-Access-Token", "")):
            return jsonify({"errors": NO_ACCESS}), 401
        given: Any = request.get_json(silent=True)
        if not isinstance(given, dict) or not isinstance(given.get("query"), str):
            return jsonify({"errors": {"query": "Required parameter missing or invalid"}}), 400
        bucket = buckets.of(shop)
        if twin.faults.strike(("throttle",), request.path):
            bucket.empty()
        answer = run(shop, bucket, given["query"], given.get("variables") or {})
        return jsonify(answer)

    @blueprint.get("/_twin/shops/<handle>/points")
    def points(handle: str) -> ResponseReturnValue:
        shop = twin.shop(handle)
        if shop is None:
            return jsonify({"error": f"There is no shop {handle}."}), 404
        bucket = buckets.of(shop)
        return jsonify({**bucket.status(), "throttled": bucket.refusals})

    @blueprint.after_request
    def name_request(response: Response) -> Response:
        response.headers["X-Request-Id"] = str(uuid.uuid4())
        response.headers["X-Shopify-API-Version"] = twin.app.api_version
        return response

    return blueprint


class _Buckets:
    """One bucket per shop."""

    def __init__(self, twin: Twin) -> None:
        self._limits = twin.limits
        self._buckets: dict[str, Bucket] = {}
        self._lock = Lock()

    def of(self, shop: Shop) -> Bucket:
        with self._lock:
            return self._buckets.setdefault(
                shop.handle,
                Bucket(self._limits.bucket_points, self._limits.restore_points_per_second),
            )
