"""Action rows: planned by upsert, claimed by compare-and-set, ended once.

`due_at`, `useful_until`, `created_at`, `ended_at` are business time; `not_before` and
`lease_until` are wall time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, update

from app.db.base import Repository
from app.db.models import actions, shops
from app.db.session import UnitOfWork
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.decisions import Decline, Schedule
from app.domain.ids import ActionId, CustomerId, PlatformId, ShopId
from app.domain.reasons import Reason, ReasonCode

CLAIMABLE = (ActionState.PLANNED, ActionState.DEFERRED)
_REVIVABLE = (ActionState.SKIPPED, ActionState.CANCELLED)


class Actions(Repository):
    """Actions of one shop."""

    def get(self, action_id: ActionId) -> Action | None:
        """One action."""
        return self._one(actions.c.id == action_id)

    def by_key(self, dedupe_key: str) -> Action | None:
        """The action with this key."""
        return self._one(actions.c.dedupe_key == dedupe_key)

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
        row = self._row(actions.c.dedupe_key == schedule.dedupe_key)
        kept = (
            {key: row.payload.get(key, value) for key, value in minted.items()} if row else minted
        )
        values = {
            "due_at": schedule.due_at,
            "useful_until": schedule.useful_until,
            "customer_id": customer_id,
            "payload": {**schedule.payload, **kept},
            "reason": schedule.reason.code,
            "reason_params": dict(schedule.reason.params),
            "settings_version": settings_version,
            "generation": generation,
        }
        if row is None:
            result = self._connection.execute(
                actions.insert().values(
                    shop_id=self._shop_id,
                    kind=schedule.kind,
                    automation=automation,
                    dedupe_key=schedule.dedupe_key,
                    state=ActionState.PLANNED,
                    order_id=schedule.order_id,
                    created_at=now,
                    **values,
                )
            )
            key = result.inserted_primary_key
            return ActionId(key[0] if key else 0), "created"
        if row.state in WAITING:
            if row.due_at == schedule.due_at and row.payload == values["payload"]:
                return ActionId(row.id), "same"
            # A wait for something else (a problem, the store) is not shortened by moving the date.
            self._change(row.id, values, ())
            return ActionId(row.id), "moved"
        if row.state in _REVIVABLE and now < schedule.useful_until:
            self._change(row.id, {**values, "state": ActionState.PLANNED, "ended_at": None}, ())
            return ActionId(row.id), "revived"
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
        row = self._row(actions.c.dedupe_key == decline.dedupe_key)
        reason = {"reason": decline.reason.code, "reason_params": dict(decline.reason.params)}
        if row is None:
            result = self._connection.execute(
                actions.insert().values(
                    shop_id=self._shop_id,
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
                )
            )
            key = result.inserted_primary_key
            return ActionId(key[0] if key else 0)
        if row.state in WAITING:
            self._change(row.id, {**reason, "state": ActionState.SKIPPED, "ended_at": now}, ())
            return ActionId(row.id)
        if row.state == ActionState.PERFORMING:
            self._change(row.id, {"cancel_requested": True}, (), bump=False)
        return None

    def cancel(self, dedupe_key: str, reason: Reason, now: datetime) -> ActionId | None:
        """Withdraw a waiting row; ask a performing one to compensate; None if there is neither."""
        row = self._row(actions.c.dedupe_key == dedupe_key)
        if row is None:
            return None
        return self._withdraw(row, reason, now)

    def _withdraw(self, row: Row[Any], reason: Reason, now: datetime) -> ActionId | None:
        if row.state in WAITING:
            values = {
                "state": ActionState.CANCELLED,
                "reason": reason.code,
                "reason_params": dict(reason.params),
                "ended_at": now,
            }
            self._change(row.id, values, ())
            return ActionId(row.id)
        if row.state == ActionState.PERFORMING:
            self._change(row.id, {"cancel_requested": True}, (), bump=False)
            return ActionId(row.id)
        return None

    def cancel_waiting(self, reason: Reason, now: datetime, automation: str | None = None) -> int:
        """Withdraw all waiting rows of the shop, or of one automation; returns how many."""
        condition = [self._mine(actions), actions.c.state.in_(WAITING)]
        if automation is not None:
            condition.append(actions.c.automation == automation)
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

    # performing

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

    def blocked_by(self, problem: str) -> int:
        """How many rows wait for a problem."""
        query = select(func.count()).where(
            self._mine(actions),
            actions.c.state == ActionState.BLOCKED,
            actions.c.problem == problem,
        )
        return self._connection.execute(query).scalar_one()

    def due(self, now: datetime, wall: datetime, limit: int) -> list[ActionId]:
        """Claimable rows whose time has come, oldest first."""
        query = (
            select(actions.c.id)
            .where(self._mine(actions), *_is_due(now, wall))
            .order_by(actions.c.due_at, actions.c.id)
            .limit(limit)
        )
        return [ActionId(action_id) for (action_id,) in self._connection.execute(query)]

    def expired(self, wall: datetime) -> list[Action]:
        """Performing rows whose lease ran out: what became of them must be looked up."""
        query = select(actions).where(
            self._mine(actions),
            actions.c.state == ActionState.PERFORMING,
            actions.c.lease_until <= wall,
        )
        return [_action(row) for row in self._connection.execute(query)]

    # reading

    def of_order(self, order_id: PlatformId) -> list[Action]:
        """All rows of one order, oldest first."""
        return self._many(actions.c.order_id == order_id)

    def of_customer(self, customer_id: CustomerId) -> list[Action]:
        """All rows of one customer, oldest first."""
        return self._many(actions.c.customer_id == customer_id)

    def waiting(self, automation: str) -> list[Action]:
        """Rows of an automation that are still to come."""
        return self._many(actions.c.automation == automation, actions.c.state.in_(WAITING))

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
        return [_action(row) for row in self._connection.execute(query)]

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

    def _one(self, condition: ColumnElement[bool]) -> Action | None:
        row = self._row(condition)
        return _action(row) if row else None

    def _many(self, *conditions: ColumnElement[bool]) -> list[Action]:
        query = select(actions).where(self._mine(actions), *conditions).order_by(actions.c.id)
        return [_action(row) for row in self._connection.execute(query)]


def _is_due(now: datetime, wall: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        actions.c.state.in_(CLAIMABLE),
        actions.c.due_at <= now,
        or_(actions.c.not_before.is_(None), actions.c.not_before <= wall),
    )


def _action(row: Row[Any]) -> Action:
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


def shops_with_due_actions(uow: UnitOfWork, now: datetime, wall: datetime) -> list[ShopId]:
    """Active, unpaused shops that have work due (the clock)."""
    query = (
        select(actions.c.shop_id)
        .join(shops, shops.c.id == actions.c.shop_id)
        .where(*_is_due(now, wall), shops.c.state == "active", shops.c.paused_at.is_(None))
        .distinct()
    )
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def shops_with_expired_leases(uow: UnitOfWork, wall: datetime) -> list[ShopId]:
    """Shops where a worker died in the middle of an effect."""
    query = (
        select(actions.c.shop_id)
        .where(actions.c.state == ActionState.PERFORMING, actions.c.lease_until <= wall)
        .distinct()
    )
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def next_due(uow: UnitOfWork, after: datetime) -> datetime | None:
    """The next business time at which anything is due, over all connected shops (the demo)."""
    query = (
        select(func.min(actions.c.due_at))
        .join(shops, shops.c.id == actions.c.shop_id)
        .where(
            actions.c.state.in_(CLAIMABLE),
            actions.c.due_at > after,
            shops.c.state == "active",
            shops.c.paused_at.is_(None),
        )
    )
    return uow.connection.execute(query).scalar()
