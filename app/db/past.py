"""What lies behind a shop, read in a few queries: for the dry run of changed rules.

Nothing sealed is read, and no query is made per row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, cast, select

from app.db.base import Repository
from app.db.codec import order_from_text, product_from_text
from app.db.models import orders, products, return_lines, returns
from app.domain.ids import CustomerId, PlatformId
from app.domain.money import Money
from app.domain.returns import (
    ReturnItem,
    ReturnKind,
    ReturnOrigin,
    ReturnReason,
    ReturnState,
    return_name,
)
from app.domain.snapshots import OrderSnapshot, ProductSnapshot


@dataclass(frozen=True, slots=True)
class ReturnThen:
    """A return with its times and items, without words and decision."""

    name: str
    order_id: PlatformId | None
    customer_id: CustomerId | None
    kind: ReturnKind
    origin: ReturnOrigin
    state: ReturnState
    requested_at: datetime
    decided_at: datetime | None
    received_at: datetime | None
    ended_at: datetime | None
    items: tuple[ReturnItem, ...]


@dataclass(frozen=True, slots=True)
class OrderThen:
    """An order of a customer's history."""

    order_id: PlatformId
    customer_id: CustomerId
    placed_at: datetime
    total: Money
    cancelled: bool
    counts: bool


class Past(Repository):
    """A shop's past."""

    def returns(self) -> list[ReturnThen]:
        """All of the shop, newest first."""
        items = self._items()
        query = (
            select(
                returns.c.id, returns.c.number, returns.c.order_id, returns.c.customer_id,
                returns.c.kind, returns.c.origin, returns.c.state, returns.c.requested_at,
                returns.c.decided_at, returns.c.received_at, returns.c.ended_at,
            )
            .where(self._mine(returns))
            .order_by(returns.c.requested_at.desc(), returns.c.id.desc())
        )  # fmt: skip
        return [
            ReturnThen(
                name=return_name(row.number),
                order_id=row.order_id,
                customer_id=row.customer_id,
                kind=ReturnKind(row.kind),
                origin=ReturnOrigin(row.origin),
                state=ReturnState(row.state),
                requested_at=row.requested_at,
                decided_at=row.decided_at,
                received_at=row.received_at,
                ended_at=row.ended_at,
                items=tuple(items.get(row.id, ())),
            )
            for row in self._connection.execute(query)
        ]

    def _items(self) -> dict[int, list[ReturnItem]]:
        query = select(
            return_lines.c.return_id,
            return_lines.c.line_id,
            return_lines.c.quantity,
            return_lines.c.reason,
        ).where(self._mine(return_lines))
        found: dict[int, list[ReturnItem]] = {}
        for return_id, line_id, quantity, reason in self._connection.execute(query):
            item = ReturnItem(line_id, quantity, ReturnReason(reason))
            found.setdefault(return_id, []).append(item)
        return found

    def orders(
        self, limit: int, since: datetime | None = None
    ) -> Iterator[tuple[OrderSnapshot, CustomerId | None]]:
        """Real, paid orders, placed last first."""
        query = select(cast(orders.c.doc, Text), orders.c.customer_id).where(
            self._mine(orders), orders.c.counts.is_(True), orders.c.cancelled.is_(False)
        )
        if since:
            query = query.where(orders.c.placed_at >= since)
        query = query.order_by(orders.c.placed_at.desc(), orders.c.id.desc()).limit(limit)
        for text, customer_id in self._connection.execute(query):
            yield order_from_text(text), customer_id

    def returned_orders(
        self, limit: int, since: datetime | None = None
    ) -> dict[PlatformId, OrderSnapshot]:
        """Orders of the newest returns."""
        asked = select(returns.c.order_id).where(
            self._mine(returns), returns.c.order_id.is_not(None)
        )
        if since:
            asked = asked.where(returns.c.requested_at >= since)
        asked = asked.order_by(returns.c.requested_at.desc(), returns.c.id.desc()).limit(limit)
        query = select(orders.c.platform_id, cast(orders.c.doc, Text)).where(
            self._mine(orders), orders.c.platform_id.in_(asked)
        )
        return {
            order_id: order_from_text(text) for order_id, text in self._connection.execute(query)
        }

    def histories(self) -> dict[CustomerId, list[OrderThen]]:
        """Orders per customer."""
        query = select(
            orders.c.platform_id, orders.c.customer_id, orders.c.placed_at, orders.c.total_minor,
            orders.c.currency, orders.c.cancelled, orders.c.counts,
        ).where(self._mine(orders), orders.c.customer_id.is_not(None))  # fmt: skip
        found: dict[CustomerId, list[OrderThen]] = {}
        for order_id, customer_id, at, minor, currency, *flags in self._connection.execute(query):
            then = OrderThen(order_id, customer_id, at, Money(minor, currency), *flags)
            found.setdefault(customer_id, []).append(then)
        return found

    def products(self) -> dict[PlatformId, ProductSnapshot]:
        """All that are not gone, as they are today."""
        query = select(products.c.platform_id, cast(products.c.doc, Text)).where(
            self._mine(products), products.c.gone.is_(False)
        )
        return {
            product_id: product_from_text(text)
            for product_id, text in self._connection.execute(query)
        }
