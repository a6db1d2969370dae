"""What the store tells of returns: asked for there, decided there, or our own come back."""

from app.db.orders import StoredOrder
from app.db.returns import NewReturn, ReturnRow
from app.db.tenant import ShopData
from app.domain.actions import WAITING, ActionState
from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.refunds import is_refunded_whole
from app.domain.returnable import paid_back, quantities_left, value_of
from app.domain.returns import (
    OPEN_RETURNS,
    UNDECIDED,
    ReturnKind,
    ReturnLine,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnState,
    ReturnWords,
    Ruling,
    is_no_end,
)
from app.domain.snapshots import OrderSnapshot, ReturnedLine, ReturnSnapshot
from app.pipeline.context import past_returns
from app.pipeline.returns.plans import reason_of
from app.pipeline.returns.steps import known_there, move, note, open_return
from app.pipeline.runtime import Runtime

STORE = "store"
# Goods that were checked in there, or money that went back: approved before, whoever did it.
_BEYOND_APPROVAL = frozenset({ReturnState.RECEIVED, ReturnState.REFUNDED})
_OPEN_THERE = frozenset({ReturnState.APPROVED, ReturnState.RECEIVED})
_SETTLED_THERE = _BEYOND_APPROVAL | {
    ReturnState.DECLINED,
    ReturnState.CLOSED,
    ReturnState.CANCELLED,
    ReturnState.APPROVED,
}


def follow(
    rt: Runtime, data: ShopData, seen: ReturnSnapshot, stored: StoredOrder, sealed: bytes | None
) -> None:
    """Take the store's picture of one return of a known order."""
    row = _counterpart(data, seen)
    if row is None:
        _open(rt, data, seen, stored, sealed)
        return
    if row.platform_ref is None:
        known_there(data, row, seen.return_id, rt.business.now())
    if is_no_end(row.kind, seen.state) or seen.state not in _SETTLED_THERE:
        return
    if not _we_are_telling(data, row):
        _catch_up(rt, data, row, seen.state)


def _counterpart(data: ShopData, seen: ReturnSnapshot) -> ReturnRow | None:
    """Ours by the store's id; or our own request come back, known by the reference in it. A
    customer may write a reference as well: one whose counterpart is known is not taken for two.
    """
    known = data.returns.by_platform_ref(seen.return_id)
    if known or not seen.reference:
        return known
    named = data.returns.by_name(seen.reference)
    ours = named and named.order_id == seen.order_id and named.platform_ref is None
    return named if ours else None


def _we_are_telling(data: ShopData, row: ReturnRow) -> bool:
    """Whether the store has yet to hear of our state: what it shows is then older."""
    busy = WAITING | {ActionState.PERFORMING}
    prefix = f"return-update:{row.id}:"
    return any(
        action.dedupe_key.startswith(prefix) and action.state in busy
        for action in data.actions.of_order(row.order_id or "")
    )


def _catch_up(rt: Runtime, data: ShopData, row: ReturnRow, state: ReturnState) -> None:
    if state in _OPEN_THERE and row.state not in OPEN_RETURNS:
        if row.state is ReturnState.REFUNDED:
            return
        opened_again = data.returns.change(
            row, state=ReturnState.APPROVED, ended_at=None, decided_by=STORE
        )
        if opened_again is None:
            return
        row = opened_again
        reason = reason_of(row, ReasonCode.RETURN_APPROVED)
        note(data, row, "reopened", reason, rt.business.now())
    if state in _BEYOND_APPROVAL and row.state in UNDECIDED:
        approved = move(rt, data, row, ReturnState.APPROVED, by=STORE, in_store=True)
        if approved is None:
            return
        row = approved
    if state is ReturnState.DECLINED and row.state is ReturnState.APPROVED:
        state = ReturnState.CLOSED
    move(rt, data, row, state, by=STORE, in_store=True)


def _open(
    rt: Runtime, data: ShopData, seen: ReturnSnapshot, stored: StoredOrder, sealed: bytes | None
) -> None:
    lines = tuple(_line(stored, line) for line in seen.lines)
    currency = stored.order.total.currency
    open_return(
        rt,
        data,
        NewReturn(
            kind=ReturnKind.RETURN,
            origin=ReturnOrigin.STORE if seen.asked else ReturnOrigin.MERCHANT,
            state=seen.state,
            lines=lines,
            value=Money(sum(line.value.minor for line in lines), currency),
            requested_at=seen.created_at,
            order_id=seen.order_id,
            customer_id=stored.customer_id,
            platform_ref=seen.return_id,
            locale=stored.order.locale,
            sealed=sealed,
        ),
    )


def _line(stored: StoredOrder, seen: ReturnedLine) -> ReturnLine:
    bought = next((x for x in stored.order.lines if x.line_id == seen.line_id), None)
    currency = stored.order.total.currency
    return ReturnLine(
        line_id=seen.line_id,
        title=bought.title if bought else seen.line_id,
        quantity=seen.quantity,
        reason=seen.reason,
        value=value_of(bought, seen.quantity) if bought else Money.zero(currency),
        variant=bought.variant_title if bought else None,
    )


def words_of(seen: ReturnSnapshot) -> ReturnWords | None:
    """What the customer wrote in the store; None if nothing."""
    notes = {line.line_id: line.note for line in seen.lines if line.note}
    return ReturnWords(notes=notes) if notes else None


def follow_withdrawal(rt: Runtime, data: ShopData, stored: StoredOrder) -> None:
    """The store's own withdrawal form was used: that counts as an open return of everything."""
    order = stored.order
    known = data.returns.of_order(order.order_id)
    ended = order.cancelled_at or order.trashed or is_refunded_whole(order)
    if ended or any(row.kind is ReturnKind.WITHDRAWAL for row in known):
        return
    lines = tuple(
        _line(stored, ReturnedLine(line_id, quantity, ReturnReason.NOT_ASKED))
        for line_id, quantity in left_of(data, order).items()
    )
    open_return(
        rt,
        data,
        NewReturn(
            kind=ReturnKind.WITHDRAWAL,
            origin=ReturnOrigin.STORE,
            state=ReturnState.REQUESTED,
            lines=lines,
            value=Money(sum(line.value.minor for line in lines), order.total.currency),
            requested_at=order.version or rt.business.now(),
            order_id=order.order_id,
            customer_id=stored.customer_id,
            locale=order.locale,
        ),
    )


def left_of(data: ShopData, order: OrderSnapshot) -> dict[PlatformId, int]:
    """How many of each line are still there to come back."""
    past = past_returns(data, data.returns.of_order(order.order_id))
    left = quantities_left(order, past)
    return {line_id: quantity for line_id, quantity in left.items() if quantity}


def follow_refunds(rt: Runtime, data: ShopData, stored: StoredOrder) -> None:
    """Money that went back in the store ends the returns that it was for; so does the end of the
    order, but an order in the bin ends no withdrawal.
    """
    order = stored.order
    money = is_refunded_whole(order) or bool(order.cancelled_at)
    whole = money or order.trashed
    rows = data.returns.of_order(order.order_id)
    paid = paid_back(order, past_returns(data, rows)) if order.refunds else frozenset()
    for row in rows:
        if not row.open or not (whole or row.name in paid):
            continue
        if row.kind is ReturnKind.WITHDRAWAL and not money and row.name not in paid:
            _keep_open(rt, data, row)
            continue
        told = row.state in (ReturnState.APPROVED, ReturnState.RECEIVED)
        state = ReturnState.REFUNDED if told else ReturnState.CLOSED
        move(rt, data, row, state, by=STORE, in_store=True)


def _keep_open(rt: Runtime, data: ShopData, row: ReturnRow) -> None:
    """Who withdrew is owed the money, whatever became of the order here: where nothing is decided
    the merchant is told why it is left to them.
    """
    reason = Reason.of(ReasonCode.ORDER_REMOVED)
    if row.state not in UNDECIDED or (row.ruling and row.ruling.reason == reason):
        return
    ruling = Ruling(ReturnOutcome.HOLD, "goods", reason)
    if row.state is ReturnState.REQUESTED:
        move(rt, data, row, ReturnState.HELD, by="rules", ruling=ruling)
    elif held := data.returns.change(row, ruling=ruling):
        note(data, held, held.state, reason, rt.business.now())
