"""The past as pictures on which rules decide, built from a few large reads."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from app.automations.base import Context, CustomerView, PastOrder, SettingsModel, ShopView
from app.db.past import OrderThen, Past, ReturnThen
from app.domain.ids import CustomerId, PlatformId
from app.domain.money import Money
from app.domain.parcels import is_all_delivered, is_all_sent, last_arrival, parcels_of
from app.domain.returns import (
    PastReturn,
    ReturnItem,
    ReturnKind,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnRequest,
    ReturnState,
)
from app.domain.rewind import rewound, state_at
from app.domain.snapshots import OrderSnapshot
from app.pipeline.context import NOBODY

_ON_THE_WAY = timedelta(days=7)  # where no carrier told the arrival

# How a return came out, as far as people or rules decided it.
_CAME_OUT = {
    ReturnState.HELD: ReturnOutcome.HOLD,
    ReturnState.APPROVED: ReturnOutcome.APPROVE,
    ReturnState.RECEIVED: ReturnOutcome.APPROVE,
    ReturnState.REFUNDED: ReturnOutcome.APPROVE,
    ReturnState.CLOSED: ReturnOutcome.APPROVE,
    ReturnState.DECLINED: ReturnOutcome.DECLINE,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to decide, in its picture; `came_out` for returns."""

    name: str
    is_return: bool
    request: ReturnRequest
    context: Context
    came_out: ReturnOutcome | None = None


class Pictures:
    """Builds the pictures from a few large reads."""

    def __init__(
        self, past: Past, shop: ShopView, settings: SettingsModel, *, with_orders: bool
    ) -> None:
        self._past = past
        self._shop = shop
        self._settings = settings
        self._products = past.products()
        self._histories = {
            customer_id: [(then.placed_at, _past_order(then)) for then in orders]
            for customer_id, orders in (past.histories() if with_orders else {}).items()
        }
        self._known = past.returns()
        self._of_customer: dict[CustomerId, list[ReturnThen]] = {}
        self._of_order: dict[PlatformId, list[ReturnThen]] = {}
        for known in self._known:
            if known.customer_id:
                self._of_customer.setdefault(known.customer_id, []).append(known)
            if known.order_id:
                self._of_order.setdefault(known.order_id, []).append(known)

    def returns(self, limit: int, since: datetime | None) -> Iterator[Event]:
        """Past returns that somebody asked for, newest first."""
        orders = self._past.returned_orders(limit, since)
        asked = (
            (known, order)
            for known in self._known
            if known.origin is not ReturnOrigin.MERCHANT
            and (since is None or known.requested_at >= since)
            and (order := orders.get(known.order_id or ""))
        )
        for known, order in islice(asked, limit):
            at = known.requested_at
            others = self._others(known, order, at)
            context = self._context(rewound(order, at), known.customer_id, at, others)
            request = ReturnRequest(known.kind, known.origin, at, known.items)
            yield Event(known.name, True, request, context, _CAME_OUT.get(known.state))

    def orders(
        self, limit: int, since: datetime | None, asked_after: timedelta
    ) -> Iterator[Event | None]:
        """Past orders, as if all of each were asked back; None for one that never was sent."""
        for order, customer_id in self._past.orders(limit, since):
            arrived = _arrived(order)
            if arrived is None or not order.lines:
                yield None
                continue
            at = arrived + asked_after
            items = tuple(
                ReturnItem(line.line_id, line.quantity, ReturnReason.UNWANTED)
                for line in order.lines
            )
            known = self._of_customer.get(customer_id or CustomerId(0), ())
            others = tuple(p for p in _earlier(known, at) if p.order_id != order.order_id)
            whole = replace(order, refunds=()) if order.refunds else order
            context = self._context(whole, customer_id, at, others)
            request = ReturnRequest(ReturnKind.RETURN, ReturnOrigin.CUSTOMER, at, items)
            yield Event(order.number, False, request, context)

    def _context(
        self,
        order: OrderSnapshot,
        customer_id: CustomerId | None,
        at: datetime,
        returns: tuple[PastReturn, ...],
    ) -> Context:
        ids = {line.product_id for line in order.lines if line.product_id}
        return Context(
            now=at,
            shop=self._shop,
            settings=self._settings,
            order=order,
            customer=self._customer(customer_id, at),
            products={pid: self._products[pid] for pid in ids if pid in self._products},
            returns=returns,
        )

    def _customer(self, customer_id: CustomerId | None, at: datetime) -> CustomerView:
        if customer_id is None:
            return NOBODY
        history = self._histories.get(customer_id, ())
        orders = tuple(order for placed_at, order in history if placed_at <= at)
        return replace(NOBODY, customer_id=customer_id, orders=orders)

    def _others(
        self, known: ReturnThen, order: OrderSnapshot, at: datetime
    ) -> tuple[PastReturn, ...]:
        """Earlier returns of the same customer and order, as they stood then."""
        others = {other.name: other for other in self._of_order[order.order_id]}
        if known.customer_id:
            others |= {other.name: other for other in self._of_customer[known.customer_id]}
        del others[known.name]
        return tuple(_earlier(others.values(), at))


def _earlier(known: Iterable[ReturnThen], at: datetime) -> Iterator[PastReturn]:
    for then in known:
        if then.requested_at <= at:
            state = state_at(at, then.state, then.decided_at, then.received_at, then.ended_at)
            yield PastReturn(
                then.name, then.order_id, then.kind, state, then.requested_at, then.items
            )


def _past_order(then: OrderThen) -> PastOrder:
    nothing = Money.zero(then.total.currency)
    return PastOrder(
        order_id=then.order_id,
        placed_at=then.placed_at,
        paid_at=None,
        total=then.total,
        refunded=nothing,
        fully_refunded=False,
        cancelled=then.cancelled,
        test=not then.counts,
    )


def _arrived(order: OrderSnapshot) -> datetime | None:
    """When all of it arrived or should have; None if it was never sent."""
    seen = last_arrival(order)
    if seen and is_all_delivered(order):
        return seen
    if not any(line.ships for line in order.lines):
        return order.paid_at or order.placed_at
    if not is_all_sent(order):
        return None
    left = max((parcel.created_at for parcel in parcels_of(order)), default=None)
    left = left or order.completed_at or order.placed_at
    return max(left + _ON_THE_WAY, seen or left)
