"""What a merchant does with returns. Of two who decide at once the second sees the first's word."""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.ids import ReturnId, ShopId
from app.domain.returns import ReturnKind, ReturnState
from app.pipeline import returns
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
    """What can be done with a return as it stands."""
    steps = _STEPS.get(row.state, ())
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
        sealed = data.returns.seal(replace(words, answer=answer)) if answer else None
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


def undo(rt: Runtime, shop_id: ShopId, return_id: ReturnId, *, revision: int) -> Result:
    """Take a decision back while the store does not know of it."""
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        row = data.returns.get(return_id)
        if row is None:
            return Result(None, Failure.UNKNOWN)
        held = returns.take_back(rt, data, row) if row.revision == revision else None
        return Result(held) if held else Result(row, Failure.MOVED_ON)
