"""Rows that a restored backup may do twice: they wait for the merchant's word."""

from datetime import datetime

from sqlalchemy import func, select

from app.db.actions.rows import ActionRows, action_from
from app.db.models import actions
from app.domain.actions import Action, ActionState
from app.domain.ids import ActionId
from app.domain.reasons import Reason

RESTORED = "restored_backup"  # the problem that blocks them
_RELEASED = "released"  # in a row's payload: the restoration after which the merchant let it go
KEPT_IN_PAYLOAD = (_RELEASED,)  # when the row is planned anew
_HELD = (actions.c.state == ActionState.BLOCKED, actions.c.problem == RESTORED)


class Holding(ActionRows):
    """Held rows of one shop."""

    def held(self, limit: int, after: ActionId | None = None) -> list[Action]:
        """The next ones in the order in which they were planned."""
        query = select(actions).where(self._mine(actions), *_HELD)
        if after is not None:
            query = query.where(actions.c.id > after)
        in_order = actions.c.id + 0  # not by an index of ids, in which few of a shop's are held
        rows = self._connection.execute(query.order_by(in_order).limit(limit))
        return [action_from(row) for row in rows]

    def held_count(self) -> int:
        """How many wait for a word."""
        query = select(func.count()).select_from(actions).where(self._mine(actions), *_HELD)
        return self._connection.execute(query).scalar_one()

    def hold(self, action: Action, reason: Reason) -> bool:
        """Hold one back; what it does is looked up before it is done."""
        values = {
            "state": ActionState.BLOCKED,
            "problem": RESTORED,
            "reason": reason.code,
            "reason_params": dict(reason.params),
            "attempt": max(action.attempt, 1),
        }
        return self._change(action.id, values, (actions.c.revision == action.revision,))

    def release(self, action: Action, reason: Reason, now: datetime, restoration: int) -> bool:
        """The merchant let it go on; False if it is no longer held."""
        values = {
            "state": ActionState.PLANNED,
            "problem": None,
            "reason": reason.code,
            "reason_params": dict(reason.params),
            "due_at": now,
            "not_before": None,
            "payload": {**action.payload, _RELEASED: restoration},
        }
        unchanged = (actions.c.revision == action.revision, *_HELD)
        return self._change(action.id, values, unchanged)


def released_after(action: Action) -> int:
    """The restoration after which the merchant let it go; 0: none."""
    return int(action.payload.get(_RELEASED, 0))
