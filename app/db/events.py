"""Facts, each once: unique by shop, subject, type and natural key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.db.base import Repository
from app.db.models import events
from app.domain.events import Event, ReviewPosted
from app.domain.ids import CustomerId, PlatformId


@dataclass(frozen=True, slots=True)
class EventRow:
    """A stored fact, for timelines."""

    type: str
    key: str
    occurred_at: datetime
    known_at: datetime
    data: dict[str, Any]
    order_id: PlatformId = ""


_UNIQUE = ("shop_id", "subject", "type", "key")


class Events(Repository):
    """Events of one shop."""

    def add(self, event: Event, customer_id: CustomerId | None, known_at: datetime) -> bool:
        """Store the fact; False if it was known."""
        values = self._values(event, customer_id, known_at)
        insert = self._uow.insert(events).on_conflict_do_nothing(index_elements=_UNIQUE)
        return bool(self._connection.execute(insert, values).rowcount == 1)

    def _values(
        self, event: Event, customer_id: CustomerId | None, known_at: datetime
    ) -> dict[str, Any]:
        return {
            "shop_id": self._shop_id,
            "type": event.type,
            "subject": event.order_id,
            "key": event.key,
            "customer_id": customer_id,
            "data": event.data(),
            "occurred_at": event.occurred_at,
            "known_at": known_at,
        }

    def products_reviewed_in_store(self, customer_id: CustomerId) -> frozenset[PlatformId]:
        """Of which products a customer wrote a review in the store itself."""
        query = select(events.c.data).where(
            self._mine(events),
            events.c.customer_id == customer_id,
            events.c.type == ReviewPosted.type,
        )
        return frozenset(data["product_id"] for (data,) in self._connection.execute(query))

    def of_order(self, order_id: PlatformId) -> list[EventRow]:
        """All facts of one order, in the order in which they occurred."""
        return self.of_orders([order_id])

    def of_orders(self, order_ids: Sequence[PlatformId]) -> list[EventRow]:
        """All facts of several orders, in the order in which they occurred."""
        query = (
            select(
                events.c.type, events.c.key, events.c.occurred_at, events.c.known_at,
                events.c.data, events.c.subject,
            )
            .where(self._mine(events), events.c.subject.in_(order_ids))
            .order_by(events.c.occurred_at, events.c.id)
        )  # fmt: skip
        return [EventRow(*row) for row in self._connection.execute(query)]
