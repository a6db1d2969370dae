"""New connections: keys that a merchant gave, verified against the store, then put to use.

Keys granted through the store's own page (wc-auth) come from outside, unsigned and without the
store's address. They wait, sealed, under an id that only the browser which began can show; a job
verifies them against the address that the merchant had typed, never one from the message.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.db import nonces
from app.db.session import UnitOfWork
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.domain.errors import AfterglowError, MerchantMustFix
from app.domain.stores import same_store
from app.pipeline.runtime import Runtime
from app.platforms.base import Connection, StoreInfo, TokenPair
from app.services.connections.checking import accept, prove_writable
from app.services.mending import mended
from app.services.tokens import chain_broken, values_of

PENDING_FOR = timedelta(minutes=30)
_KEYS = "wc-keys"
_VERDICT = "wc-verdict"


@dataclass(frozen=True, slots=True)
class CannotConnect:
    """Why keys cannot be used.

    `code`: a problem's key, or key_read_only, other_store (`address`), unreachable, link_used.
    """

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


def verify(
    rt: Runtime, platform: str, domain: str, keys: tuple[str, str]
) -> StoreInfo | CannotConnect:
    """Ask the store itself whether these keys open it, for writing, and whether it is that one."""
    store = rt.platforms[platform].open(Connection(domain, keys=keys))
    try:
        info = store.info()
    except MerchantMustFix as error:
        return CannotConnect(error.problem, dict(error.params))
    except AfterglowError:
        return CannotConnect("unreachable")
    if not same_store(domain, info.domain):
        return CannotConnect("other_store", {"address": info.domain})
    try:
        prove_writable(store)
    except MerchantMustFix:
        return CannotConnect("key_read_only")
    except AfterglowError:
        return CannotConnect("unreachable")
    return info


def connect(
    rt: Runtime, platform: str, domain: str, keys: tuple[str, str], info: StoreInfo
) -> Shop:
    """Put verified keys to use: a new shop, its next generation, or new keys of an open one."""
    with rt.db.write() as uow:
        return _put_to_use(rt, uow, platform, domain, keys, info=info)


def _put_to_use(
    rt: Runtime,
    uow: UnitOfWork,
    platform: str,
    domain: str,
    keys: tuple[str, str],
    *,
    info: StoreInfo,
) -> Shop:
    shop = _opened(rt, uow, platform, domain, info.scopes)
    data = ShopData(uow, shop.id)
    data.credentials.put({"key": keys[0], "secret": keys[1]}, None, rt.wall.now())
    accept(rt, data, shop, info)
    return Shops(uow).get(shop.id)


def enter(rt: Runtime, platform: str, domain: str, exchange: Callable[[], TokenPair]) -> Shop:
    """The shop behind a verified visit; installed, or its access renewed, if that is needed.

    `exchange` buys a token pair with the visit's proof. Raises what it raises.
    """
    now = rt.wall.now()
    with rt.db.read() as uow:
        shop = Shops(uow).find(platform, domain)
        if shop and shop.connected and _access_lasts(ShopData(uow, shop.id), now):
            return shop
    pair = exchange()
    with rt.db.write() as uow:
        shop = _opened(rt, uow, platform, domain, pair.scopes)
        data = ShopData(uow, shop.id)
        data.credentials.put(values_of(pair), pair.expires_at, now)
        Shops(uow).set_scopes(shop.id, pair.scopes)
        mended(rt, data, ("not_connected", "store_token_expired", "store_token_refused"))
        uow.after_commit("check_connection", shop.id)
        return shop


def _access_lasts(data: ShopData, now: datetime) -> bool:
    credential = data.credentials.get()
    broken = ("store_token_expired", "store_token_refused")
    return (
        credential is not None
        and not chain_broken(credential, now)
        and not any(data.problems.is_open(problem) for problem in broken)
    )


def _opened(
    rt: Runtime, uow: UnitOfWork, platform: str, domain: str, scopes: Sequence[str]
) -> Shop:
    """The shop with an open installation; a new generation also begins the first import."""
    shops, now = Shops(uow), rt.wall.now()
    shop_id = shops.ensure(platform, domain, ShopState.CONNECTING, now).id
    shop = shops.held(shop_id)  # two first visits, one generation
    if not shop.connected:
        generation = shops.open_installation(shop.id, scopes, now)
        shops.change(shop.id, history_complete=False)
        journal = ShopData(uow, shop.id).journal
        journal.write("opened", "installation", rt.business.now(), params={"n": generation})
        uow.after_commit("import_history", shop.id)
        uow.after_commit("drain", shop.id)  # what came while nobody had opened the app
    return shops.get(shop.id)


# keys granted through the store's own page


def pending_id(nonce: str) -> str:
    """The name under which granted keys wait; the nonce cannot be found from it."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def keep_granted_keys(rt: Runtime, uow: UnitOfWork, pending: str, granted: dict[str, Any]) -> None:
    """Seal keys that the store posted (`home`, `key`, `secret`); a job verifies them."""
    nonces.remember(uow, _KEYS, pending, granted, expires_at=rt.wall.now() + PENDING_FOR)
    uow.after_commit("verify_keys", pending)


def verify_pending(rt: Runtime, pending: str) -> None:
    """The job: ask the store about granted keys and keep the verdict for the waiting browser."""
    now = rt.wall.now()
    with rt.db.read() as uow:
        waiting = nonces.peek(uow, _KEYS, pending, now)
        if waiting is None or waiting.used or nonces.peek(uow, _VERDICT, pending, now):
            return
    home = waiting.data["home"]
    found = verify(rt, "woocommerce", home, (waiting.data["key"], waiting.data["secret"]))
    with rt.db.write() as uow:
        answer = {"info" if isinstance(found, StoreInfo) else "failure": asdict(found)}
        nonces.remember(uow, _VERDICT, pending, answer, expires_at=now + PENDING_FOR)


def verdict(rt: Runtime, pending: str) -> Shop | CannotConnect | None:
    """What became of granted keys; None while they are being verified. Good ones are put to use
    and used up in one transaction, once: the second call finds them used up.
    """
    now = rt.wall.now()
    with rt.db.write() as uow:
        waiting = nonces.peek(uow, _KEYS, pending, now)
        known = nonces.peek(uow, _VERDICT, pending, now)
        if waiting and not waiting.used and known is None:
            uow.after_commit("verify_keys", pending)  # the first job may be lost
            return None
        used_up = nonces.consume(uow, _KEYS, pending, now)
        if used_up is None or known is None:
            return CannotConnect("link_used")
        if "failure" in known.data:
            return CannotConnect(**known.data["failure"])
        given, info = used_up.data, StoreInfo(**known.data["info"])
        keys = given["key"], given["secret"]
        return _put_to_use(rt, uow, "woocommerce", given["home"], keys, info=info)


def drop_granted_keys(rt: Runtime, uow: UnitOfWork, pending: str) -> None:
    """Somebody else's browser came back with them: they are never used."""
    nonces.consume(uow, _KEYS, pending, rt.wall.now())
