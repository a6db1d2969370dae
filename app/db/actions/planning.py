"""Planned by upsert, declined as rows too, withdrawn while they wait."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, update

from app.db.actions.holding import KEPT_IN_PAYLOAD
from app.db.actions.rows import ActionRows
from app.db.models import actions
from app.domain.actions import OUTLIVES_CONNECTION, WAITING, ActionKind, ActionState
from app.domain.decisions import Decline, Schedule
from app.domain.ids import ActionId, CustomerId
from app.domain.reasons import Reason, ReasonCode

_REVIVABLE = (ActionState.SKIPPED, ActionState.CANCELLED)


class Planning(ActionRows):
    """What the planner writes."""

    def plan(
        self,
        schedule: Schedule,
        *,
        automation: str,
        customer_id: CustomerId | None,
        settings_version: int,
        generation: int,
        now: datetime,
        minted: Mapping[str, str],
    ) -> tuple[ActionId, str]:
        """Create or move the row; returns its id and what happened.

        `minted` are random values (code, Message-ID) of a new row; an existing row keeps its own.

        "created", "moved", "revived", "same", or "final" (performing or ended: left alone).
        """
        row = self._locked(schedule.dedupe_key)
        values = {
            "due_at": schedule.due_at,
            "useful_until": schedule.useful_until,
            "order_id": schedule.order_id,
            "customer_id": customer_id,
            "payload": {**schedule.payload, **_kept(row, minted)},
            "reason": schedule.reason.code,
            "reason_params": dict(schedule.reason.params),
            "settings_version": settings_version,
            "generation": generation,
        }
        if row is None:
            added = self._add(
                kind=schedule.kind,
                automation=automation,
                dedupe_key=schedule.dedupe_key,
                state=ActionState.PLANNED,
                created_at=now,
                **values,
            )
            if added is None:
                return self.plan(
                    schedule,
                    automation=automation,
                    customer_id=customer_id,
                    settings_version=settings_version,
                    generation=generation,
                    now=now,
                    minted=minted,
                )
            return added, "created"
        if row.state in WAITING:
            if row.due_at == schedule.due_at and row.payload == values["payload"]:
                return ActionId(row.id), "same"
            # A wait for something else (a problem, the store) is not shortened by moving the date.
            if row.state == ActionState.BLOCKED:
                del values["reason"], values["reason_params"]
            self._change(row.id, values, ())
            return ActionId(row.id), "moved"
        by_hand = row.reason == ReasonCode.CANCELLED_BY_MERCHANT  # a person's word is final
        if row.state in _REVIVABLE and not by_hand and now < schedule.useful_until:
            values |= {"state": ActionState.PLANNED, "problem": None, "ended_at": None}
            self._change(row.id, values, ())
            return ActionId(row.id), "revived"
        withdrawn = row.state == ActionState.PERFORMING and row.cancel_requested
        if withdrawn and not by_hand:  # and wanted again before that ended
            wanted = {name: values[name] for name in ("reason", "reason_params")}
            self._change(row.id, {**wanted, "cancel_requested": False}, (), bump=False)
        return ActionId(row.id), "final"

    def decline(
        self,
        decline: Decline,
        *,
        automation: str,
        customer_id: CustomerId | None,
        settings_version: int,
        generation: int,
        now: datetime,
    ) -> ActionId | None:
        """Write the skip as a row, or end the waiting row with it; None if nothing changed."""
        row = self._locked(decline.dedupe_key)
        reason = {"reason": decline.reason.code, "reason_params": dict(decline.reason.params)}
        if row is None:
            return self._add(
                kind=decline.kind,
                automation=automation,
                dedupe_key=decline.dedupe_key,
                state=ActionState.SKIPPED,
                order_id=decline.order_id,
                customer_id=customer_id,
                payload={},
                settings_version=settings_version,
                generation=generation,
                due_at=now,
                created_at=now,
                ended_at=now,
                **reason,
            ) or self.cancel(decline.dedupe_key, decline.reason, now)
        if row.state in WAITING:
            self._change(row.id, {**reason, "state": ActionState.SKIPPED, "ended_at": now}, ())
            return ActionId(row.id)
        if row.state == ActionState.PERFORMING:
            self._change(row.id, {**reason, "cancel_requested": True}, (), bump=False)
        return None

    def cancel(self, dedupe_key: str, reason: Reason, now: datetime) -> ActionId | None:
        """Withdraw a waiting row; ask a performing one to compensate; None if there is neither."""
        row = self._locked(dedupe_key)
        if row is None:
            return None
        return self._withdraw(row, reason, now)

    def _withdraw(self, row: Row[Any], reason: Reason, now: datetime) -> ActionId | None:
        why = {"reason": reason.code, "reason_params": dict(reason.params)}
        if row.state in WAITING:
            self._change(row.id, {**why, "state": ActionState.CANCELLED, "ended_at": now}, ())
            return ActionId(row.id)
        if row.state == ActionState.PERFORMING:
            self._change(row.id, {**why, "cancel_requested": True}, (), bump=False)
            return ActionId(row.id)
        return None

    def cancel_waiting(self, reason: Reason, now: datetime, automation: str | None = None) -> int:
        """Withdraw all waiting rows of the shop, or of one automation; returns how many.

        Switching an automation off does not keep a lost coupon valid: voids go on. Nor does a
        merchant who leaves: what outlives the connection goes on.
        """
        condition = [self._mine(actions), actions.c.state.in_(WAITING)]
        if automation is None:
            condition += [actions.c.kind.not_in(OUTLIVES_CONNECTION)]
        else:
            condition += [
                actions.c.automation == automation,
                actions.c.kind != ActionKind.COUPON_VOID,
            ]
        result = self._connection.execute(
            update(actions)
            .where(*condition)
            .values(
                state=ActionState.CANCELLED,
                reason=reason.code,
                reason_params=dict(reason.params),
                ended_at=now,
                revision=actions.c.revision + 1,
            )
        )
        return int(result.rowcount)


def _kept(row: Row[Any] | None, minted: Mapping[str, str]) -> Mapping[str, Any]:
    """What an existing row keeps of its payload: random values, and the merchant's word."""
    if row is None:
        return minted
    kept = {key: row.payload.get(key, value) for key, value in minted.items()}
    return kept | {key: row.payload[key] for key in KEPT_IN_PAYLOAD if key in row.payload}
