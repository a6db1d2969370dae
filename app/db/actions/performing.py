"""Claimed by compare-and-set, ended once, put off or blocked in between."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select, update

from app.db.actions.rows import ActionRows, action_from
from app.db.models import actions
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.ids import ActionId
from app.domain.reasons import Reason, ReasonCode

CLAIMABLE = (ActionState.PLANNED, ActionState.DEFERRED)
# Written into the statement: a database uses the index of claimable rows only where it reads that
# no others are asked for.
IS_WAITING = actions.c.state.in_(
    bindparam("waiting", sorted(WAITING), expanding=True, literal_execute=True)
)
IS_CLAIMABLE = actions.c.state.in_(
    bindparam("claimable", CLAIMABLE, expanding=True, literal_execute=True)
)


class Performing(ActionRows):
    """What a worker does with rows that are due."""

    def claim(
        self, action: Action, lease_until: datetime, payload: Mapping[str, Any]
    ) -> Action | None:
        """Take a claimable row; None if somebody else was faster or it was changed."""
        changed = self._connection.execute(
            update(actions)
            .where(
                self._mine(actions),
                actions.c.id == action.id,
                actions.c.revision == action.revision,
                actions.c.state.in_(CLAIMABLE),
            )
            .values(
                state=ActionState.PERFORMING,
                revision=actions.c.revision + 1,
                attempt=actions.c.attempt + 1,
                lease_until=lease_until,
                payload=dict(payload),
                cancel_requested=False,
            )
        )
        return self.get(action.id) if changed.rowcount == 1 else None

    def end(
        self,
        action: Action,
        state: ActionState,
        reason: Reason,
        now: datetime,
    ) -> bool:
        """Give a row its final state; False if it is no longer as we saw it."""
        values: dict[str, Any] = {
            "state": state,
            "reason": reason.code,
            "reason_params": dict(reason.params),
            "lease_until": None,
            "ended_at": now,
        }
        return self._change(action.id, values, (actions.c.revision == action.revision,))

    def withdrawn(self, action: Action) -> Reason | None:
        """Why a row was withdrawn while it was performed; None if it was not. Nobody can withdraw
        it any more until the transaction ends.
        """
        row = self._locked(action.dedupe_key)
        if row is None or row.revision != action.revision or not row.cancel_requested:
            return None
        if row.state != ActionState.PERFORMING:
            return None
        return Reason(ReasonCode(row.reason), row.reason_params)

    def put_off(
        self,
        action: Action,
        reason: Reason,
        *,
        due_at: datetime | None = None,
        not_before: datetime | None = None,
    ) -> bool:
        """Defer: to a later business time, or by a back-off in wall time."""
        values: dict[str, Any] = {
            "state": ActionState.DEFERRED,
            "reason": reason.code,
            "reason_params": dict(reason.params),
            "lease_until": None,
            "not_before": not_before,
        }
        if due_at is not None:
            values["due_at"] = due_at
        return self._change(action.id, values, (actions.c.revision == action.revision,))

    def block(self, action: Action, problem: str, reason: Reason) -> bool:
        """Wait for the merchant; `unblock` resumes it."""
        values = {
            "state": ActionState.BLOCKED,
            "problem": problem,
            "reason": reason.code,
            "reason_params": dict(reason.params),
            "lease_until": None,
        }
        return self._change(action.id, values, (actions.c.revision == action.revision,))

    def unblock(self, problem: str) -> int:
        """The problem is mended: its rows go on; returns how many."""
        result = self._connection.execute(
            update(actions)
            .where(
                self._mine(actions),
                actions.c.state == ActionState.BLOCKED,
                actions.c.problem == problem,
            )
            .values(
                state=ActionState.PLANNED,
                problem=None,
                not_before=None,
                revision=actions.c.revision + 1,
            )
        )
        return int(result.rowcount)

    def set_version(self, action: Action, version: int) -> None:
        """The row was decided under this version of the settings."""
        self._change(action.id, {"settings_version": version}, ())

    def due(
        self,
        now: datetime,
        wall: datetime,
        limit: int,
        kinds: Collection[ActionKind] | None = None,
    ) -> list[ActionId]:
        """Claimable rows whose time has come, oldest first; of these kinds only."""
        query = (
            select(actions.c.id)
            .where(self._mine(actions), *is_due(now, wall))
            .order_by(actions.c.due_at, actions.c.id)
            .limit(limit)
        )
        if kinds is not None:
            query = query.where(actions.c.kind.in_(kinds))
        return [ActionId(action_id) for (action_id,) in self._connection.execute(query)]

    def take_over(self, action: Action, wall: datetime, lease_until: datetime) -> Action | None:
        """Give a stranded row a new lease, under which its former worker cannot end it any more;
        None if somebody else was faster.
        """
        stranded = (
            actions.c.revision == action.revision,
            actions.c.state == ActionState.PERFORMING,
            actions.c.lease_until <= wall,
        )
        taken = self._change(action.id, {"lease_until": lease_until}, stranded)
        return self.get(action.id) if taken else None

    def expired(self, wall: datetime) -> list[Action]:
        """Performing rows whose lease ran out: what became of them must be looked up."""
        query = select(actions).where(
            self._mine(actions),
            actions.c.state == ActionState.PERFORMING,
            actions.c.lease_until <= wall,
        )
        return [action_from(row) for row in self._connection.execute(query)]


def is_due(now: datetime, wall: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions of a row whose time has come: business time, and the back-off in wall time."""
    return (
        IS_CLAIMABLE,
        actions.c.due_at <= now,
        or_(actions.c.not_before.is_(None), actions.c.not_before <= wall),
    )
