"""Connecting a WooCommerce store: through its own approval page, or with pasted keys.

What keeps somebody from taking over a stranger's store: the approval's id (`user_id`) is a
single-use nonce that names the store as it was typed; the keys that come with it are tried on that
store only; and they are used only if the approval's *first* return is in the browser that began,
after the keys came. So a link that is passed on to a store's owner connects nothing: his own
browser returns first, and burns it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from app import cookies
from app.db import nonces
from app.db.shops import Shop
from app.deps import Deps
from app.http import allow, caller, current_deps, empty
from app.installers.texts import WORDS
from app.platforms.base import StoreInfo
from app.platforms.woocommerce.probe import ProbeFailure, StoreFound, probe
from app.services import connections
from app.services.connections import CannotConnect
from app.services.rate_limits import rate_limits
from app.services.subscriptions import reachable

log = structlog.get_logger()
blueprint = Blueprint("connect_woocommerce", __name__, url_prefix="/connect")

_GRANT = "wc-auth"
_RETURN = "wc-return"
_COOKIE = "afterglow-connect"
_APPROVE_WITHIN = timedelta(minutes=15)
_LARGEST_CALLBACK = 10_240
_WORD = re.compile(r"[A-Za-z0-9_-]{1,100}")  # nonces and keys; half characters cannot be stored
_KEY, _SECRET = re.compile(r"ck_[0-9a-f]{40}"), re.compile(r"cs_[0-9a-f]{40}")
_ABOUT_KEYS = {"key_format", "key_read_only", "other_store", "store_key_refused"}
_OWNER = "owner"
_VISITS = BoundedSemaphore(2)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """A reason with its words, ready for a template."""

    code: str
    what: str
    remedy: str
    params: dict[str, str]

    @property
    def about_keys(self) -> bool:
        """Whether the fields with the keys are to be looked at."""
        return self.code in _ABOUT_KEYS


@blueprint.get("")
def choose() -> Response:
    """Which platform, and the address of a WooCommerce store; our plugin sends that along."""
    return _form("connect.html", address=request.args.get("address", "").strip()[:300])


@blueprint.post("/woocommerce")
def begin() -> ResponseReturnValue:
    """Look at the store and send the browser to its approval page."""
    address = request.form.get("address", "").strip()[:300]
    found = _looked_up(address)
    if isinstance(found, Failure):
        return _form("connect.html", found, address)
    deps = current_deps()
    if not reachable(deps.settings.public_url, found.home):
        return _form("connect.html", _failure("callback_needs_https"), address)
    expires = deps.wall.now() + _APPROVE_WITHIN
    with deps.db.write() as uow:
        nonce = nonces.mint(uow, _GRANT, {"home": found.home}, expires)
        nonces.remember(uow, _RETURN, nonce, {}, expires_at=expires)
    response = redirect(_approval_page(deps, found.home, nonce), 303)
    pending = {"pending": connections.pending_id(nonce)}
    cookies.put(deps, response, _COOKIE, pending, connections.PENDING_FOR)
    return response


def _approval_page(deps: Deps, home: str, nonce: str) -> str:
    ours = f"{deps.settings.public_url}/connect/woocommerce"
    query = {
        "app_name": "Afterglow",
        "scope": "read_write",
        "user_id": nonce,
        "return_url": f"{ours}/return",
        "callback_url": f"{ours}/callback",
    }
    return f"{home}/wc-auth/v1/authorize?{urlencode(query)}"


@blueprint.post("/woocommerce/callback")
def take_keys() -> Response:
    """The store posts the keys, waits for the answer, and deletes them unless it is exactly 200."""
    deps = current_deps()
    given = _posted_keys()
    if given is None:
        return empty(400)
    with deps.db.write() as uow:
        nonce = nonces.consume(uow, _GRANT, given["user_id"], deps.wall.now())
        if nonce is not None:
            pending = connections.pending_id(given["user_id"])
            granted = {
                "home": nonce.data["home"],
                "key": given["consumer_key"],
                "secret": given["consumer_secret"],
            }
            connections.keep_granted_keys(deps, uow, pending, granted)
    if nonce is None:
        log.info("connect.callback_refused", code="unknown_or_used")
        return empty(404)
    return empty(200)


def _posted_keys() -> dict[str, str] | None:
    request.max_content_length = _LARGEST_CALLBACK
    try:
        body = request.get_json(force=True)
    except (BadRequest, RequestEntityTooLarge, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    given = {name: body.get(name) for name in ("user_id", "consumer_key", "consumer_secret")}
    words = {k: v for k, v in given.items() if isinstance(v, str) and _WORD.fullmatch(v)}
    return words if len(words) == len(given) else None


@blueprint.get("/woocommerce/return")
def come_back() -> ResponseReturnValue:
    """The store sends the browser back; the first arrival decides whether the keys may be used."""
    deps = current_deps()
    nonce, now = request.args.get("user_id", ""), deps.wall.now()
    ours = _pending(deps) == connections.pending_id(nonce)
    with deps.db.write() as uow:
        first = nonces.consume(uow, _RETURN, nonce, now) is not None
        early = nonces.consume(uow, _GRANT, nonce, now) is not None
        if first and not ours:
            connections.drop_granted_keys(deps, uow, connections.pending_id(nonce))
    if not ours:
        return _refused("other_browser")
    if early:
        return _refused("not_approved")
    response = redirect("/connect/woocommerce/waiting", 303)
    returned = {"pending": connections.pending_id(nonce), "returned": True}
    cookies.put(deps, response, _COOKIE, returned, connections.PENDING_FOR)
    return response


@blueprint.get("/woocommerce/waiting")
def wait() -> ResponseReturnValue:
    """Until the store has answered; then the keys are put to use and the merchant is signed in."""
    deps = current_deps()
    pending = _pending(deps, returned=True)
    verdict = connections.verdict(deps, pending) if pending else CannotConnect("link_used")
    if verdict is None:
        response = Response(render_template("installers/waiting.html"), mimetype="text/html")
        response.headers["Refresh"] = "2"
        return response
    if isinstance(verdict, CannotConnect):
        return _refused(verdict.code, verdict.params)
    return _welcome(deps, verdict)


@blueprint.get("/woocommerce/keys")
def ask_for_keys() -> Response:
    """The second way."""
    return _form("keys.html")


@blueprint.post("/woocommerce/keys")
def use_keys() -> ResponseReturnValue:
    """Try pasted keys on the store at once."""
    address = request.form.get("address", "").strip()[:300]
    keys = request.form.get("key", "").strip(), request.form.get("secret", "").strip()
    if not (_KEY.fullmatch(keys[0]) and _SECRET.fullmatch(keys[1])):
        return _form("keys.html", _failure("key_format"), address, keys[0])
    found = _looked_up(address)
    if isinstance(found, Failure):
        return _form("keys.html", found, address, keys[0])
    deps = current_deps()
    info = _visit(lambda: connections.verify(deps, "woocommerce", found.home, keys))
    if info is None:
        return _form("keys.html", _failure("busy"), address, keys[0])
    if not isinstance(info, StoreInfo):
        return _form("keys.html", _failure(info.code, info.params), address, keys[0])
    return _welcome(deps, connections.connect(deps, "woocommerce", found.home, keys, info))


def _welcome(deps: Deps, shop: Shop) -> ResponseReturnValue:
    response = redirect("/app/", 303)
    cookies.sign_in(deps, response, shop, _OWNER)
    cookies.drop(deps, response, _COOKIE)
    return response


def _looked_up(address: str) -> StoreFound | Failure:
    settings = current_deps().settings
    limits = rate_limits(settings.redis_url)
    if not limits.allow("30/hour", "connect", caller()):
        return _failure("too_often")
    loopback = settings.allow_loopback_stores
    found = _visit(lambda: probe(address, user_agent="Afterglow", allow_loopback=loopback))
    if found is None:
        return _failure("busy")
    return _failure(found.code, found.params) if isinstance(found, ProbeFailure) else found


def _visit(look: Callable[[], T]) -> T | None:
    """Ask a store while the browser waits; None while enough others do.

    Anybody can name a "store" that sends its answer byte by byte. Most threads of the web process
    must stay free: deliveries come through them, too.
    """
    if not _VISITS.acquire(blocking=False):
        return None
    try:
        return look()
    finally:
        _VISITS.release()


def _pending(deps: Deps, *, returned: bool = False) -> str:
    """What this browser waits for; with `returned` only once the store has sent it back here."""
    known = cookies.get(deps, _COOKIE, connections.PENDING_FOR) or {}
    return str(known.get("pending", "")) if known.get("returned") or not returned else ""


def _failure(code: str, params: Any = None) -> Failure:
    words = WORDS[code]
    return Failure(code, words.what, words.remedy, dict(params or {}))


def _form(
    template: str, failure: Failure | None = None, address: str = "", key: str = ""
) -> Response:
    """The page with what was entered; a secret is never sent back."""
    body = render_template(
        f"installers/{template}",
        failure=failure,
        address=address,
        key=key,
        error_count=1 if failure else 0,
    )
    response = Response(body, 422 if failure else 200, mimetype="text/html")
    # The answer to the form leads to the store, and browsers hold redirects to this rule, too.
    schemes = "https: http:" if current_deps().settings.development else "https:"
    return allow(response, form_action=f"'self' {schemes}")


def _refused(code: str, params: Any = None) -> ResponseReturnValue:
    page = render_template("installers/refused.html", failure=_failure(code, params))
    return page, 403
