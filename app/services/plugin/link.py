"""The secret that we share with our plugin in a store: made, handed over, replaced, forgotten.

It is kept, sealed, beside the keys to the store, so it ends with them: a new connection begins
with a new one. A fresh secret is valid from the moment it is stored, and the former one until the
store has confirmed the fresh one; so a worker that dies in between locks nobody out. Handing over
may be repeated at any time: it also tells the plugin what it must know of our settings.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.errors import MerchantMustFix, Refused, Retryable
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.platforms.base import Platform, PluginLink

log = structlog.get_logger()

SECRET_FOR = timedelta(days=30)  # then it is replaced by itself
_CURSOR = "plugin"
_PART = "plugin"  # of the credentials
_FEATURES = {"asks_for_reviews": "review_request", "takes_returns": "returns_approval"}


def noticed(rt: Runtime, data: ShopData, *, there: bool) -> None:
    """The store was looked at: is the plugin there? If so, hand over what it needs."""
    if there:
        data.cursors.put(_CURSOR, {"there": True}, rt.wall.now())
        data.uow.after_commit("link_plugin", data.shop_id)
    elif is_there(data):
        data.cursors.put(_CURSOR, {}, rt.wall.now())


def is_there(data: ShopData) -> bool:
    """Whether the plugin ran in the store when we last looked."""
    return bool(data.cursors.get(_CURSOR).get("there"))


def settings_changed(data: ShopData) -> None:
    """An automation was switched: the plugin must know, if there is one."""
    if is_there(data):
        data.uow.after_commit("link_plugin", data.shop_id)


def topics(platform: Platform, data: ShopData) -> Mapping[str, str]:
    """The webhooks that we want of this store."""
    if is_there(data):
        return {**platform.topics, **platform.plugin_topics}
    return platform.topics


def valid_secrets(data: ShopData) -> tuple[str, ...]:
    """What the plugin's signatures are verified with; none where it was never linked."""
    credential = data.credentials.get()
    known = credential.values.get(_PART) if credential else None
    return tuple(s for s in (known["next"], known["secret"]) if s) if known else ()


def link(rt: Runtime, shop_id: ShopId) -> None:
    """The job: hand secret, address and settings over to the plugin."""
    prepared = _prepare(rt, shop_id)
    if prepared is None:
        return
    shop, wanted = prepared
    try:
        port = rt.open_store(shop).plugin
        linked = port is not None and port.link(wanted)
    except Retryable as error:
        log.info("plugin.later", shop=shop_id, error=str(error))
        return
    except (MerchantMustFix, Refused) as error:
        log.warning("plugin.refused", shop=shop_id, error=type(error).__name__)
        return
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        if not linked:
            data.cursors.put(_CURSOR, {}, rt.wall.now())
        elif _is_present(data, shop):
            _confirm(data, wanted.secret, rt.wall.now())


def _prepare(rt: Runtime, shop_id: ShopId) -> tuple[Shop, PluginLink] | None:
    now = rt.wall.now()
    with rt.db.write() as uow:
        data, shop = ShopData(uow, shop_id), Shops(uow).get(shop_id)
        credential = data.credentials.held() if shop.connected else None
        if credential is None:
            return None
        known = credential.values.get(_PART) or {"secret": "", "next": "", "since": ""}
        if not known["next"] and _is_old(known, now):
            known = {**known, "next": secrets.token_hex(32)}
            data.credentials.put({**credential.values, _PART: known}, credential.expires_at, now)
        return shop, PluginLink(
            app_url=rt.links.public_url,
            site=shop.public_ref,
            secret=known["next"] or known["secret"],
            generation=shop.generation,
            features={name: _is_on(data, key) for name, key in _FEATURES.items()},
        )


def _is_old(known: Mapping[str, str], now: datetime) -> bool:
    return not known["secret"] or datetime.fromisoformat(known["since"]) + SECRET_FOR <= now


def _is_on(data: ShopData, automation: str) -> bool:
    version = data.settings.current(automation)
    return bool(version and version.enabled)


def _is_present(data: ShopData, shop: Shop) -> bool:
    now = Shops(data.uow).get(shop.id)
    return now.connected and now.generation == shop.generation


def _confirm(data: ShopData, secret: str, now: datetime) -> None:
    """The store has the fresh secret: the former one ends."""
    credential = data.credentials.held()
    known: dict[str, Any] | None = credential.values.get(_PART) if credential else None
    if credential and known and known["next"] == secret:
        fresh = {"secret": secret, "next": "", "since": now.isoformat()}
        data.credentials.put({**credential.values, _PART: fresh}, credential.expires_at, now)
