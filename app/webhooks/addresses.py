"""What we know of a delivery address: from our own rows, never from headers."""

from dataclasses import dataclass
from time import monotonic

from app.db import webhooks as subscriptions
from app.deps import Deps
from app.domain.ids import ShopId
from app.platforms.base import Endpoint

# Seconds for which a row is believed. An address that was given up in another process takes
# deliveries for as long; they are stored, and ignored when they are read. Only addresses that are
# there are remembered: a store's first ping comes right after its row was written.
_BELIEVED = 5.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Address:
    """Whose address was called. `shop_id` is None where one address serves all shops."""

    endpoint: Endpoint
    shop_id: ShopId | None


class Addresses:
    """The addresses of all platforms, as one web process knows them."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._shared = {
            name: Address(Endpoint(platform.shared_secrets), None)
            for name, platform in deps.platforms.items()
            if platform.shared_secrets
        }
        self._seen: dict[tuple[str, str], tuple[float, Address]] = {}

    def remembered(self, platform: str, token: str) -> Address | None:
        """The address, as far as it is known without asking."""
        shared = self._shared.get(platform)
        if shared:  # one address for all shops (compliance topics have one of their own)
            return shared if token in ("", "compliance") else None
        until, address = self._seen.get((platform, token), (0.0, None))
        return address if monotonic() < until else None

    def find(self, platform: str, token: str) -> Address | None:
        """The address, None if nobody was given it. Waits for the database, may raise
        DatabaseUnavailable.
        """
        if platform in self._shared or platform not in self._deps.platforms:
            return None
        return self._look_up(platform, token) if token and "\0" not in token else None

    def _look_up(self, platform: str, token: str) -> Address | None:
        with self._deps.db.read() as uow:
            row = subscriptions.by_token(uow, token)
        if row is None:
            self._seen.pop((platform, token), None)
            return None
        address = Address(Endpoint((row.secret,), token, row.topic), row.shop_id)
        if len(self._seen) >= _MOST:
            self._seen.clear()
        self._seen[platform, token] = monotonic() + _BELIEVED, address
        return address
