"""A return and its counterpart in the store; and the rules' decision, on a fresh picture.

A store without returns of its own (`store.returns` is None) has nothing to be told.
"""

from datetime import timedelta

from app.automations.returns_approval import kind_of
from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.actions import FINAL, ActionKind, ActionState
from app.domain.errors import Bug, Refused
from app.domain.ids import ReturnId
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import OPEN_RETURNS, ReturnOutcome, ReturnState, Ruling, is_no_end
from app.domain.snapshots import ObjectKind
from app.pipeline.effects.base import Outcome, Unknowable, Work
from app.pipeline.failures import Busy
from app.pipeline.returns.plans import decide_after, mail_after, reason_of
from app.pipeline.returns.rule import rule
from app.pipeline.returns.steps import carried_out, known_there, move
from app.platforms.base import RemoteReturn, ReturnSpec, ReturnSpecLine, ReturnsPort

_RULES = "rules"
_STATES = {
    ReturnOutcome.APPROVE: ReturnState.APPROVED,
    ReturnOutcome.DECLINE: ReturnState.DECLINED,
    ReturnOutcome.HOLD: ReturnState.HELD,
}
_SAID = {
    ReturnOutcome.APPROVE: ReasonCode.RETURN_APPROVED,
    ReturnOutcome.DECLINE: ReasonCode.RETURN_DECLINED,
    ReturnOutcome.HOLD: ReasonCode.RETURN_HELD,
}
_PERIOD_RULES = {"window"}
_FINAL_SALE_RULES = {"not_sent", "products", "categories", "tags", "sale"}
_IN_STORE = {ActionKind.RETURN_OPEN, ActionKind.RETURN_UPDATE}
_SOON = timedelta(seconds=5)
_LATER = timedelta(minutes=1)


class ReturnOpen:
    """The store gets to know of a return that was asked for on our page."""

    repeatable = True  # looked up by our reference before it is made

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """Whether the store has it already."""
        port = _port(work)
        if port is None:
            return None
        spec, row = _spec(work, ReturnState.REQUESTED)
        found = port.find(spec)
        return self._known(work, row, found) if found else None

    def execute(self, work: Work) -> Outcome:
        """Tell the store. Where it has nothing to return, the merchant decides."""
        port, (spec, row) = _port(work), _spec(work, ReturnState.REQUESTED)
        if port is None or not row.open:
            return Outcome(
                reason_of(row, ReasonCode.RETURN_ASKED), then=decide_after(row, work.now)
            )
        try:
            return self._known(work, row, port.find(spec) or port.request(spec))
        except Refused as error:
            return _left_to_merchant(work, error)

    def _known(self, work: Work, row: ReturnRow, found: RemoteReturn) -> Outcome:
        def note(data: ShopData) -> None:
            known_there(data, row, found.ref, work.now)

        return Outcome(
            reason_of(row, ReasonCode.CREATED_IN_STORE), note, then=decide_after(row, work.now)
        )


class ReturnDecide:
    """The merchant's rules decide; the decision is stored with all that they saw."""

    repeatable = True  # a return that is decided is not decided again

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """Whether somebody decided."""
        row = _row(work)
        return None if row.state is ReturnState.REQUESTED else _settled(row)

    def execute(self, work: Work) -> Outcome:
        """Ask the rules outside the transaction; the row's state says whether it still matters."""
        with work.rt.db.read() as uow:
            data = ShopData(uow, work.shop.id)
            row = _row_of(data, work)
            if row.state is not ReturnState.REQUESTED:
                return _settled(row)
            ruling = rule(work.rt, data, row)

        def note(data: ShopData) -> None:
            asked = _row_of(data, work)  # decided meanwhile, it goes nowhere
            move(work.rt, data, asked, _STATES[ruling.outcome], by=_RULES, ruling=ruling)

        return Outcome(reason_of(row, _SAID[ruling.outcome]), note)


class ReturnUpdate:
    """The store's return becomes what ours was moved to, one step after the other."""

    repeatable = True  # what is so already is no change

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """Whether the store's return stands there already."""
        port = _port(work)
        if port is None:
            return None
        spec, row = _spec(work, state := _state(work))
        found = port.find(spec)
        return self._known(work, row, state) if found and found.state is state else None

    def execute(self, work: Work) -> Outcome:
        """Bring the store's return to this step's state, then tell the customer."""
        port, (spec, row) = _port(work), _spec(work, state := _state(work))
        _wait_for_earlier(work, row)
        if port is not None:
            _bring(work, port, spec)
        return self._known(work, row, state)

    def _known(self, work: Work, row: ReturnRow, state: ReturnState) -> Outcome:
        def note(data: ShopData) -> None:
            carried_out(work.rt, data, row, state)

        overtaken = state in OPEN_RETURNS and not row.open  # its end is told instead
        then = () if overtaken else mail_after(row, state, work.now)
        return Outcome(work.action.reason, note, then=then)


def _bring(work: Work, port: ReturnsPort, spec: ReturnSpec) -> None:
    """Where the store has nothing of it (goods that were never sent, an order that it hides by its
    age), or declined a withdrawal, which nobody can, ours stands alone. Elsewhere the store's word
    holds, and is read: it may have come while we were about to tell ours, when it does not count.
    """
    try:
        port.bring(spec)
    except Refused as error:
        if error.code != ReasonCode.RETURN_MOVED_ON:
            raise
        found = port.find(spec)
        if found is None or is_no_end(spec.kind, found.state):
            return
        with work.rt.db.write() as uow:
            due = work.rt.wall.now() + _SOON  # once this action has ended
            refreshes = ShopData(uow, work.shop.id).refreshes
            refreshes.ask(ObjectKind.RETURN, found.ref, due, patient=False)
        raise


def _left_to_merchant(work: Work, error: Refused) -> Outcome:
    unreturnable = error.code == ReasonCode.NOT_RETURNABLE
    reason = Reason.of(ReasonCode.NOT_RETURNABLE if unreturnable else ReasonCode.STORE_REFUSED)

    def note(data: ShopData) -> None:
        row = _row_of(data, work)
        ruling = Ruling(ReturnOutcome.HOLD, "store", reason)
        move(work.rt, data, row, ReturnState.HELD, by=_RULES, ruling=ruling)

    return Outcome(reason, note)


def _settled(row: ReturnRow) -> Outcome:
    return Outcome(reason_of(row, ReasonCode.RETURN_SETTLED))


def _wait_for_earlier(work: Work, row: ReturnRow) -> None:
    """Steps reach the store in their order."""
    with work.rt.db.read() as uow:
        rows = ShopData(uow, work.shop.id).actions.of_order(row.order_id or "")
    for action in rows:
        same = action.kind in _IN_STORE and action.payload.get("return_id") == row.id
        if same and action.id < work.action.id and action.state not in FINAL:
            stuck = action.state in (ActionState.BLOCKED, ActionState.DEFERRED)
            wait = _LATER if stuck else _SOON
            raise Busy("an earlier step of the return is on its way", wait)


def _state(work: Work) -> ReturnState:
    return ReturnState(str(work.action.payload["state"]))


def _port(work: Work) -> ReturnsPort | None:
    return work.rt.open_store(work.shop).returns if work.action.order_id else None


def _row(work: Work) -> ReturnRow:
    with work.rt.db.read() as uow:
        return _row_of(ShopData(uow, work.shop.id), work)


def _row_of(data: ShopData, work: Work) -> ReturnRow:
    row = data.returns.get(ReturnId(int(work.action.payload["return_id"])))
    if row is None:
        raise Bug("the return of this action is not in our table")
    return row


def _spec(work: Work, state: ReturnState) -> tuple[ReturnSpec, ReturnRow]:
    """The return as the store should know it at this step, words opened."""
    with work.rt.db.read() as uow:
        data = ShopData(uow, work.shop.id)
        row = _row_of(data, work)
        lines, words = data.returns.lines([row.id]).get(row.id, ()), data.returns.words(row)
    by_rule = kind_of(row.ruling.decided_by) if row.ruling and row.decided_by == _RULES else ""
    declined = state is ReturnState.DECLINED
    spec = ReturnSpec(
        reference=row.name,
        order_id=row.order_id or "",
        kind=row.kind,
        state=state,
        lines=tuple(
            ReturnSpecLine(x.line_id, x.title, x.quantity, x.reason, words.notes.get(x.line_id, ""))
            for x in lines
        ),
        ref=row.platform_ref,
        answer=words.answer,
        period_over=declined and by_rule in _PERIOD_RULES,
        final_sale=declined and by_rule in _FINAL_SALE_RULES,
    )
    return spec, row
