"""Our webhook subscriptions in a store: what is wanted against what is there, and the difference.

Where each webhook has its own secret we register topic by topic: our row first, because the
store pings the address before it answers. Where one address serves all shops
(`Platform.shared_secrets`) nothing is registered here and only leftovers are removed.
"""

import ipaddress
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

import structlog

from app.db import leases
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.db.webhooks import Subscription
from app.domain.errors import MerchantMustFix, Refused, Retryable
from app.domain.ids import ShopId
from app.domain.stores import host_of, same_store
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import MOVED, met
from app.platforms.base import Platform, RemoteWebhook, Store
from app.services import healing
from app.services.mending import mended
from app.services.plugin import link as plugin

log = structlog.get_logger()

NEED_HTTPS = "webhooks_need_https"
MISSING = "webhooks_missing"
_LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to be done. `lost`: topics of which deliveries may be missing."""

    delete: list[RemoteWebhook] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)  # tokens of our rows
    adopt: list[tuple[str, RemoteWebhook]] = field(default_factory=list)
    create: list[str] = field(default_factory=list)  # topics
    lost: list[str] = field(default_factory=list)


def difference(
    wanted: Iterable[str],
    rows: Sequence[Subscription],
    there: Sequence[RemoteWebhook],
    address: str,
) -> Difference:
    """Compare, without side effects. `address` is the common beginning of our addresses.

    A store that disabled a webhook (seventh failure) keeps counting when it is switched on again,
    so it is deleted and made anew. What leads to an address that is not ours is not touched.
    """
    by_url = {hook.url: hook for hook in there}
    delete, forget, adopt, kept, lost = [], [], [], set[str](), []
    missing = set(wanted)
    for row in rows:
        hook = by_url.get(address + row.token)
        good = hook and hook.active and hook.topic == row.topic and row.state != "distrusted"
        if hook and good and row.topic in missing:
            missing.discard(row.topic)
            kept.add(hook.ref)
            if row.platform_ref != hook.ref:
                adopt.append((row.token, hook))
        else:
            forget.append(row.token)
            if row.state == "active" and row.topic in missing:
                lost.append(row.topic)
    refs = {row.platform_ref for row in rows}
    delete = [
        hook
        for hook in there
        if hook.ref not in kept and (hook.url.startswith(address) or _moved(hook, rows, refs))
    ]
    # A half-made one may stand beside the good one of its topic.
    lost = [topic for topic in lost if topic in missing]
    return Difference(delete, forget, adopt, sorted(missing), lost)


def _moved(hook: RemoteWebhook, rows: Sequence[Subscription], refs: set[str | None]) -> bool:
    """Ours under another address: PUBLIC_URL changed, or somebody wrote over it in the store. Known
    by its id and, since a store's backup may give that to others, by its token or its name.
    """
    token = hook.url.rpartition("/")[2]
    return hook.ref in refs and (hook.named or any(row.token == token for row in rows))


def synchronise(rt: Runtime, shop_id: ShopId) -> None:
    """Make the store's webhooks what they should be. One process at a time per shop."""
    name, holder, now = f"subscribe:{shop_id}", uuid.uuid4().hex, rt.wall.now()
    with rt.db.write() as uow:
        shop = Shops(uow).get(shop_id)
        if not shop.connected or not leases.acquire(uow, name, holder, now, now + _LEASE):
            return
    try:
        _synchronise(rt, shop)
    except MerchantMustFix as error:
        with rt.db.write() as uow:
            met(rt, ShopData(uow, shop_id), error)
    except Retryable as error:
        log.info("subscriptions.later", shop=shop_id, error=str(error))
    except Refused as error:
        _problem(rt, shop_id, MISSING, {"code": error.code})
    finally:
        with rt.db.write() as uow:
            leases.release(uow, name, holder)


def _synchronise(rt: Runtime, shop: Shop) -> None:
    platform = rt.platforms[shop.platform]
    if platform.shared_secrets:
        _remove_leftovers(rt.open_store(shop))
        return
    can_reach = reachable(rt.links.public_url, shop.domain)
    with rt.db.read() as uow:
        wanted = plugin.topics(platform, ShopData(uow, shop.id))
    _apply(rt, shop, wanted if can_reach else ())
    if not can_reach:
        _problem(rt, shop.id, NEED_HTTPS, {"minutes": str(platform.polls_minutes)})
        return
    with rt.db.write() as uow:
        mended(rt, ShopData(uow, shop.id), (NEED_HTTPS, MISSING))


def remove_all(rt: Runtime, shop: Shop) -> None:
    """Take every webhook of ours out of the store."""
    if rt.platforms[shop.platform].shared_secrets:
        _remove_leftovers(rt.open_store(shop))
    else:
        _apply(rt, shop, ())


def _remove_leftovers(store: Store) -> None:
    """Such platforms list only what this app registered for this shop, and we want none."""
    for hook in store.webhooks.list():
        store.webhooks.delete(hook.ref)


def _apply(rt: Runtime, shop: Shop, wanted: Iterable[str]) -> None:
    store = rt.open_store(shop)
    address = delivery_address(rt, rt.platforms[shop.platform])
    with rt.db.read() as uow:
        rows = ShopData(uow, shop.id).webhooks.all()
    todo = difference(wanted, rows, store.webhooks.list(), address)
    if todo.create:
        _refuse_others(shop, store)
    for hook in todo.delete:
        store.webhooks.delete(hook.ref)
    with rt.db.write() as uow:
        ours = ShopData(uow, shop.id).webhooks
        for token in todo.forget:
            ours.remove(token)
        for token, hook in todo.adopt:
            ours.created(token, hook.ref)
        if todo.lost:
            healing.noticed_webhooks(rt, ShopData(uow, shop.id), len(todo.lost))
        if todo.lost or any(row.state == "distrusted" for row in rows):
            uow.after_commit("reconcile", shop.id)
    for topic in todo.create:
        _create(rt, shop, store, topic, address)


def _refuse_others(shop: Shop, store: Store) -> None:
    """Raise MerchantMustFix if our address leads to another store: it gets no webhooks of ours."""
    home = store.info().domain
    if not same_store(shop.domain, home):
        raise MerchantMustFix(MOVED, "The store calls itself otherwise.", host=host_of(home))


def _create(rt: Runtime, shop: Shop, store: Store, topic: str, address: str) -> None:
    with rt.db.write() as uow:
        row = ShopData(uow, shop.id).webhooks.prepare(topic, rt.wall.now())
    hook = store.webhooks.create(topic, address + row.token, row.secret)
    with rt.db.write() as uow:
        ShopData(uow, shop.id).webhooks.created(row.token, hook.ref)


def delivery_address(rt: Runtime, platform: Platform) -> str:
    """What the addresses of one platform's webhooks begin with; a row's token follows."""
    return f"{rt.links.public_url}/webhooks/{platform.key}/"


def reachable(public_url: str, store: str) -> bool:
    """Whether a store can send to us: https on its usual port, or both on this machine."""
    parts = urlsplit(public_url)
    if _is_local(public_url):
        return _is_local(store)
    return parts.scheme == "https" and parts.port in (None, 443)


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _problem(rt: Runtime, shop_id: ShopId, key: str, params: dict[str, str]) -> None:
    with rt.db.write() as uow:
        ShopData(uow, shop_id).problems.open(key, params, rt.business.now())
