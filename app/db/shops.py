"""Tenants. The only repository that looks across shops, besides the clock's sweeps."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.db.crypto import ShopHasher, new_shop_key
from app.db.models import installations, shops
from app.db.session import UnitOfWork
from app.domain.ids import ShopId


class ShopState(StrEnum):
    """Where a shop's connection stands."""

    UNOPENED = "unopened"  # verified webhooks came, nobody opened the app yet
    CONNECTING = "connecting"
    ACTIVE = "active"
    DISCONNECTED = "disconnected"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant without its secrets."""

    id: ShopId
    platform: str
    domain: str
    state: str
    name: str
    timezone: str
    currency: str
    country: str | None
    language: str
    url: str
    colour: str | None
    logo_url: str | None
    postal_address: str | None
    sender_name: str | None
    language_chosen: bool
    public_ref: str
    generation: int
    history_complete: bool
    paused_at: datetime | None
    created_at: datetime

    @property
    def sender(self) -> str:
        """Who its mails say that they are from."""
        return self.sender_name or self.name

    @property
    def connected(self) -> bool:
        """Whether work may be done for it."""
        return self.state == ShopState.ACTIVE


_COLUMNS = [shops.c[f.name] for f in fields(Shop)]


class Shops:
    """All shops."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    @property
    def _connection(self) -> Connection:
        return self._uow.connection

    def get(self, shop_id: ShopId) -> Shop:
        """One shop. Raises LookupError if there is none."""
        shop = self._one(shops.c.id == shop_id)
        if shop is None:
            raise LookupError(f"no shop {shop_id}")
        return shop

    def hold(self, shop_id: ShopId) -> None:
        """Keep a shop from other transactions until this one ends: the first lock of each.

        Rows that only refer to the shop, as deliveries do, are still taken in. (SQLite: the write
        transaction is the lock.)
        """
        if shop_id in self._uow.held:
            return
        self._uow.held.add(shop_id)
        if self._connection.dialect.name != "sqlite":
            own = select(shops.c.id).where(shops.c.id == shop_id)
            self._connection.execute(own.with_for_update(key_share=True))

    def held(self, shop_id: ShopId) -> Shop:
        """One shop, held: what is compared with what was shown is still so when it is written."""
        self.hold(shop_id)
        return self.get(shop_id)

    def still_open(self, known: Shop) -> Shop | None:
        """The shop, held, if the installation that we knew is still the open one: what was asked
        of the store meanwhile may be written only then.
        """
        present = self.held(known.id)
        return present if present.connected and present.generation == known.generation else None

    def find(self, platform: str, domain: str) -> Shop | None:
        """By the platform's own name of the shop."""
        return self._one((shops.c.platform == platform) & (shops.c.domain == domain))

    def by_ref(self, public_ref: str) -> Shop | None:
        """By the opaque name in customers' addresses."""
        return self._one(shops.c.public_ref == public_ref)

    def ensure(self, platform: str, domain: str, state: ShopState, now: datetime) -> Shop:
        """The shop, created in the given state if it is new."""
        self._connection.execute(
            self._uow.insert(shops)
            .values(
                platform=platform,
                domain=domain,
                state=state,
                public_ref=secrets.token_urlsafe(12),
                hash_key=self._uow.keyring.seal(new_shop_key()),
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["platform", "domain"])
        )
        shop = self.find(platform, domain)
        if shop is None:  # pragma: no cover - the row was written two lines above
            raise LookupError(f"{platform} shop {domain} was not stored")
        return shop

    def change(self, shop_id: ShopId, **values: Any) -> None:
        """Set columns of one shop."""
        self._connection.execute(update(shops).where(shops.c.id == shop_id).values(**values))

    def set_owner_email(self, shop_id: ShopId, email: str | None) -> None:
        """Where sign-in links and exports go."""
        sealed = self._uow.keyring.seal(email.encode()) if email else None
        self.change(shop_id, owner_email=sealed)

    def owner_email(self, shop_id: ShopId) -> str | None:
        """The verified address of the owner."""
        query = select(shops.c.owner_email).where(shops.c.id == shop_id)
        sealed = self._connection.execute(query).scalar()
        return self._uow.keyring.open(sealed).decode() if sealed else None

    def set_reply_to(self, shop_id: ShopId, email: str | None) -> None:
        """Where customers' answers go, if not to the owner."""
        self.change(shop_id, reply_to=self._uow.keyring.seal(email.encode()) if email else None)

    def reply_to(self, shop_id: ShopId) -> str | None:
        """Where the merchant wants customers' answers; None: to the owner."""
        query = select(shops.c.reply_to).where(shops.c.id == shop_id)
        sealed = self._connection.execute(query).scalar()
        return self._uow.keyring.open(sealed).decode() if sealed else None

    def open_installation(self, shop_id: ShopId, scopes: Sequence[str], now: datetime) -> int:
        """Begin the next generation and make the shop active; returns its number."""
        generation = self.get(shop_id).generation + 1
        self._connection.execute(
            installations.insert().values(
                shop_id=shop_id, generation=generation, scopes=list(scopes), opened_at=now
            )
        )
        self.change(shop_id, generation=generation, state=ShopState.ACTIVE)
        return generation

    def close_installation(self, shop_id: ShopId, now: datetime) -> None:
        """End the present generation; nothing is performed for the shop any more."""
        self._connection.execute(
            update(installations)
            .where(installations.c.shop_id == shop_id, installations.c.closed_at.is_(None))
            .values(closed_at=now)
        )
        self.change(shop_id, state=ShopState.DISCONNECTED)

    def set_scopes(self, shop_id: ShopId, scopes: Sequence[str]) -> None:
        """Remember what the merchant granted."""
        self._connection.execute(
            update(installations)
            .where(installations.c.shop_id == shop_id, installations.c.closed_at.is_(None))
            .values(scopes=list(scopes))
        )

    def installation(self, shop_id: ShopId) -> Row[Any] | None:
        """The open installation: generation, scopes, opened_at."""
        return self._connection.execute(
            select(installations).where(
                installations.c.shop_id == shop_id, installations.c.closed_at.is_(None)
            )
        ).first()

    def in_state(self, *states: ShopState) -> list[Shop]:
        """All shops in one of the states, oldest first."""
        query = select(*_COLUMNS).where(shops.c.state.in_(states)).order_by(shops.c.id)
        return [_shop(row) for row in self._connection.execute(query)]

    def hasher(self, shop_id: ShopId) -> ShopHasher:
        """The shop's keyed hashes."""
        query = select(shops.c.hash_key).where(shops.c.id == shop_id)
        return ShopHasher(self._uow.keyring.open(self._connection.execute(query).scalar_one()))

    def _one(self, condition: Any) -> Shop | None:
        row = self._connection.execute(select(*_COLUMNS).where(condition)).first()
        return _shop(row) if row else None


def _shop(row: Row[Any]) -> Shop:
    return Shop(**row._asdict())
