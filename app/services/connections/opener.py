"""From a shop to ports on its store, with the credentials of the moment."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

from app.db.credentials import Credential
from app.db.session import Database
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.clocks import Clock
from app.domain.ids import ShopId
from app.platforms.base import Connection, Platform, Store
from app.services.tokens import TokenSource, not_connected


class StoreOpener:
    """`Runtime.open_store`: one connection pool per shop, until its keys change."""

    def __init__(self, db: Database, platforms: Mapping[str, Platform], wall: Clock) -> None:
        self._db = db
        self._platforms = platforms
        self._wall = wall
        self._opened: dict[ShopId, tuple[Any, Store]] = {}
        self._lock = Lock()

    def __call__(self, shop: Shop) -> Store:
        """Ports to the shop's store; no request is made yet.

        Raises MerchantMustFix("not_connected") without credentials.
        """
        with self._db.read() as uow:
            credential = ShopData(uow, shop.id).credentials.get()
        if credential is None:
            raise not_connected()
        platform = self._platforms[shop.platform]
        # Tokens change each hour and are fetched at each use; pasted keys are part of the pool.
        keys = None if platform.renew else _keys(credential)
        with self._lock:
            known = self._opened.get(shop.id)
            if known and known[0] == keys:
                return known[1]
            store = platform.open(self._connection(platform, shop, credential))
            self._opened[shop.id] = (keys, store)
            return store

    def _connection(self, platform: Platform, shop: Shop, credential: Credential) -> Connection:
        if platform.renew:
            source = TokenSource(self._db, self._wall, platform.renew, shop)
            return Connection(shop.domain, token=source)
        return Connection(shop.domain, keys=_keys(credential))


def _keys(credential: Credential) -> tuple[str, str]:
    return str(credential.values["key"]), str(credential.values["secret"])
