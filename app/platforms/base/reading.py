"""What is read from a store: objects, listings, what it says about itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.ids import PlatformId


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object read from the store, as the platform wrote it; it goes through the inbox.

    `topic` names its shape for `normalise` ("rest/order", "graphql/order").
    """

    topic: str
    platform_id: PlatformId
    body: bytes
    version: str  # the object's own time of change, or a hash: keeps polls from repeating it


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `cursor` is None on the last one; `store_now` the store's clock.

    `heads` are of products, id → time of change: those that we know in an older state are read.
    """

    items: Sequence[Fetched]
    cursor: str | None
    total: int | None = None
    store_now: datetime | None = None
    heads: Mapping[PlatformId, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store says about itself."""

    name: str
    url: str
    email: str | None
    timezone: str
    currency: str
    country: str | None
    language: str
    domain: str  # what the store itself says it is, in the form of `Connection.domain`
    versions: Mapping[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()  # of those that this app needs
    address: str | None = None  # postal, for the foot of mails
    plugin: bool = False  # whether a companion of ours runs inside the store


class OrdersPort(Protocol):
    """Orders of one store."""

    visible_days: int | None  # older orders cannot be read (and are not gone); None: all can

    def fetch(self, order_id: PlatformId) -> Fetched | None:
        """The full order with refunds; None if it is gone."""
        ...

    def changed(self, since: datetime, cursor: str | None) -> Page:
        """Orders changed at or after `since` (the store's clock), full bodies."""
        ...

    def placed(self, since: datetime, cursor: str | None) -> Page:
        """Orders placed at or after `since`, full bodies, for the first import."""
        ...


class ProductsPort(Protocol):
    """Products of one store."""

    # (since, on the store's clock; cursor) → heads of the products that changed since then; None
    # where a platform cannot list them so.
    changed: Callable[[datetime, str | None], Page] | None

    def fetch(self, product_id: PlatformId) -> Fetched | None:
        """The product; None if it is gone."""
        ...


class CustomersPort(Protocol):
    """Customers of one store."""

    # (since, cursor) → customers changed at or after `since`, full bodies; None where a platform
    # cannot list them so.
    changed: Callable[[datetime, str | None], Page] | None

    def fetch(self, customer_id: PlatformId) -> Fetched | None:
        """The customer with consent; None if gone."""
        ...

    def baseline(self, cursor: str | None) -> Page:
        """Lifetime totals, a page at a time, for `normalise` to read as `BaselineSnapshot`s."""
        ...
