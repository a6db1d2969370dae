"""*Open dashboard*: the plugin's token, which works once and for a minute, becomes a session.

The token says for whom (`aud`: this address of ours), of which store (`site`, `home`) and which of
its connections (`gen`), which WordPress user with which right (`uid`, `cap`), where to (`to`),
until when (`exp`), and which one it is (`jti`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.db import nonces
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.stores import same_store
from app.pipeline.runtime import Runtime
from app.platforms.woocommerce.plugin_signatures import claimed_site, read_token
from app.services.plugin.link import valid_secrets

PATH = "/plugin/open"
LEEWAY = timedelta(seconds=30)  # the store's clock is its own
_LIVES = timedelta(seconds=60)
_REMEMBERED = timedelta(minutes=10)
_PURPOSE = "plugin-open"
_PAGES = re.compile(r"/app/[A-Za-z0-9_/-]*|/connect")
_JTI = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Entered:
    """A merchant who comes from the store's admin."""

    shop: Shop
    user: str
    to: str


@dataclass(frozen=True, slots=True)
class NoEntry:
    """Why a token opens nothing. `code` is stable and safe to log."""

    code: str


def enter(rt: Runtime, token: str) -> Entered | NoEntry:
    """Use a token up; the second time it is refused."""
    now = rt.wall.now()
    with rt.db.read() as uow:
        shop = Shops(uow).by_ref(claimed_site(token) or "")
        known = valid_secrets(ShopData(uow, shop.id)) if shop and shop.connected else ()
    claims = read_token(token, known)
    if shop is None or claims is None:
        return NoEntry("signature_wrong")
    if refusal := _refusal(rt, shop, claims, now):
        return refusal
    with rt.db.write() as uow:
        present = Shops(uow).get(shop.id)
        if not present.connected or present.generation != shop.generation:
            return NoEntry("other_connection")
        jti = f"{shop.id}:{claims['jti']}"
        expires = now + _REMEMBERED
        if not nonces.remember(uow, _PURPOSE, jti, {}, expires_at=expires, shop_id=shop.id):
            return NoEntry("used")
    return Entered(shop, f"wordpress:{claims['uid']}", page_named(claims.get("to")))


def page_named(to: object) -> str:
    """The page of ours that a token asks for; the home page instead of any other address."""
    return to if isinstance(to, str) and _PAGES.fullmatch(to) else "/app/"


def _refusal(rt: Runtime, shop: Shop, claims: Mapping[str, Any], now: datetime) -> NoEntry | None:
    """What is wrong with claims that the store did sign."""
    if claims.get("aud") != rt.links.public_url + PATH:
        return NoEntry("other_audience")
    if claims.get("site") != shop.public_ref or claims.get("gen") != shop.generation:
        return NoEntry("other_connection")
    if not same_store(shop.domain, str(claims.get("home", ""))):
        return NoEntry("other_store")
    if claims.get("cap") != "manage_woocommerce" or not _is_number(claims.get("uid")):
        return NoEntry("no_right")
    if not _JTI.fullmatch(str(claims.get("jti", ""))):
        return NoEntry("malformed")
    expires = _moment(claims.get("exp"))
    if expires is None or expires > now + _LIVES + LEEWAY:
        return NoEntry("malformed")
    return NoEntry("expired") if expires + LEEWAY <= now else None


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _moment(value: object) -> datetime | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
