"""Order projections: the fold of all that is known of an order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select, tuple_

from app.db.base import Repository
from app.db.codec import (
    NOBODY,
    order_doc,
    order_from,
    person_from,
)
from app.db.models import orders
from app.domain.ids import CustomerId, PlatformId
from app.domain.money import Money
from app.domain.snapshots import OrderSnapshot, Person


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order as stored; `order.person` is nobody unless it was opened."""

    order: OrderSnapshot
    customer_id: CustomerId | None
    read_at: datetime | None  # business time of the last full read from the platform
    sealed_person: bytes | None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One order of a customer, as far as milestones need it."""

    order_id: PlatformId
    placed_at: datetime
    paid_at: datetime | None
    total: Money
    refunded: Money
    cancelled: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class NamedOrder:
    """An order and who placed it."""

    order_id: PlatformId
    number: str
    customer_id: CustomerId | None
    placed_at: datetime
    person: Person


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """An order among those that were paid, and its place there."""

    order_id: PlatformId
    paid_at: datetime
    row: int


HISTORY = (
    orders.c.platform_id, orders.c.placed_at, orders.c.paid_at, orders.c.currency,
    orders.c.total_minor, orders.c.refunded_minor, orders.c.cancelled, orders.c.counts,
)  # fmt: skip


def history_from(row: Any) -> HistoryRow:
    """The columns of `HISTORY` as one order of a customer."""
    return HistoryRow(
        row.platform_id,
        row.placed_at,
        row.paid_at,
        Money(row.total_minor, row.currency),
        Money(row.refunded_minor, row.currency),
        row.cancelled,
        row.counts,
    )


def refunded_of(order: OrderSnapshot) -> Money:
    """What went back."""
    return Money(sum(refund.amount.minor for refund in order.refunds), order.total.currency)


def counts(order: OrderSnapshot) -> bool:
    """Whether it is a real, paid order."""
    return order.paid and not (order.test or order.draft or order.trashed)


def order_values(order: OrderSnapshot, customer_id: CustomerId | None) -> dict[str, Any]:
    """The columns that follow from the fold."""
    return {
        "number": order.number,
        "customer_id": customer_id,
        "doc": order_doc(order),
        "currency": order.total.currency,
        "total_minor": order.total.minor,
        "refunded_minor": refunded_of(order).minor,
        "cancelled": order.cancelled_at is not None,
        "counts": counts(order),
        "placed_at": order.placed_at,
        "paid_at": order.paid_at,
        "version": order.version,
    }


class Orders(Repository):
    """Orders of one shop."""

    def get(self, order_id: PlatformId) -> StoredOrder | None:
        """One order, without its person."""
        columns = (orders.c.doc, orders.c.customer_id, orders.c.read_at, orders.c.person)
        query = select(*columns).where(self._mine(orders), orders.c.platform_id == order_id)
        row = self._connection.execute(query).first()
        if row is None:
            return None
        return StoredOrder(order_from(row[0]), row[1], row[2], row[3])

    def person(self, order_id: PlatformId) -> Person:
        """Who ordered; nobody if unknown or erased. Decrypts: not inside a write transaction."""
        query = select(orders.c.person).where(self._mine(orders), orders.c.platform_id == order_id)
        sealed = self._connection.execute(query).scalar()
        return person_from(self._keyring.open_json(sealed)) if sealed else NOBODY

    def opened(self, stored: StoredOrder) -> Person:
        """Who placed an order that was just read. Decrypts: not inside a write transaction."""
        sealed = stored.sealed_person
        return person_from(self._keyring.open_json(sealed)) if sealed else NOBODY

    def save(
        self,
        order: OrderSnapshot,
        customer_id: CustomerId | None,
        sealed_person: bytes | None,
        read_at: datetime | None,
    ) -> None:
        """Write the fold. A person once known is kept when a newer body tells none."""
        values = order_values(order, customer_id)
        if read_at:
            values["read_at"] = read_at
        if sealed_person:
            values["person"] = sealed_person
        self._connection.execute(
            self._insert(orders, platform_id=order.order_id, **values).on_conflict_do_update(
                index_elements=["shop_id", "platform_id"], set_=values
            )
        )

    def history(self, customer_id: CustomerId, newest: int | None = None) -> list[HistoryRow]:
        """All orders of a canonical customer, oldest first; or so many of the newest."""
        query = (
            select(*HISTORY)
            .where(self._mine(orders), orders.c.customer_id == customer_id)
            .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
            .limit(newest)
        )
        return [history_from(row) for row in self._connection.execute(query)][::-1]

    def spent(self, customer_id: CustomerId, currency: str) -> tuple[int, Money]:
        """How many orders a customer placed, and what the counted ones in a currency came to, less
        what went back.
        """
        counted = and_(orders.c.counts, ~orders.c.cancelled, orders.c.currency == currency)
        paid = orders.c.total_minor - orders.c.refunded_minor
        query = select(
            func.count(), func.coalesce(func.sum(case((counted, paid), else_=0)), 0)
        ).where(self._mine(orders), orders.c.customer_id == customer_id)
        count, minor = self._connection.execute(query).one()
        return count, Money(int(minor), currency)

    def search(self, text: str, limit: int = 50) -> list[PlatformId]:
        """Orders with this number or id."""
        bare = text.strip().removeprefix("#")
        numbers = (orders.c.number == bare, orders.c.number == f"#{bare}")
        wanted = self._any_of(orders, *numbers, orders.c.platform_id == bare)
        query = select(orders.c.platform_id).where(wanted).limit(limit)
        return [order_id for (order_id,) in self._connection.execute(query)]

    def newest_of(self, customer_id: CustomerId, limit: int) -> list[StoredOrder]:
        """A customer's orders, newest first."""
        query = (
            select(orders.c.doc, orders.c.customer_id, orders.c.read_at, orders.c.person)
            .where(self._mine(orders), orders.c.customer_id == customer_id)
            .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
            .limit(limit)
        )
        return [
            StoredOrder(order_from(row[0]), *row[1:]) for row in self._connection.execute(query)
        ]

    def newest_persons(self, limit: int) -> list[NamedOrder]:
        """Who placed the newest orders, opened; a search by name can look at nothing else, because
        names are sealed. Decrypts: not inside a write transaction.
        """
        query = (
            select(
                orders.c.platform_id, orders.c.number, orders.c.customer_id, orders.c.placed_at,
                orders.c.person,
            )
            .where(self._mine(orders))
            .order_by(orders.c.placed_at.desc())
            .limit(limit)
        )  # fmt: skip
        return [
            NamedOrder(
                order_id,
                number,
                customer_id,
                placed_at,
                person_from(self._keyring.open_json(sealed)) if sealed else NOBODY,
            )
            for order_id, number, customer_id, placed_at, sealed in self._connection.execute(query)
        ]

    def of_customer(self, customer_id: CustomerId) -> list[PlatformId]:
        """Ids of a customer's orders."""
        query = select(orders.c.platform_id).where(
            self._mine(orders), orders.c.customer_id == customer_id
        )
        return [order_id for (order_id,) in self._connection.execute(query)]

    def paid_since(self, since: datetime, after: PaidOrder | None, limit: int) -> list[PaidOrder]:
        """The next orders paid at or after a time, oldest first; going on `after` one of them."""
        query = (
            select(orders.c.platform_id, orders.c.paid_at, orders.c.id)
            .where(self._mine(orders), orders.c.paid_at >= since)
            .order_by(orders.c.paid_at, orders.c.id)
            .limit(limit)
        )
        if after:
            place = tuple_(orders.c.paid_at, orders.c.id)
            query = query.where(place > tuple_(after.paid_at, after.row))
        return [PaidOrder(*row) for row in self._connection.execute(query)]

    def count(self) -> int:
        """How many orders are known."""
        query = select(func.count()).select_from(orders).where(self._mine(orders))
        return self._connection.execute(query).scalar_one()
