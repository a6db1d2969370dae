"""Expiring access tokens: always a valid one, renewed by one process at a time.

Each renewal gives a new pair and will retire the old refresh token. So the new pair is stored
before it is used, and a lease in the database lets one process renew while the others wait for
what it stores. All times are wall time.
"""

import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.db import leases
from app.db.credentials import Credential
from app.db.session import Database
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.clocks import Clock
from app.domain.errors import MerchantMustFix, Retryable
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import met
from app.platforms.base import TokenPair

log = structlog.get_logger()

MARGIN = timedelta(seconds=60)
_LEASE = timedelta(seconds=60)  # longer than one renewal with its time-outs
_LOOKS = 40  # at what another process stores, half a second apart
_PAUSE = 0.5

Renew = Callable[[str, str], TokenPair]


class TokenSource:
    """Gives one shop's access token: `source(force)`, `force` after the store refused the last."""

    def __init__(
        self,
        db: Database,
        wall: Clock,
        renew: Renew,
        shop: Shop,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._db = db
        self._wall = wall
        self._renew = renew
        self._shop = shop
        self._sleep = sleep
        self._given = ""

    def __call__(self, force: bool) -> str:
        """A valid access token. Raises MerchantMustFix, Retryable."""
        credential = self._stored()
        if not self._usable(credential, refused=self._given if force else None):
            credential = self.renewed(credential)
        self._given = str(credential.values["access_token"])
        return self._given

    def renewed(self, old: Credential) -> Credential:
        """The pair after `old`: renewed here, or by whoever holds the lease."""
        name, holder = f"token:{self._shop.id}", uuid.uuid4().hex
        for _ in range(_LOOKS):
            now = self._wall.now()
            with self._db.write() as uow:
                ours = leases.acquire(uow, name, holder, now, now + _LEASE)
            try:
                current = self._stored()
                if _chain(current) != _chain(old):
                    return current
                if ours:
                    return self._renew_and_store(current)
            finally:
                if ours:
                    with self._db.write() as uow:
                        leases.release(uow, name, holder)
            self._sleep(_PAUSE)
        raise Retryable("another process is renewing the access token", timedelta(seconds=10))

    def _renew_and_store(self, current: Credential) -> Credential:
        pair = self._renew(self._shop.domain, str(current.values["refresh_token"]))
        now = self._wall.now()
        with self._db.write() as uow:
            credentials = ShopData(uow, self._shop.id).credentials
            newest = credentials.get()
            # The shop may have been disconnected, or installed anew, while we asked.
            if newest is not None and _chain(newest) == _chain(current):
                credentials.put(values_of(pair), pair.expires_at, now)
        return self._stored()

    def _stored(self) -> Credential:
        with self._db.read() as uow:
            credential = ShopData(uow, self._shop.id).credentials.get()
        if credential is None:
            raise not_connected()
        return credential

    def _usable(self, credential: Credential, refused: str | None) -> bool:
        if credential.values["access_token"] == refused:
            return False
        return not expires_soon(credential, self._wall.now())


def _chain(credential: Credential) -> str:
    """What each renewal changes."""
    return str(credential.values["refresh_token"])


def expires_soon(credential: Credential, now: datetime) -> bool:
    """Whether the access token may expire while a request is on its way."""
    return credential.expires_at is None or credential.expires_at - MARGIN <= now


def chain_broken(credential: Credential, now: datetime) -> bool:
    """Whether the refresh token, too, has expired: only the merchant's next visit helps."""
    return datetime.fromisoformat(credential.values["refresh_expires_at"]) <= now


def values_of(pair: TokenPair) -> dict[str, Any]:
    """A pair in the form in which it is stored, next to the access token's own expiry."""
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "refresh_expires_at": pair.refresh_expires_at.isoformat(),
    }


def not_connected() -> MerchantMustFix:
    """There is no key or token to the store (any more)."""
    return MerchantMustFix(
        "not_connected",
        "There is no key to the store, so nothing can be read or done there. Remedy: connect it.",
    )


def renew_idle(rt: Runtime, shop_id: ShopId) -> None:
    """Weekly, so that the refresh token of a quiet shop does not run out (90 days)."""
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        credential = ShopData(uow, shop_id).credentials.get()
    renew = rt.platforms[shop.platform].renew
    if renew is None or credential is None or not shop.connected:
        return
    try:
        TokenSource(rt.db, rt.wall, renew, shop).renewed(credential)
    except Retryable as error:
        log.info("token.renewal_later", shop=shop_id, error=str(error))
    except MerchantMustFix as error:
        with rt.db.write() as uow:
            met(rt, ShopData(uow, shop_id), error)
