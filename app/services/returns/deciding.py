"""What a merchant does with returns. Of two who decide at once the second sees the first's word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.actions import WAITING
from app.domain.ids import ReturnId, ShopId
from app.domain.returns import UNDECIDED, ReturnKind, ReturnState
from app.pipeline import returns
from app.pipeline.returns.plans import update_key
from app.pipeline.returns.steps import TIME_TO_UNDO
from app.pipeline.runtime import Runtime

LONGEST_ANSWER = 500  # characters; what Shopify takes, too


class Step(StrEnum):
    """What a merchant may do, and the state that it leads to."""

    APPROVE = "approve"
    DECLINE = "decline"
    RECEIVE = "receive"
    REFUND = "refund"
    CLOSE = "close"


_STATES = {
    Step.APPROVE: ReturnState.APPROVED,
    Step.DECLINE: ReturnState.DECLINED,
    Step.RECEIVE: ReturnState.RECEIVED,
    Step.REFUND: ReturnState.REFUNDED,
    Step.CLOSE: ReturnState.CLOSED,
}
_UNDOABLE = {Step.APPROVE, Step.DECLINE}
_STEPS = {
    ReturnState.REQUESTED: (Step.APPROVE, Step.DECLINE),
    ReturnState.HELD: (Step.APPROVE, Step.DECLINE),
    ReturnState.APPROVED: (Step.RECEIVE, Step.REFUND, Step.CLOSE),
    ReturnState.RECEIVED: (Step.REFUND, Step.CLOSE),
}


AUTOMATIC = frozenset({"rules", "store", "customer"})  # who else than a merchant may decide


class Failure(StrEnum):
    """Why a step was not taken; nothing changed."""

    UNKNOWN = "unknown"
    MOVED_ON = "moved_on"  # somebody was faster: `Result.row` shows where it stands now
    NOT_LAWFUL = "not_lawful"  # a withdrawal cannot be declined
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a step, and the return as it stands now."""

    row: ReturnRow | None
    failure: Failure | None = None


def steps_of(row: ReturnRow) -> tuple[Step, ...]:
    """What can be done with a return as it stands.

    A withdrawal that matched no order may turn out to be none of the shop's: it can be closed.
    """
    steps = _STEPS.get(row.state, ())
    if row.order_id is None and row.state in UNDECIDED:
        return (Step.APPROVE, Step.CLOSE)
    if row.kind is ReturnKind.WITHDRAWAL:
        return tuple(step for step in steps if step is not Step.DECLINE)
    return steps


def take(
    rt: Runtime,
    shop_id: ShopId,
    return_id: ReturnId,
    step: Step,
    *,
    revision: int,
    by: str,
    answer: str = "",
) -> Result:
    """Take a step on the return as it was shown at `revision`. `answer` goes to the customer."""
    if len(answer) > LONGEST_ANSWER:
        return Result(None, Failure.TOO_LONG)
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        row = data.returns.get(return_id)
        if row is None:
            return Result(None, Failure.UNKNOWN)
        words = data.returns.words(row)
        # a decision comes with its own words: those of one that was taken back are gone
        says = answer or ("" if step in _UNDOABLE else words.answer)
        sealed = data.returns.seal(replace(words, answer=says)) if says != words.answer else None
    if step is Step.DECLINE and row.kind is ReturnKind.WITHDRAWAL:
        return Result(row, Failure.NOT_LAWFUL)
    if row.revision != revision or step not in steps_of(row):
        return Result(row, Failure.MOVED_ON)
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        delay = TIME_TO_UNDO if step in _UNDOABLE else TIME_TO_UNDO * 0
        moved = returns.move(rt, data, row, _STATES[step], by=by, sealed=sealed, delay=delay)
        if moved is None:
            return Result(data.returns.get(return_id), Failure.MOVED_ON)
        return Result(moved)


def approve_all(
    rt: Runtime, shop_id: ShopId, which: Sequence[tuple[ReturnId, int]], *, by: str
) -> list[ReturnRow]:
    """Approve each as it was shown at its revision; returns those that are approved now."""
    results = [
        take(rt, shop_id, return_id, Step.APPROVE, revision=revision, by=by)
        for return_id, revision in which
    ]
    return [done.row for done in results if done.row and not done.failure]


def can_undo(data: ShopData, row: ReturnRow) -> bool:
    """Whether a merchant's decision can still be taken back: the store does not know of it."""
    if row.state not in (ReturnState.APPROVED, ReturnState.DECLINED):
        return False
    if row.decided_by in AUTOMATIC:
        return False
    told = data.actions.by_key(update_key(row))
    return told is not None and told.state in WAITING and not told.attempt


def undoable(
    rt: Runtime, shop_id: ShopId, which: Sequence[tuple[ReturnId, int]]
) -> list[ReturnRow]:
    """Those of some decisions that can still be taken back."""
    if not which:
        return []
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        rows = [(data.returns.get(return_id), revision) for return_id, revision in which]
        return [
            row
            for row, revision in rows
            if row and row.revision == revision and can_undo(data, row)
        ]


def undo(rt: Runtime, shop_id: ShopId, return_id: ReturnId, *, revision: int) -> Result:
    """Take a decision back while the store does not know of it."""
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        row = data.returns.get(return_id)
        if row is None:
            return Result(None, Failure.UNKNOWN)
        in_time = row.revision == revision and can_undo(data, row)
        held = returns.take_back(rt, data, row) if in_time else None
        return Result(held) if held else Result(row, Failure.MOVED_ON)
