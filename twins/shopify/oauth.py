"""POST /admin/oauth/access_token: token exchange and refresh."""

import hmac
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from twins.shopify.shop import Shop, Twin
from twins.shopify.tokens import InvalidTokenError, check_id_token, issue, refresh

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE_TOKEN = "urn:shopify:params:oauth:token-type:offline-access-token"


def oauth_blueprint(twin: Twin) -> Blueprint:
    """Return the token endpoint; the shop is the one of the Host header."""
    blueprint = Blueprint("oauth", __name__)

    @blueprint.post("/admin/oauth/access_token")
    def access_token() -> ResponseReturnValue:
        given: dict[str, Any] = request.get_json(silent=True) or request.form.to_dict()
        shop = shop_of_host(twin)
        if shop is None:
            return jsonify({"errors": "Not Found"}), 404
        if not _knows_client(twin, given) or not shop.settings["installed"]:
            return _refusal("invalid_client", "Unknown client, wrong secret or not installed.")
        with shop.locked():
            if given.get("grant_type") == TOKEN_EXCHANGE:
                return _exchange(shop, given)
            if given.get("grant_type") == "refresh_token":
                return _refresh(shop, given)
        return _refusal("unsupported_grant_type", "Use token exchange or refresh_token.")

    return blueprint


def shop_of_host(twin: Twin) -> Shop | None:
    """Return the shop that the request's Host header names."""
    host = request.host.partition(":")[0]
    handle, dot, rest = host.partition(".")
    return twin.shop(handle) if dot and rest == "myshopify.com" else None


def _knows_client(twin: Twin, given: dict[str, Any]) -> bool:
    secret = str(given.get("client_secret", "")).encode()
    return given.get("client_id") == twin.app.client_id and hmac.compare_digest(
        secret, twin.app.client_secret.encode()
    )


def _exchange(shop: Shop, given: dict[str, Any]) -> ResponseReturnValue:
    if given.get("requested_token_type") != OFFLINE_TOKEN or str(given.get("expiring")) != "1":
        # Public apps created from 2026-04-01 on get no other token.
        return _refusal("invalid_request", "Only expiring offline tokens are given.")
    if given.get("subject_token_type") != ID_TOKEN:
        return _refusal("invalid_request", "subject_token_type must be the id_token type.")
    try:
        check_id_token(shop, str(given.get("subject_token", "")))
    except InvalidTokenError as error:
        return _refusal("invalid_subject_token", str(error))
    return jsonify(issue(shop))


def _refresh(shop: Shop, given: dict[str, Any]) -> ResponseReturnValue:
    try:
        return jsonify(refresh(shop.twin, shop, str(given.get("refresh_token", ""))))
    except InvalidTokenError as error:
        return _refusal("invalid_grant", str(error))


def _refusal(code: str, description: str) -> ResponseReturnValue:
    return jsonify({"error": code, "error_description": description}), 400
