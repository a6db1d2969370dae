"""Who calls us from a store's server: the signature names the store, and each call counts once."""

from dataclasses import dataclass
from datetime import timedelta

from app.db import nonces
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.pipeline.control import close
from app.pipeline.runtime import Runtime
from app.platforms.woocommerce.plugin_signatures import Call, call_is_signed, return_is_signed
from app.services.plugin.link import valid_secrets

CLOCKS_DIFFER = timedelta(minutes=5)
LINK_WORKS_FOR = timedelta(days=1)
_PURPOSE = "plugin-call"
_LONGEST_NONCE = 64


@dataclass(frozen=True, slots=True)
class Refused:
    """Not from a store of ours, or not any more. `code` is stable and safe to log."""

    code: str


def caller(rt: Runtime, call: Call) -> Shop | Refused:
    """The shop behind a call; a call that is repeated is refused."""
    with rt.db.read() as uow:
        shop = Shops(uow).by_ref(call.site)
        known = valid_secrets(ShopData(uow, shop.id)) if shop and shop.connected else ()
    if shop is None or not call_is_signed(known, call):
        return Refused("signature_wrong")
    if not _is_recent(rt, call.time, CLOCKS_DIFFER, CLOCKS_DIFFER):
        return Refused("too_old")
    if not 16 <= len(call.nonce) <= _LONGEST_NONCE:
        return Refused("no_nonce")
    expires = rt.wall.now() + 3 * CLOCKS_DIFFER
    with rt.db.write() as uow:
        name = f"{shop.id}:{call.nonce}"
        if not nonces.remember(uow, _PURPOSE, name, {}, expires_at=expires, shop_id=shop.id):
            return Refused("replayed")
    return shop


def ended_by_store(rt: Runtime, shop: Shop) -> None:
    """The plugin was deleted, and took our webhooks with it: the connection ends, data stays."""
    with rt.db.write() as uow:
        present = Shops(uow).get(shop.id)
        if present.connected and present.generation == shop.generation:
            close(ShopData(uow, shop.id), rt)


def shop_of_return_link(
    rt: Runtime, site: str, order_id: str, time: str, signature: str
) -> Shop | None:
    """The shop that made a customer's link to the returns page, while the link works."""
    with rt.db.read() as uow:
        shop = Shops(uow).by_ref(site)
        known = valid_secrets(ShopData(uow, shop.id)) if shop and shop.connected else ()
    if shop is None or not return_is_signed(known, site, order_id, time, signature):
        return None
    return shop if _is_recent(rt, time, LINK_WORKS_FOR, CLOCKS_DIFFER) else None


def _is_recent(rt: Runtime, time: str, past: timedelta, future: timedelta) -> bool:
    if not (time.isascii() and time.isdigit() and len(time) <= 11):
        return False
    age = rt.wall.now().timestamp() - int(time)
    return -future.total_seconds() <= age <= past.total_seconds()
