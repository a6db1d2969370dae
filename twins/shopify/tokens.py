"""ID tokens that the admin signs, and the expiring offline tokens that the app buys with them."""

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

import jwt

from twins.common.state import Document
from twins.shopify.shop import Shop, Twin

STAFF_USER = 91_000_001
# How long the refresh token before the newest one may still be used, if the newest never was.
PREVIOUS_REFRESH_DAYS = 30


class InvalidTokenError(Exception):
    """A token that cannot be accepted; the text says why."""


def id_token(shop: Shop, seconds: int | None = None) -> str:
    """Sign the ID token that the admin gives to the framed app; it lives on wall time."""
    now = int(shop.twin.clock.wall().timestamp())
    if seconds is None:
        seconds = shop.settings["id_token_seconds"]
    lifetime = shop.twin.limits.id_token_seconds if seconds is None else seconds
    claims = {
        "iss": f"https://{shop.domain}/admin",
        "dest": f"https://{shop.domain}",
        "aud": shop.twin.app.client_id,
        "sub": str(STAFF_USER),
        "exp": now + lifetime,
        "nbf": now,
        "iat": now,
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid5(uuid.NAMESPACE_URL, shop.domain)),
    }
    return jwt.encode(claims, shop.twin.app.client_secret, algorithm="HS256")


def check_id_token(shop: Shop, token: str) -> None:
    """Raise InvalidTokenError unless the token is a fresh one of this shop and app."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            shop.twin.app.client_secret,
            algorithms=["HS256"],
            audience=shop.twin.app.client_id,
            options={"require": ["iss", "dest", "aud", "sub", "exp", "nbf"]},
        )
    except jwt.InvalidTokenError as error:
        raise InvalidTokenError(str(error)) from error
    if claims["dest"] != f"https://{shop.domain}":
        raise InvalidTokenError("The token was made for another shop.")


def issue(shop: Shop) -> Document:
    """Start a new chain of expiring offline tokens; returns the answer for the app."""
    chain: Document = {"id": secrets.token_hex(8), "shop": shop.handle, "previous": None}
    return _extend(shop.twin, chain, shop.settings["scopes"])


def refresh(twin: Twin, shop: Shop, refresh_token: str) -> Document:
    """Exchange a refresh token for a new pair; raises InvalidTokenError.

    Using the newest token retires the one before it; until then that one works too, so that an
    answer which got lost can be asked for again.
    """
    now = twin.clock.wall()
    chain = next(
        (
            chain
            for chain in twin.documents.all("token-chain")
            if refresh_token in (chain["refresh"]["token"], (chain["previous"] or {}).get("token"))
        ),
        None,
    )
    if chain is None or chain["shop"] != shop.handle:
        raise InvalidTokenError("The refresh token is unknown or was used up.")
    if refresh_token == chain["refresh"]["token"]:
        chain["previous"] = chain["refresh"]
        limit = now + timedelta(days=PREVIOUS_REFRESH_DAYS)
        chain["previous_until"] = min(limit, _time(chain["refresh"]["expires_at"])).isoformat()
        expires_at = _time(chain["refresh"]["expires_at"])
    else:
        expires_at = _time(chain["previous_until"])
    if expires_at <= now:
        raise InvalidTokenError("The refresh token has expired.")
    return _extend(twin, chain, shop.settings["scopes"])


def _extend(twin: Twin, chain: Document, scopes: list[str]) -> Document:
    now, limits = twin.clock.wall(), twin.limits
    access = {
        "id": f"shpat_{secrets.token_hex(16)}",
        "shop": chain["shop"],
        "chain": chain["id"],
        "expires_at": (now + timedelta(seconds=limits.access_token_seconds)).isoformat(),
    }
    chain["refresh"] = {
        "token": f"shprt_{secrets.token_hex(16)}",
        "expires_at": (now + timedelta(seconds=limits.refresh_token_seconds)).isoformat(),
    }
    twin.documents.put("access-token", access["id"], access)
    twin.documents.put("token-chain", chain["id"], chain)
    return {
        "access_token": access["id"],
        "scope": ",".join(scopes),
        "expires_in": limits.access_token_seconds,
        "refresh_token": chain["refresh"]["token"],
        "refresh_token_expires_in": limits.refresh_token_seconds,
    }


def access_is_valid(shop: Shop, token: str) -> bool:
    """Tell whether an access token opens this shop now."""
    found = shop.twin.documents.get("access-token", token)
    return (
        found is not None
        and found["shop"] == shop.handle
        and _time(found["expires_at"]) > shop.twin.clock.wall()
    )


def expire_access(shop: Shop) -> None:
    """Let every access token of the shop expire now (a control switch)."""
    now = shop.twin.clock.wall().isoformat()
    for token in shop.twin.documents.all("access-token"):
        if token["shop"] == shop.handle:
            shop.twin.documents.put("access-token", token["id"], token | {"expires_at": now})


def revoke_all(shop: Shop) -> None:
    """Forget every token of the shop: the app was uninstalled."""
    for kind in ("access-token", "token-chain"):
        for document in shop.twin.documents.all(kind):
            if document["shop"] == shop.handle:
                shop.twin.documents.delete(kind, document["id"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
