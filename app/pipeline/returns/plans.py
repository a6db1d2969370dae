"""The actions of a return: their keys, reasons and times. None belongs to an automation that can
be switched off.
"""

from datetime import datetime, timedelta

from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Cancel, Schedule
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnState
from app.pipeline.plan import Planner
from app.pipeline.runtime import Runtime

_USEFUL_FOR = timedelta(days=90)

REASONS = {
    ReturnState.HELD: ReasonCode.RETURN_HELD,
    ReturnState.APPROVED: ReasonCode.RETURN_APPROVED,
    ReturnState.DECLINED: ReasonCode.RETURN_DECLINED,
    ReturnState.RECEIVED: ReasonCode.RETURN_IS_BACK,
    ReturnState.REFUNDED: ReasonCode.RETURN_PAID_BACK,
    ReturnState.CLOSED: ReasonCode.RETURN_OVER,
    ReturnState.CANCELLED: ReasonCode.RETURN_OVER,
}
_MAILS = {
    ReturnState.APPROVED: ActionKind.RETURN_APPROVED_MAIL,
    ReturnState.DECLINED: ActionKind.RETURN_DECLINED_MAIL,
    ReturnState.RECEIVED: ActionKind.RETURN_RECEIVED_MAIL,
    ReturnState.REFUNDED: ActionKind.RETURN_REFUNDED_MAIL,
    ReturnState.CLOSED: ActionKind.RETURN_ENDED_MAIL,
    ReturnState.CANCELLED: ActionKind.RETURN_ENDED_MAIL,
}


def mail_after(row: ReturnRow, state: ReturnState, now: datetime) -> tuple[Schedule, ...]:
    """What the customer is told once the store knows of the state."""
    kind = _MAILS.get(state)
    if kind is None or (row.order_id is None and row.sealed is None):
        return ()
    if row.order_id is None and state is ReturnState.CLOSED:
        return ()  # it was none of the shop's orders, or the merchant wrote in person
    return (_due(row, kind, f"return-mail:{row.id}:{state}", reason_of(row, REASONS[state]), now),)


def decide_after(row: ReturnRow, now: datetime) -> tuple[Schedule, ...]:
    """Once the store knows of the request, the rules decide."""
    asked = reason_of(row, ReasonCode.RETURN_ASKED)
    return (_due(row, ActionKind.RETURN_DECIDE, decide_key(row), asked, now),)


def _due(
    row: ReturnRow, kind: ActionKind, key: str, reason: Reason, at: datetime, **payload: str
) -> Schedule:
    """One action of a return."""
    return Schedule(
        kind=kind,
        dedupe_key=key,
        due_at=at,
        useful_until=at + _USEFUL_FOR,
        reason=reason,
        order_id=row.order_id,
        payload={"return_id": row.id, **payload},
    )


def reason_of(row: ReturnRow, code: ReasonCode) -> Reason:
    """A reason that names the return."""
    return Reason.of(code, name=row.name)


def decide_key(row: ReturnRow) -> str:
    """Of the action that asks the rules."""
    return f"return-decide:{row.id}"


def update_key(row: ReturnRow) -> str:
    """Of the action that tells the store of the present state."""
    return f"return-update:{row.id}:{row.revision}"


class ReturnPlan:
    """Plans actions of one return."""

    def __init__(self, rt: Runtime, data: ShopData, row: ReturnRow, now: datetime) -> None:
        self.rt, self.data, self.row, self.now = rt, data, row, now
        self._planner = Planner(rt, data)

    def act(
        self,
        kind: ActionKind,
        key: str,
        reason: Reason,
        delay: timedelta = timedelta(),
        **payload: str,
    ) -> None:
        """One action, due after the delay."""
        schedule = _due(self.row, kind, key, reason, self.now + delay, **payload)
        self._planner.apply(schedule, "", self.row.customer_id, 0)

    def mail(
        self, kind: ActionKind, about: str, reason: Reason, delay: timedelta = timedelta()
    ) -> None:
        """One mail of this return and subject."""
        self.act(kind, f"return-mail:{self.row.id}:{about}", reason, delay)

    def cancel(self, key: str) -> None:
        """Withdraw an action that the decision made needless."""
        settled = reason_of(self.row, ReasonCode.RETURN_SETTLED)
        self._planner.apply(Cancel(key, settled), "", self.row.customer_id, 0)
