"""Consumer keys: Basic or query string over https only, OAuth 1.0a over http.

Follows WooCommerce's own order: over https an unknown key is nobody (no error), a wrong secret is
an error; OAuth names what was wrong. Keys act as their owner; a deleted owner leaves nobody.
"""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any
from urllib.parse import quote, unquote

from flask import Request

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.errors import WpError
from twins.woocommerce.store import Store

WINDOW_SECONDS = 15 * 60
_OAUTH = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)


def create_key(store: Store, user_id: int, description: str, permissions: str) -> Document:
    """Make a consumer key; only its hash is kept, so this is the one time it can be read."""
    consumer_key = f"ck_{secrets.token_hex(20)}"
    key: Document = {
        "hash": _hash(consumer_key),
        "key_id": store.state.next_id("key"),
        "user_id": user_id,
        "description": description,
        "permissions": permissions,
        "consumer_secret": f"cs_{secrets.token_hex(20)}",
        "nonces": {},
    }
    store.state.put("key", key["hash"], key)
    return key | {"consumer_key": consumer_key}


def delete_key(store: Store, key_id: int) -> bool:
    """Forget a key; False if there was none."""
    for key in store.state.all("key"):
        if key["key_id"] == key_id:
            store.state.delete("key", key["hash"])
            return True
    return False


def is_ssl(request: Request) -> bool:
    """Tell whether the store believes that it is asked over https."""
    return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"


def authenticate(store: Store, request: Request, query: dict[str, Any]) -> Document | None:
    """Return the user behind the request, None for nobody; raise WpError for bad credentials."""
    key = _basic(store, request, query) if is_ssl(request) else None
    if key is None:
        key = _oauth(store, request, query)
    if key is None:
        return None
    needed = "read" if request.method in ("GET", "HEAD") else "write"
    if key["permissions"] not in (needed, "read_write"):
        raise _refused(f"The API key provided does not have {needed} permissions.")
    return store.state.get("user", key["user_id"])


def _basic(store: Store, request: Request, query: dict[str, Any]) -> Document | None:
    name, secret = query.get("consumer_key"), query.get("consumer_secret")
    if not (name and secret) and request.authorization is not None:
        name, secret = request.authorization.username, request.authorization.password
    if not (name and secret):
        return None
    key = store.state.get("key", _hash(name))
    if key is not None and not hmac.compare_digest(key["consumer_secret"], str(secret)):
        raise _refused("Consumer secret is invalid.")
    return key


def _oauth(store: Store, request: Request, query: dict[str, Any]) -> Document | None:
    form = php.parse_parameters(request.form.items(multi=True))
    params = query | form | _header_parameters(request.headers.get("Authorization", ""))
    missing = [name for name in _OAUTH if not params.get(name)]
    if len(missing) == len(_OAUTH):
        return None
    if missing:
        word = "parameter" if len(missing) == 1 else "parameters"
        raise WpError(
            "woocommerce_rest_authentication_missing_parameter",
            f"Missing OAuth {word} {', '.join(missing)}",
            401,
        )
    with store.locked():
        key = store.state.get("key", _hash(params["oauth_consumer_key"]))
        if key is None:
            raise _refused("Consumer key is invalid.")
        _check_signature(store, request, key, params)
        _check_nonce(store, key, params)
    return key


def _header_parameters(header: str) -> dict[str, str]:
    if not header.startswith("OAuth "):
        return {}
    found = re.findall(r'(oauth_[a-z_-]*)=(?:"([^"]*)"|([^,]*))', header)
    return {name: unquote(quoted or plain) for name, quoted, plain in found}


def _check_signature(store: Store, request: Request, key: Document, params: dict[str, Any]) -> None:
    method = params["oauth_signature_method"]
    if method not in ("HMAC-SHA1", "HMAC-SHA256"):
        raise _refused("Invalid signature - signature method is invalid.")
    path = request.environ.get("RAW_URI", request.path).split("?")[0]
    home = _with_scheme(store.served_at or store.home_url, is_ssl(request))
    signed = {name: value for name, value in params.items() if name != "oauth_signature"}
    pairs = [pair for name in sorted(signed) for pair in _pairs(_encode(name), signed[name])]
    text = "&".join([request.method, _encode(home + path), "%26".join(map(_encode, pairs))])
    algorithm = hashlib.sha1 if method == "HMAC-SHA1" else hashlib.sha256
    digest = hmac.new(f"{key['consumer_secret']}&".encode(), text.encode(), algorithm).digest()
    given = unquote(params["oauth_signature"].replace(" ", "+"))
    if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
        raise _refused("Invalid signature - provided signature does not match.")


def _pairs(name: str, value: Any) -> list[str]:
    # PHP numbers the entries of a list, so a client that signs `include[]` does not match.
    if isinstance(value, list):
        value = {str(number): item for number, item in enumerate(value)}
    if isinstance(value, dict):
        return [pair for k, v in value.items() for pair in _pairs(f"{name}%5B{k}%5D", v)]
    return [f"{name}={_encode(str(value))}"]


def _check_nonce(store: Store, key: Document, params: dict[str, Any]) -> None:
    now = store.clock.wall().timestamp()
    stamp, nonce = str(params["oauth_timestamp"]), str(params["oauth_nonce"])
    if not stamp.isdigit() or abs(now - int(stamp)) > WINDOW_SECONDS:
        raise _refused("Invalid timestamp.")
    if nonce in key["nonces"]:
        raise _refused("Invalid nonce - nonce has already been used.")
    fresh = {n: t for n, t in key["nonces"].items() if t >= now - WINDOW_SECONDS}
    key["nonces"] = fresh | {nonce: int(stamp)}
    store.state.put("key", key["hash"], key)


def _with_scheme(home_url: str, ssl: bool) -> str:
    return ("https" if ssl else "http") + "://" + home_url.split("://", 1)[1]


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _hash(consumer_key: str) -> str:
    return hashlib.sha256(str(consumer_key).encode()).hexdigest()


def _refused(message: str) -> WpError:
    return WpError("woocommerce_rest_authentication_error", message, 401)
