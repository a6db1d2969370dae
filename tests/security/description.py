"""What machines may send and are answered, as OpenAPI: for tests, not a promise to anybody.

`X-Test-Sign` is no header of ours: who sends it has the request signed on the way, as the platform
or our plugin would (`Signing`), so that both sides of each door are tried.
"""

import base64
import hmac
import io
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from tests.http.merchant_shop import MerchantShop
from tests.security.signing import call_headers, connect_again
from tests.support import CLIENT_SECRET

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

# What machines speak with us beside the routes that `speaks_json` finds: deliveries, which are
# answered in front of Flask, and forms that are sent without looking at a page (RFC 8058).
BESIDE = {
    ("POST", "/webhooks/{platform}"), ("POST", "/webhooks/{platform}/{token}"),
    ("POST", "/u/{token}"),
}  # fmt: skip
GONE = "/plugin/v1/gone"

_TEXT = {"type": "string"}
_ID = {"anyOf": [{"type": "integer", "minimum": 0}, _TEXT, {"type": "null"}]}
_MONEY = {"anyOf": [{"enum": ["0", "19.90", "1e3", "-1", "NaN", "1e999", ""]}, _TEXT]}
_TIME = {
    "anyOf": [
        {"enum": ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00", "0001-01-01T00:00:00+14:00", ""]},
        _TEXT,
        {"type": "null"},
    ]
}
_PERSON = {
    "type": "object",
    "properties": {"id": _ID, "email": _TEXT, "first_name": _TEXT, "phone": {"type": "null"}},
}
_LINE = {
    "type": "object",
    "properties": {"id": _ID, "product_id": _ID, "name": _TEXT, "title": _TEXT, "total": _MONEY,
                   "price": _MONEY, "quantity": {"anyOf": [{"type": "number"}, _TEXT]}},
    "required": ["id", "quantity"],
}  # fmt: skip
_ORDER = {
    "type": "object",
    "properties": {
        "id": _ID, "number": _TEXT, "name": _TEXT, "status": {"enum": ["completed", "x", ""]},
        "currency": {"enum": ["EUR", "TRY", "eur", "€", ""]}, "total": _MONEY,
        "total_price": _MONEY, "billing": _PERSON, "customer": _PERSON,
        "line_items": {"type": "array", "items": _LINE, "maxItems": 3},
        "date_created_gmt": _TIME, "date_modified_gmt": _TIME, "created_at": _TIME,
        "updated_at": _TIME, "shop_domain": {"enum": ["some-shop.myshopify.com", "x"]},
        "myshopify_domain": {"enum": ["some-shop.myshopify.com", "x"]},
    },
    "required": ["id", "currency", "total", "line_items", "updated_at", "date_modified_gmt"],
}  # fmt: skip
_EMPTY = {"description": "a status and nothing else"}
_PAGE = {"description": "a page", "content": {"text/html": {}}}
_ANY = {"description": "any JSON", "content": {"application/json": {}}}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "JSON", "content": {"application/json": {"schema": schema}}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _parameter(where: str, name: str, *known: str, free: bool = True) -> dict[str, Any]:
    choices: list[Any] = [{"enum": list(known)}] if known else []
    wide = {"type": "string", "minLength": 1} if where == "path" else _TEXT
    schema = {"anyOf": [*choices, *([wide] if free else [])]}
    return {"in": where, "name": name, "required": where != "query", "schema": schema}


def _body(schema: Mapping[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"required": True, "content": {kind: {"schema": schema}}}


def _answers(**found: Any) -> dict[str, Any]:
    """By status; nobody's path is found (404), made of too much (413, 414), or mended (308)."""
    common = {
        "308": {"description": "moved", "content": {"text/html": {}}}, "400": _EMPTY,
        "404": _EMPTY, "405": _EMPTY, "413": _EMPTY,
    }  # fmt: skip
    return {**common, **{status.removeprefix("s"): answer for status, answer in found.items()}}


def _token(*known: str) -> dict[str, Any]:
    return _parameter("path", "token", *known, "x.y.z", "x", free=False)


_SIGN = _parameter("header", "X-Test-Sign", "yes", "no", free=False)
_TOPICS = (
    "orders/create", "orders/updated", "customers/redact", "shop/redact", "app/uninstalled",
    "products/update", "refunds/create", "fulfillments/create", "returns/request",
    "customers/update",
)  # fmt: skip
_SIGNED = (_SIGN, _parameter("header", "X-Test-Topic", *_TOPICS, free=False))


def paths(woocommerce_token: str, links: Mapping[str, str]) -> dict[str, Any]:
    """Every route that speaks JSON, and `BESIDE`; some addresses lead to what is there."""
    deliver = {"requestBody": _body(_ORDER), "responses": _answers(s200=_EMPTY, s401=_EMPTY)}
    status = _object(
        paused={"type": "boolean"}, waiting={"type": "integer"}, problems={"type": "array"},
        automations={"type": "array"}, webhooks=_object(active={"type": "integer"}),
    )  # fmt: skip
    switch = {
        "type": "object",
        "properties": {"what": {"enum": ["pause", "resume", "off", "x"]}, "automation": _TEXT,
                       "user": _ID},
        "required": ["what"],
    }  # fmt: skip
    done = _json(_object(done={"type": "boolean"}))
    keys = _object(user_id=_TEXT, consumer_key=_TEXT, consumer_secret=_TEXT)
    wanted = _parameter("query", "lang", "sk", "tr")
    return {
        "/webhooks/{platform}": {
            "post": {**deliver, "parameters": [
                _parameter("path", "platform", "shopify", free=False), *_SIGNED,
            ]},
        },
        "/webhooks/{platform}/{token}": {
            "post": {**deliver, "parameters": [
                _parameter("path", "platform", "shopify", "woocommerce", free=False),
                _parameter("path", "token", woocommerce_token, "compliance", free=False), *_SIGNED,
            ]},
        },
        "/connect/woocommerce/callback": {
            "post": {"requestBody": _body(keys), "responses": _answers(s200=_EMPTY)},
        },
        "/plugin/v1/status": {
            "get": {"parameters": [_SIGN, wanted],
                    "responses": _answers(s200=_json(status), s401=_EMPTY)},
        },
        "/plugin/v1/switch": {
            "post": {"parameters": [_SIGN], "requestBody": _body(switch),
                     "responses": _answers(s200=done, s401=_EMPTY)},
        },
        "/healthz": {
            "get": {"responses": _answers(
                s200=_json(_object(status={"enum": ["ok"]}, installation=_TEXT)))},
        },
        "/readyz": {
            "get": {"responses": _answers(
                s200=_json(_object(status=_TEXT, database=_TEXT, queue=_TEXT)), s503=_ANY)},
        },
        "/x/{token}": {
            "get": {"parameters": [_token(links["/x/"])],
                    "responses": _answers(s200=_ANY, s400=_PAGE, s410=_PAGE)},
        },
        "/shop-export/{token}": {
            "get": {"parameters": [_token(links["/shop-export/"])],
                    "responses": _answers(s200=_ANY)},
        },
        "/u/{token}": {
            "post": {
                "parameters": [_token(links["/u/"]), wanted],
                "requestBody": _body(
                    {"type": "object", "properties": {"List-Unsubscribe": _TEXT, "do": _TEXT}},
                    "application/x-www-form-urlencoded",
                ),
                "responses": _answers(s200=_PAGE, s400=_PAGE, s413=_PAGE, s429=_PAGE),
            },
        },
        GONE: {
            "post": {"parameters": [_SIGN], "requestBody": _body({"type": "object"}),
                     "responses": _answers(s200=done, s401=_EMPTY)},
        },
    }  # fmt: skip


class Signing:
    """The application behind somebody who signs what asks for it."""

    def __init__(self, shop: MerchantShop, woocommerce_secret: str) -> None:
        self._shop = shop
        self._woocommerce = woocommerce_secret

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """One request."""
        if environ.get("HTTP_X_TEST_SIGN") == "yes":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            if environ["PATH_INFO"] == GONE:
                connect_again(self._shop)  # it was gone after the last one
            for name, value in self._headers(environ, body).items():
                environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        return self._shop.app.wsgi_app(environ, start)

    def _headers(self, environ: dict[str, Any], body: bytes) -> dict[str, str]:
        path, query = unquote(environ["PATH_INFO"]), environ.get("QUERY_STRING", "")
        if path.startswith("/plugin/"):
            target = f"{path}?{query}" if query else path
            return call_headers(self._shop, environ["REQUEST_METHOD"], target, body)
        if path.startswith("/webhooks/shopify"):
            return {
                "X-Shopify-Hmac-Sha256": _mac(CLIENT_SECRET, body),
                "X-Shopify-Topic": environ.get("HTTP_X_TEST_TOPIC", "orders/create"),
                "X-Shopify-Shop-Domain": "some-shop.myshopify.com",
                "X-Shopify-Webhook-Id": sha256(body).hexdigest(),
            }
        return {"X-WC-Webhook-Signature": _mac(self._woocommerce, body)}


def _mac(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()
