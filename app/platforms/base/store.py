"""One store with its ports, how to reach it, and the platform that it is on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind, Snapshot
from app.platforms.base.reading import CustomersPort, OrdersPort, ProductsPort, StoreInfo
from app.platforms.base.requests import (
    Delivery,
    Endpoint,
    Foreign,
    Ignored,
    Ping,
    RawRequest,
    Received,
    Refusal,
    Unknown,
)
from app.platforms.base.returns import ReturnsPort
from app.platforms.base.writing import CouponsPort, ReviewsPort


@dataclass(frozen=True, slots=True)
class RemoteWebhook:
    """A webhook subscription as the store has it. `named`: it bears our name."""

    ref: PlatformId
    topic: str
    url: str
    active: bool
    named: bool = False


class WebhooksPort(Protocol):
    """Webhook subscriptions of one store."""

    def list(self) -> Sequence[RemoteWebhook]:
        """All of them, also those of other apps."""
        ...

    def create(self, topic: str, url: str, secret: str) -> RemoteWebhook:
        """Subscribe. The store may ping the address before this returns."""
        ...

    def delete(self, ref: PlatformId) -> None:
        """Unsubscribe; no error if it is gone already."""
        ...


@dataclass(frozen=True, slots=True)
class PluginLink:
    """What our companion in a store needs to speak to us. `site` is the shop's name here."""

    app_url: str
    site: str
    secret: str = field(repr=False)
    generation: int
    features: Mapping[str, bool]  # what we do that it must know of, such as asks_for_reviews


class PluginPort(Protocol):
    """A companion of ours inside one store."""

    def link(self, link: PluginLink) -> bool:
        """Hand it over, again and again; False if there is no companion (any more)."""
        ...

    def unlink(self, site: str) -> None:
        """Let it forget us; no error if it is gone already."""
        ...


@dataclass(frozen=True, slots=True)
class Store:
    """Ports to one connected store."""

    info: Callable[[], StoreInfo]
    orders: OrdersPort
    products: ProductsPort
    customers: CustomersPort
    coupons: CouponsPort | None
    reviews: ReviewsPort | None
    returns: ReturnsPort | None
    webhooks: WebhooksPort
    plugin: PluginPort | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one store. `secret()` gives the present credential, refreshed when needed.

    `token(force)` (Shopify) returns a valid access token; WooCommerce keys are in `keys`.
    """

    domain: str  # Shopify: name.myshopify.com; WooCommerce: the home URL
    token: Callable[[bool], str] | None = None
    keys: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What one exchange or renewal gave; tokens are kept out of representations. Wall time."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)
    refresh_expires_at: datetime
    scopes: tuple[str, ...]


class Platform(Protocol):
    """One commerce platform."""

    key: str
    shared_secrets: tuple[str, ...]  # one webhook address for all shops; () if each has its own
    topics: Mapping[str, str]  # topic → what is done with it, in words; data for registration
    plugin_topics: Mapping[str, str]  # the same, of what only our companion in the store tells
    polls_minutes: int
    import_days: int  # how far back the first import reads orders
    # (domain, refresh token) → the next pair of expiring tokens; None where keys do not expire.
    # Raises MerchantMustFix("store_token_expired") if the chain is broken.
    renew: Callable[[str, str], TokenPair] | None

    def verify(self, request: RawRequest, endpoint: Endpoint) -> Delivery | Ping | Refusal:
        """Pure and in constant time, on bytes, against current and previous secret."""
        ...

    def normalise(self, received: Received) -> Sequence[Snapshot] | Ignored | Unknown | Foreign:
        """Pure. Raises BadPayload for a body that is not what its topic promises."""
        ...

    def open(self, connection: Connection) -> Store:
        """Ports to one store; no request is made yet."""
        ...

    def order_url(self, connection: Connection, order_id: PlatformId) -> str:
        """The order in the store's own admin."""
        ...

    def fetch_topic(self, kind: ObjectKind) -> str:
        """The inbox topic of a fetched object of this kind."""
        ...
