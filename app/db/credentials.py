"""Keys and tokens to the store: sealed, replaced atomically."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select

from app.db.base import Repository
from app.db.models import credentials
from app.db.session import UnitOfWork
from app.domain.ids import ShopId


@dataclass(frozen=True, slots=True)
class Credential:
    """Opened credentials. `expires_at` is wall time; None for keys that do not expire."""

    values: dict[str, Any]
    expires_at: datetime | None
    updated_at: datetime
    revision: int


class Credentials(Repository):
    """Credentials of one shop."""

    def get(self) -> Credential | None:
        """The present ones; None if the shop is not connected."""
        return self._opened(select(credentials).where(self._mine(credentials)))

    def held(self) -> Credential | None:
        """The present ones, kept from others until this transaction ends: to change a part."""
        return self._opened(select(credentials).where(self._mine(credentials)).with_for_update())

    def _opened(self, query: Select[Any]) -> Credential | None:
        row = self._connection.execute(query).first()
        if row is None:
            return None
        values = self._keyring.open_json(row.sealed)
        return Credential(values, row.expires_at, row.updated_at, row.revision)

    def put(self, values: dict[str, Any], expires_at: datetime | None, now: datetime) -> None:
        """Replace them, all parts at once."""
        fields = {
            "sealed": self._keyring.seal_json(values),
            "expires_at": expires_at,
            "updated_at": now,
        }
        self._connection.execute(
            self._insert(credentials, **fields).on_conflict_do_update(
                index_elements=["shop_id"],
                set_={**fields, "revision": credentials.c.revision + 1},
            )
        )

    def forget(self) -> None:
        """The store revoked them, or the shop was disconnected."""
        self._connection.execute(delete(credentials).where(self._mine(credentials)))


def shops_with_idle_tokens(uow: UnitOfWork, updated_before: datetime) -> list[ShopId]:
    """Shops whose expiring tokens were not refreshed since a wall time."""
    query = select(credentials.c.shop_id).where(
        credentials.c.expires_at.is_not(None), credentials.c.updated_at < updated_before
    )
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]
