"""Finding and changing single rows; the base of what is done with them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from app.db.base import Repository
from app.db.models import actions
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.ids import ActionId
from app.domain.reasons import Reason, ReasonCode


class ActionRows(Repository):
    """Rows of one shop."""

    def get(self, action_id: ActionId) -> Action | None:
        """One action."""
        return self._one(actions.c.id == action_id)

    def by_key(self, dedupe_key: str) -> Action | None:
        """The action with this key."""
        return self._one(actions.c.dedupe_key == dedupe_key)

    def _change(
        self,
        action_id: int,
        values: dict[str, Any],
        conditions: Sequence[ColumnElement[bool]],
        *,
        bump: bool = True,
    ) -> bool:
        if bump:
            values = {**values, "revision": actions.c.revision + 1}
        result = self._connection.execute(
            update(actions)
            .where(self._mine(actions), actions.c.id == action_id, *conditions)
            .values(**values)
        )
        return bool(result.rowcount == 1)

    def _row(self, condition: ColumnElement[bool]) -> Row[Any] | None:
        return self._connection.execute(
            select(actions).where(self._mine(actions), condition)
        ).first()

    def _locked(self, dedupe_key: str) -> Row[Any] | None:
        """The row with this key, held until the transaction ends: nobody can claim or end it
        between our look and our write. (SQLite: the write transaction is the lock.)
        """
        query = select(actions).where(self._mine(actions), actions.c.dedupe_key == dedupe_key)
        return self._connection.execute(query.with_for_update()).first()

    def _add(self, **values: Any) -> ActionId | None:
        """A new row; None if another transaction wrote one with its key meanwhile."""
        added = self._connection.execute(
            self._insert(actions, **values).on_conflict_do_nothing(
                index_elements=["shop_id", "dedupe_key"]
            )
        )
        row = self.by_key(values["dedupe_key"]) if added.rowcount == 1 else None
        return row.id if row else None

    def _one(self, condition: ColumnElement[bool]) -> Action | None:
        row = self._row(condition)
        return action_from(row) if row else None

    def _many(self, *conditions: ColumnElement[bool]) -> list[Action]:
        query = select(actions).where(self._mine(actions), *conditions).order_by(actions.c.id)
        return [action_from(row) for row in self._connection.execute(query)]


def action_from(row: Any) -> Action:
    """The row as the domain sees it."""
    return Action(
        id=ActionId(row.id),
        kind=ActionKind(row.kind),
        automation=row.automation,
        dedupe_key=row.dedupe_key,
        state=ActionState(row.state),
        due_at=row.due_at,
        useful_until=row.useful_until,
        revision=row.revision,
        attempt=row.attempt,
        order_id=row.order_id,
        customer_id=row.customer_id,
        settings_version=row.settings_version,
        reason=Reason(ReasonCode(row.reason), row.reason_params),
        created_at=row.created_at,
        payload=row.payload,
        cancel_requested=row.cancel_requested,
        generation=row.generation,
        ended_at=row.ended_at,
        problem=row.problem,
    )
