"""From state to state: each step is a compare-and-set on the row, with its fact, its journal line
and the actions that follow. Whoever comes second changes nothing.
"""

from datetime import datetime, timedelta
from typing import Any

from app.db.returns import NewReturn, ReturnRow
from app.db.session import savepoint
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Cancel
from app.domain.events import (
    Event,
    ReturnApproved,
    ReturnEnded,
    ReturnReceived,
    ReturnRequested,
)
from app.domain.ids import PlatformId
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import (
    OPEN_RETURNS,
    UNDECIDED,
    ReturnKind,
    ReturnOrigin,
    ReturnState,
    Ruling,
)
from app.pipeline.plan import Planner
from app.pipeline.returns.plans import REASONS, ReturnPlan, decide_key, reason_of, update_key
from app.pipeline.runtime import Runtime

PATIENCE = timedelta(minutes=2)  # without a decision by then, a receipt goes out
TIME_TO_UNDO = timedelta(seconds=10)

# From which states a return may come to each.
_FROM = {
    ReturnState.HELD: frozenset({ReturnState.REQUESTED}),
    ReturnState.APPROVED: UNDECIDED,
    ReturnState.DECLINED: UNDECIDED,
    ReturnState.RECEIVED: frozenset({ReturnState.APPROVED}),
    ReturnState.REFUNDED: frozenset({ReturnState.APPROVED, ReturnState.RECEIVED}),
    ReturnState.CLOSED: OPEN_RETURNS,
    ReturnState.CANCELLED: UNDECIDED | {ReturnState.APPROVED},
}
_DECISIONS = frozenset({ReturnState.HELD, ReturnState.APPROVED, ReturnState.DECLINED})


def open_return(rt: Runtime, data: ShopData, new: NewReturn) -> ReturnRow:
    """Store a return and plan its way. What the merchant or the store settled already is only
    written down.
    """
    row = data.returns.add(new)
    now = rt.business.now()
    asked = reason_of(row, ReasonCode.RETURN_ASKED)
    if row.kind is ReturnKind.WITHDRAWAL:
        asked = reason_of(row, ReasonCode.WITHDRAWAL_DECLARED)
    _tell(
        data,
        row,
        ReturnRequested(
            order_id=row.order_id or "", occurred_at=row.requested_at, key=_key(row), name=row.name
        ),
        now,
    )
    note(data, row, "asked", asked, now)
    plan = ReturnPlan(rt, data, row, now)
    if row.origin is ReturnOrigin.CUSTOMER:
        if row.kind is ReturnKind.WITHDRAWAL:
            plan.mail(ActionKind.WITHDRAWAL_RECEIPT_MAIL, "declared", asked)
        else:
            plan.mail(ActionKind.RETURN_RECEIPT_MAIL, "receipt", asked, PATIENCE)
    if row.state is not ReturnState.REQUESTED:
        if not row.open:
            _end(data, row, row.state, now)
        return row
    if row.origin is ReturnOrigin.CUSTOMER:
        plan.act(ActionKind.RETURN_OPEN, f"return-open:{row.id}", asked)
    else:
        plan.act(ActionKind.RETURN_DECIDE, decide_key(row), asked)
    return row


def move(
    rt: Runtime,
    data: ShopData,
    row: ReturnRow,
    state: ReturnState,
    *,
    by: str,
    ruling: Ruling | None = None,
    sealed: bytes | None = None,
    delay: timedelta = timedelta(),
    in_store: bool = False,
) -> ReturnRow | None:
    """Bring a return to a state; None if it cannot get there, or somebody was faster.

    `by`: "rules", "store", "customer" or the merchant. `in_store`: it happened there, so neither
    the store nor the customer is told by us. `delay`: time to take it back.
    """
    if row.state not in _FROM.get(state, frozenset()):
        return None
    if state is ReturnState.DECLINED and row.kind is ReturnKind.WITHDRAWAL:
        return None  # the law gives this right; nobody takes it
    now = rt.business.now()
    values = _values(state, by, now)
    if ruling:
        values["ruling"] = ruling
    if sealed:
        values["sealed"] = sealed
    moved = data.returns.change(row, **values)
    if moved is None:
        return None
    _follow_up(ReturnPlan(rt, data, moved, now), in_store=in_store, delay=delay)
    return moved


class _TooLate(Exception):
    """The store is being told already, or somebody else changed the return."""


def take_back(rt: Runtime, data: ShopData, row: ReturnRow) -> ReturnRow | None:
    """Undo a merchant's decision that the store does not know yet; None if it is too late."""
    if row.state not in (ReturnState.APPROVED, ReturnState.DECLINED):
        return None
    try:
        with savepoint(data.uow):
            return _taken_back(rt, data, row)
    except _TooLate:
        return None


def _taken_back(rt: Runtime, data: ShopData, row: ReturnRow) -> ReturnRow:
    undone, key = reason_of(row, ReasonCode.RETURN_UNDONE), update_key(row)
    Planner(rt, data).apply(Cancel(key, undone), "", row.customer_id, 0)
    action = data.actions.by_key(key)
    if action is None or action.state is not ActionState.CANCELLED or action.attempt:
        raise _TooLate  # told, or perhaps told: an answer may have been lost
    held = data.returns.change(row, state=ReturnState.HELD, decided_by=None, decided_at=None)
    if held is None:
        raise _TooLate
    now = rt.business.now()
    note(data, held, "undone", undone, now)
    _acknowledge(ReturnPlan(rt, data, held, now))
    return held


def _acknowledge(plan: ReturnPlan) -> None:
    """A person looks at it: the customer gets a receipt, unless there was one."""
    row = plan.row
    if row.origin is ReturnOrigin.CUSTOMER and row.kind is ReturnKind.RETURN:
        held = reason_of(row, ReasonCode.RETURN_HELD)
        plan.mail(ActionKind.RETURN_RECEIPT_MAIL, "receipt", held)


def _values(state: ReturnState, by: str, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"state": state}
    if state in _DECISIONS:
        values |= {"decided_by": by[:64], "decided_at": now}
    if state is ReturnState.RECEIVED:
        values["received_at"] = now
    if state not in OPEN_RETURNS:
        values["ended_at"] = now
    return values


def _follow_up(plan: ReturnPlan, *, in_store: bool, delay: timedelta) -> None:
    row, data, now = plan.row, plan.data, plan.now
    reason = reason_of(row, REASONS[row.state])
    note(data, row, row.state, reason, now)
    if row.state is ReturnState.HELD:
        _acknowledge(plan)
        return
    plan.cancel(f"return-mail:{row.id}:receipt")
    plan.cancel(decide_key(row))
    if row.state is ReturnState.RECEIVED:
        fact = ReturnReceived(
            order_id=row.order_id or "", occurred_at=now, key=_key(row), name=row.name
        )
        _tell(data, row, fact, now)
    if not in_store:
        plan.act(ActionKind.RETURN_UPDATE, update_key(row), reason, delay, state=row.state)
    if not delay:  # what can still be taken back becomes a fact when it is carried out
        carried_out(plan.rt, data, row, row.state)


def carried_out(rt: Runtime, data: ShopData, row: ReturnRow, state: ReturnState) -> None:
    """The store knows of the state: if it was not a fact before, it is one now."""
    now = rt.business.now()
    if state is ReturnState.APPROVED:
        fact = ReturnApproved(
            order_id=row.order_id or "", occurred_at=now, key=_key(row), name=row.name
        )
        _tell(data, row, fact, now)
    elif state not in OPEN_RETURNS:
        _ended(rt, data, row, state)


def _ended(rt: Runtime, data: ShopData, row: ReturnRow, state: ReturnState) -> None:
    """It is over: that is a fact, and what waited for it is decided again."""
    event = _end(data, row, state, rt.business.now())
    stored = data.orders.get(row.order_id) if row.order_id else None
    if event and stored:
        Planner(rt, data).answer(stored.order, stored.customer_id, [event])


def known_there(data: ShopData, row: ReturnRow, ref: PlatformId, now: datetime) -> None:
    """The store's own id of a return of ours; a second row that stood for it gives way."""
    if gave_way := data.returns.set_platform_ref(row.id, ref):
        reason = reason_of(gave_way, ReasonCode.RETURN_OVER)
        note(data, gave_way, ReturnState.CANCELLED, reason, now)


def note(data: ShopData, row: ReturnRow, verb: str, reason: Reason, now: datetime) -> None:
    """A journal line about a return."""
    data.journal.write(
        verb, "return", now, reason=reason, order_id=row.order_id, customer_id=row.customer_id
    )


def _key(row: ReturnRow) -> str:
    return str(row.id)


def _tell(data: ShopData, row: ReturnRow, event: Event, now: datetime) -> None:
    if row.order_id:
        data.events.add(event, row.customer_id, now)


def _end(data: ShopData, row: ReturnRow, state: ReturnState, now: datetime) -> ReturnEnded | None:
    if not row.order_id:
        return None
    event = ReturnEnded(
        order_id=row.order_id, occurred_at=now, key=_key(row), name=row.name, state=state
    )
    return event if data.events.add(event, row.customer_id, now) else None
