"""Rows that ended without a known end, put back on the merchant's wish."""

from datetime import datetime

from app.db.actions.rows import ActionRows
from app.db.models import actions
from app.domain.actions import Action, ActionState
from app.domain.reasons import Reason

REVIVABLE = frozenset({ActionState.UNCERTAIN, ActionState.FAILED})


class Reviving(ActionRows):
    """Uncertain and failed rows of one shop."""

    def revive(self, action: Action, reason: Reason, now: datetime, generation: int) -> bool:
        """Plan it again, due at once; False if it is no longer as we saw it."""
        values = {
            "state": ActionState.PLANNED,
            "due_at": now,
            "not_before": None,
            "ended_at": None,
            "reason": reason.code,
            "reason_params": dict(reason.params),
            "generation": generation,
        }
        unchanged = (actions.c.revision == action.revision, actions.c.state.in_(REVIVABLE))
        return self._change(action.id, values, unchanged)
