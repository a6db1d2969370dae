"""What a story is told from: everything that is stored of one order, or of all of a customer's.

One more kind of thing in a story: read it here, and word it in timeline.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.db.events import EventRow
from app.db.journal import JournalRow
from app.db.orders import StoredOrder
from app.db.returns import ReturnRow
from app.db.reviews import ReviewRow
from app.db.tenant import ShopData
from app.domain.actions import Action
from app.domain.ids import CustomerId, PlatformId, ReturnId, ReviewId

ORDERS_TOLD = 30  # the newest ones of a customer; each has a page of its own


@dataclass(frozen=True, slots=True)
class Known:
    """Everything about one subject. `numbers` names the orders where a story has several."""

    actions: Sequence[Action]
    journal: Sequence[JournalRow]
    events: Sequence[EventRow]
    reviews: Mapping[ReviewId, ReviewRow]
    returns: Mapping[ReturnId, ReturnRow]
    numbers: Mapping[PlatformId, str] = field(default_factory=dict)


def of_order(data: ShopData, order_id: PlatformId) -> Known:
    """One order."""
    return Known(
        actions=data.actions.of_order(order_id),
        journal=data.journal.of_order(order_id),
        events=data.events.of_order(order_id),
        reviews={review.id: review for review in data.reviews.of_order(order_id)},
        returns={row.id: row for row in data.returns.of_order(order_id)},
    )


def of_customer(data: ShopData, customer_id: CustomerId, orders: Sequence[StoredOrder]) -> Known:
    """A customer with some orders, and what concerns no order."""
    ids = [stored.order.order_id for stored in orders]
    told = set(ids)
    return Known(
        actions=data.actions.of_orders(ids),
        journal=[*data.journal.of_orders(ids), *data.journal.of_customer_alone(customer_id)],
        events=data.events.of_orders(ids),
        reviews={review.id: review for review in data.reviews.of_orders(ids)},
        returns={
            row.id: row
            for row in data.returns.of_customer(customer_id)
            if not row.order_id or row.order_id in told
        },
        numbers={stored.order.order_id: stored.order.number for stored in orders},
    )
