"""The hourly look at a connection: what the store says of itself, and what is in the way.

Problems that this opens: whatever reading the store raises (docs of the platforms' clients),
`store_unreachable`, `store_moved`, `scopes_missing`. Each goes away by itself when a later look
finds it mended, and what it blocked goes on.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog

from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.errors import MerchantMustFix, Retryable
from app.domain.ids import ShopId
from app.domain.stores import host_of, same_store
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import COPY, MOVED, copy_last_seen, let_go, met
from app.platforms.base import RATING_NOT_OURS, Store, StoreInfo
from app.services.connections.leaving import has_left
from app.services.mending import mended
from app.services.plugin import link as plugin

log = structlog.get_logger()

UNREACHABLE = "store_unreachable"
SCOPES = "scopes_missing"
COPY_QUIET_FOR = timedelta(days=1)  # then a copy of the store is no news any more
UNREACHABLE_AFTER = timedelta(minutes=50)  # a restart or a short outage is nobody's problem

# What a store that answers to our credentials, reading and writing, proves to be mended.
_MENDED_BY_ANSWER = (
    "not_connected",
    UNREACHABLE,
    "store_address_refused",
    "store_certificate",
    "store_closed",
    "store_firewall",
    "store_key_refused",
    "store_not_https",
    "store_not_json",
    "store_rest_missing",
    "store_token_expired",
    "store_token_refused",
)
_CURSOR = "connection"
_NO_SUCH_WEBHOOK = "0"


def check(rt: Runtime, shop_id: ShopId) -> None:
    """Ask the store, bring our picture of the shop up to date, open and resolve problems."""
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
    if not shop.connected or has_left(rt, shop):
        return
    answer = _ask(rt, shop)
    with rt.db.write() as uow:
        present = Shops(uow).still_open(shop)
        if present is None:
            return  # disconnected meanwhile, erased perhaps: nothing is written into that
        data = ShopData(uow, shop_id)
        if isinstance(answer, Retryable):
            _unreachable(rt, data)
        elif isinstance(answer, MerchantMustFix):
            met(rt, data, answer)
        else:
            accept(rt, data, present, answer)


def _ask(rt: Runtime, shop: Shop) -> StoreInfo | MerchantMustFix | Retryable:
    """What the store says of itself, or why we cannot work with it."""
    try:
        store = rt.open_store(shop)
        info = store.info()
        prove_writable(store)
    except MerchantMustFix as error:
        return error
    except Retryable as error:
        log.info("connection.unreachable", shop=shop.id, error=str(error))
        return error
    if not same_store(shop.domain, info.domain):
        host = host_of(info.domain)
        return MerchantMustFix(MOVED, "The store calls itself otherwise.", host=host)
    return info


def prove_writable(store: Store) -> None:
    """Raise MerchantMustFix if our key may only read.

    Deleting what cannot exist changes nothing, and a store looks at a key's rights before it looks
    at the id.
    """
    store.webhooks.delete(_NO_SUCH_WEBHOOK)


def describe(data: ShopData, shop: Shop, info: StoreInfo) -> None:
    """Remember what the store says about itself."""
    shops = Shops(data.uow)
    known: dict[str, Any] = {
        "name": info.name,
        "timezone": info.timezone,
        "currency": info.currency,
        "country": info.country,
        "language": shop.language if shop.language_chosen else info.language[:5],
        "url": info.url,
    }
    # The foot of mails may have been corrected by hand.
    known["postal_address"] = shop.postal_address or info.address
    shops.change(shop.id, **known)
    if info.email:
        shops.set_owner_email(shop.id, info.email)
    if info.scopes:
        shops.set_scopes(shop.id, info.scopes)


def accept(rt: Runtime, data: ShopData, shop: Shop, info: StoreInfo) -> None:
    """The store answers as itself: resume what was held, resolve what is mended."""
    let_go(rt, data)
    data.cursors.put(_CURSOR, {}, rt.wall.now())
    describe(data, shop, info)
    mended(rt, data, (*_MENDED_BY_ANSWER, MOVED))
    seen = copy_last_seen(data)
    if seen is None or rt.wall.now() - datetime.fromisoformat(seen) > COPY_QUIET_FOR:
        mended(rt, data, (COPY,))
    # Only another try can tell whether the other app still rates; it ends or keeps the problem.
    if data.actions.unblock(RATING_NOT_OURS):
        data.uow.after_commit("perform", shop.id)
    if info.missing_scopes:
        scopes = ", ".join(info.missing_scopes)
        data.problems.open(SCOPES, {"scopes": scopes}, rt.business.now())
    else:
        mended(rt, data, (SCOPES,))
    plugin.noticed(rt, data, there=info.plugin)
    data.uow.after_commit("subscribe", shop.id)


def _unreachable(rt: Runtime, data: ShopData) -> None:
    now = rt.wall.now()
    state = data.cursors.get(_CURSOR)
    since = state.setdefault("unreachable_since", now.timestamp())
    data.cursors.put(_CURSOR, state, now)
    if now.timestamp() - since >= UNREACHABLE_AFTER.total_seconds():
        data.problems.open(UNREACHABLE, {}, rt.business.now())
