"""Sign-in by mail: a one-time link to the owner's address that the store itself told us."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from app.db import nonces
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Schedule
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.effects.mails import SIGN_IN, SIGN_IN_MINUTES
from app.pipeline.plan import Planner
from app.pipeline.runtime import Runtime

_PLATFORM = "woocommerce"  # Shopify's merchants come through the Shopify admin


def send_link(rt: Runtime, address: str) -> None:
    """Mail a link if this store is connected; the caller never learns whether it is."""
    with rt.db.write() as uow:
        found = (Shops(uow).find(_PLATFORM, domain) for domain in _spellings(address))
        shop = next((shop for shop in found if shop and shop.connected), None)
        if shop is None:
            return
        now = rt.business.now()
        Planner(rt, ShopData(uow, shop.id)).apply(
            Schedule(
                kind=ActionKind.SIGN_IN_MAIL,
                dedupe_key=f"sign-in:{secrets.token_hex(8)}",
                due_at=now,
                useful_until=now + timedelta(minutes=SIGN_IN_MINUTES),
                reason=Reason.of(ReasonCode.REQUESTED),
            ),
            automation="",
            customer_id=None,
            version=0,
        )


def shop_of_link(rt: Runtime, token: str) -> Shop | None:
    """The shop that a link opens, while it does; looking does not use it up."""
    with rt.db.read() as uow:
        nonce = nonces.peek(uow, SIGN_IN, token, rt.wall.now())
        if nonce is None or nonce.used or nonce.shop_id is None:
            return None
        shop = Shops(uow).get(nonce.shop_id)
    return shop if shop.connected else None


def use_link(rt: Runtime, token: str) -> Shop | None:
    """The shop that a link opens; it works once."""
    with rt.db.write() as uow:
        nonce = nonces.consume(uow, SIGN_IN, token, rt.wall.now())
        if nonce is None or nonce.shop_id is None:
            return None
        shop = Shops(uow).get(nonce.shop_id)
    return shop if shop.connected else None


def _spellings(address: str) -> Iterator[str]:
    """The forms in which a store's address may have been stored."""
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = parts.netloc.lower()
    except ValueError:
        return
    path = parts.path.rstrip("/").removesuffix("/wp-admin")
    bare = host.removeprefix("www.")
    for name in dict.fromkeys((host, bare, f"www.{bare}")):
        for scheme in ("https", "http"):
            yield f"{scheme}://{name}{path}"
