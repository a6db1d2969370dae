"""The journal: append-only, ids and codes only, read by the activity page and `export`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.db.base import Repository
from app.db.models import journal
from app.domain.ids import ActionId, CustomerId, PlatformId
from app.domain.reasons import Reason, ReasonCode


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One line: at this business time this happened, for this reason."""

    id: int
    at: datetime
    verb: str
    what: str
    action_id: ActionId | None
    order_id: PlatformId | None
    customer_id: CustomerId | None
    reason: Reason | None
    params: dict[str, Any]


class Journal(Repository):
    """Journal of one shop."""

    def write(
        self,
        verb: str,
        what: str,
        at: datetime,
        *,
        reason: Reason | None = None,
        action_id: ActionId | None = None,
        order_id: PlatformId | None = None,
        customer_id: CustomerId | None = None,
        params: dict[str, Any] | None = None,
    ) -> None:
        """Append a line. Without a reason `params` may hold ids and numbers of its own."""
        self._append(
            {
                "shop_id": self._shop_id,
                "verb": verb,
                "what": what,
                "action_id": action_id,
                "order_id": order_id,
                "customer_id": customer_id,
                "reason": reason.code if reason else None,
                "params": dict(reason.params) if reason else (params or {}),
                "at": at,
            }
        )

    def _append(self, line: dict[str, Any]) -> None:
        self._connection.execute(journal.insert(), line)

    def of_order(self, order_id: PlatformId) -> list[JournalRow]:
        """Everything about one order, oldest first."""
        return self.of_orders([order_id])

    def of_orders(self, order_ids: Sequence[PlatformId]) -> list[JournalRow]:
        """Everything about several orders, oldest first.

        Sorted here: asked to sort, SQLite would rather go through all lines in the order of ids.
        """
        query = select(journal).where(self._mine(journal), journal.c.order_id.in_(order_ids))
        found = [_row(row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda line: line.id)

    def of_customer_alone(self, customer_id: CustomerId) -> list[JournalRow]:
        """What concerns a customer and no order: choices, erasure; oldest first."""
        query = (
            select(journal)
            .where(
                self._mine(journal),
                journal.c.customer_id == customer_id,
                journal.c.order_id.is_(None),
            )
            .order_by(journal.c.id)
        )
        return [_row(row) for row in self._connection.execute(query)]

    def all(self) -> list[JournalRow]:
        """The whole journal, oldest first, for the export."""
        query = select(journal).where(self._mine(journal)).order_by(journal.c.id)
        return [_row(row) for row in self._connection.execute(query)]

    def count(self) -> int:
        """Number of lines."""
        return self._connection.execute(
            select(func.count()).select_from(journal).where(self._mine(journal))
        ).scalar_one()


def _row(row: Any) -> JournalRow:
    reason = Reason(ReasonCode(row.reason), row.params) if row.reason else None
    return JournalRow(
        row.id,
        row.at,
        row.verb,
        row.what,
        row.action_id,
        row.order_id,
        row.customer_id,
        reason,
        row.params,
    )
