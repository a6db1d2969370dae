"""Events: facts that became known, each once, with the platform's own time.

`(shop, order or subject, type, key)` is unique in the database, so an event may be derived from
any number of bodies. `facts_of` derives all that one order picture proves, in causal order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.snapshots import OrderSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base. `order_id` is the subject; `key` tells repeats of one type apart."""

    type: ClassVar[str] = ""
    order_id: PlatformId
    occurred_at: datetime
    key: str = ""

    def data(self) -> dict[str, Any]:
        """What is stored beside type, subject, key and time; no personal data."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    """A customer placed an order (drafts are none)."""

    type: ClassVar[str] = "order_placed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(Event):
    """The money arrived; cash on delivery counts when it was collected."""

    type: ClassVar[str] = "order_paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFulfilled(Event):
    """A parcel left; `key` is the fulfilment."""

    type: ClassVar[str] = "order_fulfilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivered(Event):
    """A parcel arrived; `key` is the fulfilment, or "order" where the store has no parcels."""

    type: ClassVar[str] = "order_delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCompleted(Event):
    """The store calls the order finished."""

    type: ClassVar[str] = "order_completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(Event):
    """Money went back; `key` is the refund."""

    type: ClassVar[str] = "order_refunded"
    amount: Money
    lines: Mapping[PlatformId, int] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """Amount and returned quantities per line."""
        return {
            "minor": self.amount.minor,
            "currency": self.amount.currency,
            "lines": dict(self.lines),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """The order was cancelled."""

    type: ClassVar[str] = "order_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRemoved(Event):
    """The order was deleted or put into the bin."""

    type: ClassVar[str] = "order_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSubmitted(Event):
    """A customer sent a review through our form; `key` is our review id and revision."""

    type: ClassVar[str] = "review_submitted"
    review_id: int

    def data(self) -> dict[str, Any]:
        """Our own id of the review."""
        return {"review_id": self.review_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFact(Event):
    """Base of what happens to a return; `key` is our return id, `name` what people call it."""

    name: str

    def data(self) -> dict[str, Any]:
        """The return's name."""
        return {"name": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested(ReturnFact):
    """A customer asked to send something back."""

    type: ClassVar[str] = "return_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnApproved(ReturnFact):
    """The customer may send it back."""

    type: ClassVar[str] = "return_approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceived(ReturnFact):
    """The goods are back."""

    type: ClassVar[str] = "return_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnEnded(ReturnFact):
    """It is not open any more; `state` says how it ended: declined, refunded, closed, cancelled."""

    type: ClassVar[str] = "return_ended"
    state: str

    def data(self) -> dict[str, Any]:
        """Name, and how it ended."""
        return {"name": self.name, "state": self.state}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPosted(Event):
    """A customer wrote a review in the store itself; `key` is the store's id of it.

    `order_id` is the customer's last order with that product, "" where we know of none.
    """

    type: ClassVar[str] = "review_posted"
    product_id: PlatformId

    def data(self) -> dict[str, Any]:
        """The product."""
        return {"product_id": self.product_id}


def facts_of(order: OrderSnapshot) -> Iterator[Event]:
    """All facts that the picture proves, in causal order; none for a draft."""
    if order.draft:
        return
    oid = order.order_id
    yield OrderPlaced(order_id=oid, occurred_at=order.placed_at)
    if order.paid and order.paid_at:
        yield OrderPaid(order_id=oid, occurred_at=order.paid_at)
    parcels = [f for f in order.fulfilments if not f.cancelled]
    for parcel in parcels:
        yield OrderFulfilled(order_id=oid, occurred_at=parcel.created_at, key=parcel.fulfilment_id)
    for parcel in parcels:
        if parcel.delivered_at:
            yield OrderDelivered(
                order_id=oid, occurred_at=parcel.delivered_at, key=parcel.fulfilment_id
            )
    if order.delivered_at:
        yield OrderDelivered(order_id=oid, occurred_at=order.delivered_at, key="order")
    if order.completed_at:
        yield OrderCompleted(order_id=oid, occurred_at=order.completed_at)
    for refund in order.refunds:
        if refund.created_at and refund.lines is not None:
            yield OrderRefunded(
                order_id=oid,
                occurred_at=refund.created_at,
                key=refund.refund_id,
                amount=refund.amount,
                lines=refund.lines,
            )
    if order.cancelled_at:
        yield OrderCancelled(order_id=oid, occurred_at=order.cancelled_at)
    if order.trashed:
        yield OrderRemoved(order_id=oid, occurred_at=order.version or order.placed_at)
