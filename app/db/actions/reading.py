"""What pages, reports and second looks read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from app.db.actions.performing import IS_WAITING
from app.db.actions.rows import ActionRows, action_from
from app.db.models import actions
from app.domain.actions import Action, ActionState
from app.domain.ids import ActionId, CustomerId, PlatformId
from app.domain.reasons import ReasonCode


class Reading(ActionRows):
    """Lists and counts of one shop's rows."""

    def of_order(self, order_id: PlatformId) -> list[Action]:
        """All rows of one order, oldest first."""
        return self._many(actions.c.order_id == order_id)

    def of_customer(self, customer_id: CustomerId) -> list[Action]:
        """All rows of one customer, oldest first."""
        return self._many(actions.c.customer_id == customer_id)

    def of_orders(self, order_ids: Sequence[PlatformId]) -> list[Action]:
        """All rows of several orders, oldest first.

        Sorted here: asked to sort, SQLite would rather go through all rows in the order of ids.
        """
        query = select(actions).where(self._mine(actions), actions.c.order_id.in_(order_ids))
        found = [action_from(row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda action: action.id)

    def waiting_under_older(self, automation: str, version: int, limit: int) -> list[Action]:
        """Rows of an automation to come that were decided under older settings, oldest first."""
        query = (
            select(actions)
            .where(
                self._mine(actions),
                actions.c.automation == automation,
                IS_WAITING,
                actions.c.settings_version < version,
            )
            .order_by(actions.c.id)
            .limit(limit)
        )
        return [action_from(row) for row in self._connection.execute(query)]

    def page(
        self,
        *,
        before: ActionId | None = None,
        limit: int = 50,
        automation: str | None = None,
        states: Sequence[ActionState] = (),
        order_ids: Sequence[PlatformId] | None = None,
        customer_id: CustomerId | None = None,
    ) -> list[Action]:
        """Newest first, for the activity page."""
        query = select(actions).where(self._mine(actions))
        if before is not None:
            query = query.where(actions.c.id < before)
        if automation:
            query = query.where(actions.c.automation == automation)
        if states:
            query = query.where(actions.c.state.in_(states))
        if order_ids is not None:
            query = query.where(actions.c.order_id.in_(order_ids))
        if customer_id is not None:
            query = query.where(actions.c.customer_id == customer_id)
        query = query.order_by(actions.c.id.desc()).limit(limit)
        return [action_from(row) for row in self._connection.execute(query)]

    def counts(self) -> dict[tuple[str, str], int]:
        """Rows per (automation, state)."""
        query = (
            select(actions.c.automation, actions.c.state, func.count())
            .where(self._mine(actions))
            .group_by(actions.c.automation, actions.c.state)
        )
        return {(row[0], row[1]): row[2] for row in self._connection.execute(query)}

    def skip_reasons(self, automation: str, since: datetime) -> list[tuple[ReasonCode, int]]:
        """Why things were not done since a business time, most frequent first."""
        query = (
            select(actions.c.reason, func.count())
            .where(
                self._mine(actions),
                actions.c.automation == automation,
                actions.c.state == ActionState.SKIPPED,
                actions.c.ended_at >= since,
            )
            .group_by(actions.c.reason)
            .order_by(func.count().desc())
        )
        return [(ReasonCode(code), count) for code, count in self._connection.execute(query)]
