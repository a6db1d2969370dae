"""Signed cookies of merchants' browsers: who began to connect a store, who is signed in.

Over https their names have the prefix `__Host-`, so no other host can set them; plain http exists
in development only. They hold ids and random values, and are checked against the database at use.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from app.db.shops import Shop
from app.deps import Deps
from app.domain.ids import ShopId

SESSION = "afterglow"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)  # however busy: then whoever took the cookie is out, too


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the session cookie says; whether it still holds is for the database to say."""

    shop_id: ShopId
    generation: int
    user: str
    csrf: str
    at: datetime
    since: datetime  # when the session began


def put(deps: Deps, response: Response, name: str, data: dict[str, Any], age: timedelta) -> None:
    """Set a cookie for the whole site, out of reach of scripts and of other sites' forms."""
    stamped = {**data, "t": int(deps.wall.now().timestamp())}
    response.set_cookie(
        _full_name(deps, name),
        _serializer(deps, name).dumps(stamped),
        max_age=age,
        secure=_secure(deps),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def get(deps: Deps, name: str, age: timedelta) -> dict[str, Any] | None:
    """What the cookie holds, if we signed it and it is not older than that."""
    try:
        data = _serializer(deps, name).loads(request.cookies.get(_full_name(deps, name), ""))
    except BadData:
        return None
    signed_at = datetime.fromtimestamp(data["t"], UTC)
    return data if deps.wall.now() - signed_at < age else None


def drop(deps: Deps, response: Response, name: str) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        _full_name(deps, name), path="/", secure=_secure(deps), httponly=True, samesite="Lax"
    )


def sign_in(
    deps: Deps,
    response: Response,
    shop: Shop,
    user: str,
    *,
    csrf: str = "",
    since: datetime | None = None,
) -> None:
    """Begin a session, or (with its own `csrf` and beginning) prolong it."""
    data = {
        "b": int((since or deps.wall.now()).timestamp()),
        "s": shop.id,
        "g": shop.generation,
        "u": user,
        "c": csrf or secrets.token_urlsafe(16),
    }
    put(deps, response, SESSION, data, IDLE)


def signed_in(deps: Deps) -> SignedIn | None:
    """The session that the browser claims to have."""
    data = get(deps, SESSION, IDLE)
    if data is None or "b" not in data:  # signed in before sessions had an end
        return None
    since = datetime.fromtimestamp(data["b"], UTC)
    if deps.wall.now() - since >= LONGEST:
        return None
    at = datetime.fromtimestamp(data["t"], UTC)
    return SignedIn(ShopId(data["s"]), data["g"], data["u"], data["c"], at, since)


def _secure(deps: Deps) -> bool:
    return deps.settings.public_url.startswith("https://")


def _full_name(deps: Deps, name: str) -> str:
    return f"__Host-{name}" if _secure(deps) else name


def _serializer(deps: Deps, name: str) -> URLSafeSerializer:
    return URLSafeSerializer(deps.db.keyring.link_keys(), salt=f"afterglow:cookie:{name}")
