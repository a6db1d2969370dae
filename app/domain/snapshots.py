"""Platform-neutral pictures of one thing in a store at one time.

`normalise` of each platform makes them; `domain/merging.py` folds them. All times are aware UTC.
A `version` is the platform's own time of last change; None where the platform tells none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.returns import ReturnReason, ReturnState


class ConsentState(StrEnum):
    """What a customer said about marketing on one channel."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """Who ordered. Personal data: encrypted at rest, never logged."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    city: str | None = None
    customer_id: PlatformId | None = None  # the platform's id; None for guests


@dataclass(frozen=True, slots=True)
class Line:
    """One bought item. `quantity` as bought; refunds are counted from `RefundSnapshot.lines`."""

    line_id: PlatformId
    product_id: PlatformId | None  # None: custom item or product deleted
    title: str
    quantity: int
    total: Money
    variant_id: PlatformId | None = None
    variant_title: str | None = None
    sku: str | None = None
    image_url: str | None = None
    is_gift_card: bool = False
    ships: bool = True
    unit_price: Money | None = None  # of one, before discounts of the whole order (coupons)


@dataclass(frozen=True, slots=True)
class FulfilmentSnapshot:
    """One parcel. Natural key of `OrderFulfilled` and `OrderDelivered`: `fulfilment_id`."""

    fulfilment_id: PlatformId
    order_id: PlatformId
    created_at: datetime
    cancelled: bool = False
    delivered_at: datetime | None = None
    version: datetime | None = None
    lines: Mapping[PlatformId, int] = field(default_factory=dict)  # line id → quantity


@dataclass(frozen=True, slots=True)
class DeliverySnapshot:
    """A carrier said that one parcel arrived (Shopify fulfillment event `delivered`)."""

    order_id: PlatformId
    fulfilment_id: PlatformId
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """One refund. `lines` maps line id → quantity; empty for an amount only, None where unknown
    (WooCommerce order bodies name refunds without time and lines).
    """

    refund_id: PlatformId
    order_id: PlatformId
    created_at: datetime | None
    amount: Money
    lines: Mapping[PlatformId, int] | None = None


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """An order as one body showed it."""

    order_id: PlatformId
    number: str
    version: datetime | None
    status: str  # the platform's own word, for the merchant's eyes only
    placed_at: datetime
    total: Money
    person: Person
    paid: bool = False
    paid_at: datetime | None = None  # None although paid: the body does not tell when
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    delivered_at: datetime | None = None  # the whole order, where the platform has no parcels
    delivery_time_known: bool = True  # False: `delivered_at` is only the time of the last change
    arrival_watched: bool = False  # we knew the order before it was delivered, and saw that change
    draft: bool = False  # not yet an order (WooCommerce checkout-draft): nothing is concluded
    trashed: bool = False
    test: bool = False
    in_person: bool = False  # sold over a counter (POS)
    fully_fulfilled: bool = False
    locale: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2, of the delivery, else of the bill
    checkout_consent: bool | None = None  # marketing tick of this checkout; None: not asked
    store_asks_review: bool = False  # the store itself schedules a review request
    withdrawal_requested: bool = False  # the store's own withdrawal form was used
    coupon_codes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    fulfilments: tuple[FulfilmentSnapshot, ...] = ()
    refunds: tuple[RefundSnapshot, ...] = ()
    partial: bool = False  # fields are missing that the platform does have: refresh


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """Some of a line that the platform's own return names."""

    line_id: PlatformId  # of the order
    quantity: int
    reason: ReturnReason
    note: str | None = None  # the customer's words: personal data


@dataclass(frozen=True, slots=True)
class ReturnSnapshot:
    """A return that the platform itself knows. `reference` is ours, if the platform's text holds
    it: then it is our own return come back. `asked` is False where the merchant made it.
    """

    return_id: PlatformId
    order_id: PlatformId
    name: str
    state: ReturnState
    created_at: datetime
    asked: bool = True
    reference: str | None = None
    closed_at: datetime | None = None
    lines: tuple[ReturnedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductSnapshot:
    """A product as far as rules need it.

    `regular_prices`: variant id (of the product itself: "") → price without a sale, where one is
    told. `categories` and `tags` are names; on Shopify categories are product type and collections.
    """

    product_id: PlatformId
    title: str
    version: datetime | None
    url: str | None = None
    image_url: str | None = None
    reviewable: bool = True  # published, reviews allowed, no gift card
    price: Money | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    regular_prices: Mapping[PlatformId, Money] = field(default_factory=dict)
    partial: bool = False  # kinds or regular prices are not shown, though there may be some


@dataclass(frozen=True, slots=True)
class ConsentSnapshot:
    """What is known of e-mail marketing consent, with its own time."""

    state: ConsentState
    at: datetime | None
    source: str  # "customer", "checkout", "webhook"
    customer_id: PlatformId | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A registered customer."""

    customer_id: PlatformId
    version: datetime | None
    person: Person
    locale: str | None = None
    country: str | None = None
    consent: ConsentSnapshot | None = None
    lifetime_orders: int | None = None
    lifetime_spent: Money | None = None


@dataclass(frozen=True, slots=True)
class BaselineSnapshot:
    """What a customer had bought until `as_of`: lifetime count and sum, first order's time.

    Orders paid until `as_of` are in these totals; only later ones are counted on top.
    """

    email: str | None
    customer_id: PlatformId | None
    orders: int
    spent: Money
    as_of: datetime
    first_order_at: datetime | None = None


class ObjectKind(StrEnum):
    """What can be read again from a platform."""

    ORDER = "order"
    PRODUCT = "product"
    CUSTOMER = "customer"
    RETURN = "return"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class PostedReview:
    """A review that a customer wrote in the store itself. The address is personal data."""

    review_id: PlatformId
    product_id: PlatformId
    email: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Refresh:
    """The body is no basis for a conclusion: read the object from the platform."""

    kind: ObjectKind
    platform_id: PlatformId


@dataclass(frozen=True, slots=True)
class Gone:
    """The platform says that the object no longer exists (or is trashed)."""

    kind: ObjectKind
    platform_id: PlatformId


@dataclass(frozen=True, slots=True)
class MergedCustomers:
    """The platform merged one customer into another."""

    kept: PlatformId
    removed: PlatformId


class Control(StrEnum):
    """What a platform tells about the installation, not about an order."""

    UNINSTALLED = "uninstalled"
    SCOPES_CHANGED = "scopes_changed"
    SHOP_CHANGED = "shop_changed"
    DATA_REQUEST = "data_request"
    CUSTOMER_REDACT = "customer_redact"
    SHOP_REDACT = "shop_redact"


@dataclass(frozen=True, slots=True)
class ControlMessage:
    """An installation or privacy message; `customer` for the two that name one."""

    control: Control
    customer: Person | None = None
    order_ids: tuple[PlatformId, ...] = ()
    scopes: tuple[str, ...] = ()


Snapshot = (
    OrderSnapshot
    | FulfilmentSnapshot
    | DeliverySnapshot
    | RefundSnapshot
    | ReturnSnapshot
    | ProductSnapshot
    | ConsentSnapshot
    | CustomerSnapshot
    | BaselineSnapshot
    | PostedReview
    | Refresh
    | Gone
    | MergedCustomers
    | ControlMessage
)
