"""The two halves of a platform: pure functions on bytes, and ports that speak to one store.

A port that is None is a missing capability; nowhere `if platform ==`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.domain.snapshots import ObjectKind, Snapshot


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A webhook request as it came. `headers` has lower-case names."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What we know of the address that was called; from our own rows, never from headers.

    Shopify: one address for all shops, `secrets` are the app's client secrets, the rest is None.
    WooCommerce: the row behind the opaque token in the URL.
    """

    secrets: tuple[str, ...]  # current first, then the previous one
    webhook_id: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified webhook request."""

    topic: str
    dedupe_key: str
    body: bytes
    shop_domain: str | None = None  # Shopify: from the header, to be matched with the body
    triggered_at: datetime | None = None  # when the platform says that it happened


@dataclass(frozen=True, slots=True)
class Ping:
    """A platform's test call: answered 200, nothing stored."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not from the platform. `code` is stable and goes to our log; the answer is an empty 401."""

    code: str


@dataclass(frozen=True, slots=True)
class Received:
    """What `normalise` reads: one inbox row, whatever brought it."""

    topic: str
    body: bytes
    triggered_at: datetime | None
    shop_domain: str
    currency: str | None = None  # the shop's own: products' bodies do not name theirs


@dataclass(frozen=True, slots=True)
class Ignored:
    """A topic or body that is knowingly of no interest."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A topic that we have no rule for: journalled and counted."""


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
    """One page of a listing. `cursor` is None on the last one; `store_now` the store's clock."""

    items: Sequence[Fetched]
    cursor: str | None
    total: int | None = None
    store_now: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class CouponSpec:
    """A single-use code bound to one customer."""

    code: str
    title: str
    email: str
    customer_id: PlatformId | None
    percent: int | None  # either percent …
    amount: Money | None  # … or amount
    minimum: Money | None
    expires_at: datetime
    exclude_sale_items: bool
    reference: str  # our own id, written where the platform has room for it


@dataclass(frozen=True, slots=True)
class RemoteCoupon:
    """A coupon as the store has it."""

    ref: PlatformId
    code: str
    active: bool
    used: int
    ours: bool  # carries our reference, or matches the spec's bounds


@dataclass(frozen=True, slots=True)
class ReviewSpec:
    """A review to publish. `review_ref` is our stable id, used to find it again."""

    review_ref: str
    product_id: PlatformId
    rating: int
    text: str
    author: str
    email: str
    created_at: datetime
    verified: bool = True
    published_as: PlatformId | None = None  # the store's id of an earlier revision: update that


RATING_NOT_OURS = "rating_not_ours"
"""The problem of a product whose rating another app writes."""


@dataclass(frozen=True, slots=True)
class RatingTotals:
    """All published reviews of one product that we know, for platforms that show a sum."""

    product_id: PlatformId
    count: int
    total: int  # sum of stars


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

    def fetch(self, product_id: PlatformId) -> Fetched | None:
        """The product; None if it is gone."""
        ...


class CustomersPort(Protocol):
    """Customers of one store."""

    def fetch(self, customer_id: PlatformId) -> Fetched | None:
        """The customer with consent; None if gone."""
        ...

    def baseline(self, cursor: str | None) -> Page:
        """Lifetime totals, a page at a time, for `normalise` to read as `BaselineSnapshot`s."""
        ...


class CouponsPort(Protocol):
    """Discount codes of one store."""

    def find(self, spec: CouponSpec) -> RemoteCoupon | None:
        """The coupon with the spec's code, if the store has one."""
        ...

    def create(self, spec: CouponSpec) -> RemoteCoupon:
        """Create it. Raises Refused("code_taken") if the code exists."""
        ...

    def void(self, ref: PlatformId) -> None:
        """Make it unusable; no error if it is gone already."""
        ...


class ReviewsPort(Protocol):
    """Reviews of one store's products."""

    shows_totals: bool  # whether publish_totals has to be called after each change

    def fetch(self, review_id: PlatformId) -> Fetched | None:
        """A review that was written in the store; None if it is gone or was never one."""
        ...

    def find(self, spec: ReviewSpec) -> PlatformId | None:
        """The published review, if the store has it already."""
        ...

    def publish(self, spec: ReviewSpec) -> PlatformId:
        """Publish or update it; returns the store's id."""
        ...

    def publish_totals(self, totals: RatingTotals, ours_before: RatingTotals | None) -> None:
        """Write rating and count. Raises MerchantMustFix("rating_not_ours") if another app did."""
        ...


@dataclass(frozen=True, slots=True)
class ReturnSpecLine:
    """Some of one order line. `note` is the customer's."""

    line_id: PlatformId
    title: str
    quantity: int
    reason: ReturnReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReturnSpec:
    """One of our returns as the store should know it.

    `reference` ("RMA-1004") is written where the platform has room, and found again by it.
    `ref` is the store's own id once it is known.
    """

    reference: str
    order_id: PlatformId
    kind: ReturnKind
    state: ReturnState
    lines: tuple[ReturnSpecLine, ...]
    ref: PlatformId | None = None
    answer: str = ""  # the merchant's words to the customer, with a decline
    period_over: bool = False  # declined because the time to return is over
    final_sale: bool = False  # declined because the goods cannot be returned


@dataclass(frozen=True, slots=True)
class RemoteReturn:
    """A return as the store has it."""

    ref: PlatformId
    state: ReturnState


class ReturnsPort(Protocol):
    """Returns of one store."""

    def find(self, spec: ReturnSpec) -> RemoteReturn | None:
        """The store's counterpart of ours, by `ref` or reference."""
        ...

    def request(self, spec: ReturnSpec) -> RemoteReturn:
        """Let the store know of it; the customer is not told by the store.

        Raises Refused("not_returnable") where the store has nothing of it to return.
        """
        ...

    def bring(self, spec: ReturnSpec) -> None:
        """Make the store's return what `spec.state` says; no error if it is so already.

        Raises Refused("return_moved_on") where the store's return is elsewhere meanwhile.
        """
        ...

    def fetch(self, return_id: PlatformId) -> Fetched | None:
        """The platform's own return; None if it is gone, or where the platform has none."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteWebhook:
    """A webhook subscription as the store has it."""

    ref: PlatformId
    topic: str
    url: str
    active: bool


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

    def normalise(self, received: Received) -> Sequence[Snapshot] | Ignored | Unknown:
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
