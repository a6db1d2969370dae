"""`/wc-auth/v1/`: the merchant grants an app a key, and the store posts it to the app.

As measured: the callback must be https and answer exactly 200, else the key is deleted and the
merchant sees a 401 page; the approve link can be used again and makes a new key each time;
`user_id` is decoded once more on every step, so `+` and `&` do not survive.
"""

import hashlib
import hmac
import http.client
import re
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit, urlunsplit

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from twins.common.delivery import OutgoingRequest
from twins.woocommerce import auth, php
from twins.woocommerce.hookshot import ACCEPT_ENCODING, is_loopback, safe_send
from twins.woocommerce.rest import MANAGERS
from twins.woocommerce.store import WORDPRESS, Store, random_text

PARAMETERS = ("app_name", "user_id", "return_url", "callback_url", "scope")
SCOPES = {"read": "Read", "write": "Write", "read_write": "Read/Write"}
PERMISSIONS = (
    "Create webhooks",
    "View and manage coupons",
    "View and manage customers",
    "View and manage orders and sales reports",
    "View and manage products",
)
COOKIE = "wordpress_logged_in"
CALLBACK_TIMEOUT_SECONDS = 60


class AuthError(Exception):
    """The request is refused with a 401 page; its text is shown."""


def wc_auth(store: Store, allow_http_callback: bool) -> Blueprint:
    """Return the grant pages; `allow_http_callback` is for loopback only."""
    blueprint = Blueprint("wc_auth", __name__, template_folder="templates")

    @blueprint.errorhandler(AuthError)
    def refused(error: AuthError) -> ResponseReturnValue:
        return render_template("wc_auth_error.html", message=str(error), store=store), 401

    @blueprint.route("/wc-auth/v1/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        data = _validated(allow_http_callback)
        if request.method == "GET":
            return render_template("wc_auth_login.html", data=data, store=store)
        response = redirect(_link("authorize", data))
        response.set_cookie(COOKIE, _session(store), httponly=True, samesite="Lax")
        return response

    @blueprint.get("/wc-auth/v1/authorize")
    def authorize() -> ResponseReturnValue:
        data = _validated(allow_http_callback)
        if request.cookies.get(COOKIE) != _session(store):
            return redirect(_link("login", data))
        _check_merchant(store)
        granted = _link("access_granted", data) + f"&wc_auth_nonce={_nonce(store)}"
        denied = _returning(data, success=0)
        return render_template(
            "wc_auth_grant.html",
            data=data,
            store=store,
            scope=SCOPES[data["scope"]],
            permissions=PERMISSIONS,
            granted=granted,
            denied=denied,
        )

    @blueprint.get("/wc-auth/v1/access_granted")
    def access_granted() -> ResponseReturnValue:
        data = _validated(allow_http_callback)
        if request.cookies.get(COOKIE) != _session(store):
            raise AuthError("You do not have permission to access this page")
        _check_merchant(store)
        if request.args.get("wc_auth_nonce") != _nonce(store):
            raise AuthError("Invalid nonce verification")
        return _grant(store, data)

    return blueprint


def _validated(allow_http_callback: bool) -> dict[str, str]:
    data = {}
    for name in PARAMETERS:
        value = request.args.get(name, "")
        if value in ("", "0"):  # PHP's empty()
            raise AuthError(f"Missing parameter {name}")
        data[name] = value
    if data["scope"] not in SCOPES:
        raise AuthError(f"Invalid scope {data['scope']}")
    for name in ("return_url", "callback_url"):
        url = _formatted(data[name])
        if not urlsplit(url).hostname or not re.fullmatch(r"[\x21-\x7e]+", url):
            raise AuthError(f"The {url} is not a valid URL")
        data[name] = url
    callback = urlsplit(data["callback_url"])
    on_loopback = allow_http_callback and is_loopback(callback.hostname or "")
    if callback.scheme != "https" and not on_loopback:
        raise AuthError("The callback_url needs to be over SSL")
    return data


def _formatted(url: str) -> str:
    url = unquote_plus(url)
    return url if "://" in url else f"https://{url}"


def _link(step: str, data: dict[str, str]) -> str:
    # WordPress encodes only the two addresses, and drops a `=` at the end of a value: so `+`, `&`
    # and `==` in a user_id do not survive.
    encoded = {name: quote(data[name], safe="") for name in ("return_url", "callback_url")}
    values = data | encoded | {"app_name": data["app_name"].replace(" ", "+")}
    query = "&".join(f"{name}={values[name]}" for name in PARAMETERS)
    return f"/wc-auth/v1/{step}?" + re.sub(r"=(&|$)", r"\1", query).replace(" ", "%20")


def _returning(data: dict[str, str], success: int) -> str:
    parts = urlsplit(data["return_url"])
    query = [*parse_qsl(parts.query), ("success", str(success))]
    text = urlencode(query) + f"&user_id={data['user_id']}".replace(" ", "%20")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, text, parts.fragment))


def _grant(store: Store, data: dict[str, str]) -> Response:
    with store.locked():
        moment = store.clock.now().strftime("%Y-%m-%d %H:%M:%S")
        description = f"{data['app_name']} - API ({moment})"
        key = auth.create_key(store, 1, description, data["scope"])
    # The store's lock is free here: the app may call back before it answers.
    answer = {
        "key_id": key["key_id"],
        "user_id": data["user_id"],
        "consumer_key": key["consumer_key"],
        "consumer_secret": key["consumer_secret"],
        "key_permissions": key["permissions"],
    }
    try:
        status = safe_send(_callback(store, data["callback_url"], answer), CALLBACK_TIMEOUT_SECONDS)
    except (OSError, http.client.HTTPException) as error:
        auth.delete_key(store, key["key_id"])
        raise AuthError(str(error)) from error
    if status != 200:
        auth.delete_key(store, key["key_id"])
        raise AuthError(
            "An error occurred in the request and at the time were unable to send the consumer data"
        )
    return redirect(_returning(data, success=1))


def _callback(store: Store, url: str, answer: dict[str, object]) -> OutgoingRequest:
    body = php.json_encode(answer).encode()
    headers = [
        ("Host", urlsplit(url).netloc),
        ("User-Agent", f"WordPress/{WORDPRESS}; {store.home_url}"),
        ("Accept", "*/*"),
        ("Accept-Encoding", ACCEPT_ENCODING),
        ("Content-Type", "application/json;charset=UTF-8"),
        ("Connection", "close"),
        ("Content-Length", str(len(body))),
    ]
    return OutgoingRequest(url, headers, body, "", "")


def _check_merchant(store: Store) -> None:
    user = store.state.get("user", 1)
    if user is None or user["role"] not in MANAGERS:
        raise AuthError("You do not have permission to access this page")


def _session(store: Store) -> str:
    return _keyed(store, "session")


def _nonce(store: Store) -> str:
    return _keyed(store, "wc_auth_grant_access")[:10]


def _keyed(store: Store, purpose: str) -> str:
    with store.locked():
        salt = store.state.get("twin", "salt")
        if salt is None:
            salt = {"value": random_text(64)}
            store.state.put("twin", "salt", salt)
    return hmac.new(salt["value"].encode(), purpose.encode(), hashlib.sha256).hexdigest()
