"""What a customer may send back, asking for it, keeping it after all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.automations.base import Context, settings_as
from app.automations.registry import RETURNS
from app.automations.returns_approval import (
    Prospects,
    ReturnsApprovalSettings,
    cost_of,
    prospects,
)
from app.automations.returns_approval.prospects import Cost
from app.db.orders import StoredOrder
from app.db.returns import NewReturn, ReturnRow
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.ids import PlatformId, ReturnId, ShopId
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.refunds import is_refunded_whole
from app.domain.returnable import value_of
from app.domain.returns import (
    ReturnItem,
    ReturnKind,
    ReturnLine,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnRequest,
    ReturnState,
    ReturnWords,
)
from app.domain.snapshots import OrderSnapshot, Person
from app.pipeline import returns
from app.pipeline.context import Assembler
from app.pipeline.returns.terms import settings_now
from app.pipeline.runtime import Runtime

CUSTOMER = "customer"


class Closed(StrEnum):
    """Why nothing of an order can be asked back on our page."""

    NOT_CONNECTED = "not_connected"
    FORGOTTEN = "forgotten"  # nobody is on record as the buyer (any more)
    ORDER_ENDED = "order_ended"  # cancelled, removed, or all the money went back


class Refusal(StrEnum):
    """Why a request was not taken. Nothing was stored."""

    NOT_CONNECTED = "not_connected"
    FORGOTTEN = "forgotten"
    ORDER_ENDED = "order_ended"
    NOTHING = "nothing"  # no item was chosen
    UNKNOWN_ITEM = "unknown_item"
    TOO_MANY = "too_many"  # more than is left, as when another page was faster


@dataclass(frozen=True, slots=True)
class Wish:
    """Some of one line, as the customer filled it in."""

    line_id: PlatformId
    quantity: int
    reason: ReturnReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class Portal:
    """An order whose customer may ask. `context` is what rules see; `prospects` what may be asked
    for. `rules_decide` is False while the automation is off: then people do.
    """

    order: OrderSnapshot  # with its person
    context: Context
    prospects: Prospects
    rules_decide: bool
    returns: tuple[ReturnRow, ...]
    lines: Mapping[ReturnId, tuple[ReturnLine, ...]]


def find(rt: Runtime, shop_id: ShopId, order_id: PlatformId) -> Portal | Closed:
    """What of an order can be asked back, and what was."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        stored, person = data.orders.get(order_id), data.orders.person(order_id)
        closed = _closed(data, stored, person)
        if closed or stored is None:
            return closed or Closed.FORGOTTEN
        version = data.settings.current(RETURNS.key)
        rules_decide = version is not None and version.enabled
        context = Assembler(data, rt.business.now()).context(
            stored.order, stored.customer_id, settings_now(data)
        )
        known = data.returns.of_order(order_id)
        return Portal(
            order=replace(stored.order, person=person),
            context=context,
            prospects=prospects(context, rules_decide=rules_decide),
            rules_decide=rules_decide,
            returns=tuple(known),
            lines=data.returns.lines([row.id for row in known]),
        )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a request would lead to, as far as is known now; `worth` is what was paid for it."""

    outcome: ReturnOutcome
    reason: Reason
    cost: Cost
    worth: Money

    @property
    def mark(self) -> str:
        """What the customer agrees to by sending: the outcome, then the money. Only compared."""
        fee = self.cost.fee.minor if self.cost.fee else 0
        return f"{self.outcome} {self.cost.paid_by} {fee} {self.worth.minor}"


def foresee(portal: Portal, wishes: Sequence[Wish]) -> Foreseen:
    """Ask the rules before the customer does. Carried out on a fresh picture, it may differ."""
    context, order = portal.context, portal.order
    items = tuple(ReturnItem(wish.line_id, wish.quantity, wish.reason) for wish in wishes)
    outcome, reason = ReturnOutcome.HOLD, Reason.of(ReasonCode.RULES_OFF)
    if portal.rules_decide:
        request = ReturnRequest(ReturnKind.RETURN, ReturnOrigin.CUSTOMER, context.now, items)
        ruling = RETURNS.decide_request(request, context)
        outcome, reason = ruling.outcome, ruling.reason
    bought = {line.line_id: line for line in order.lines}
    settings = settings_as(context, ReturnsApprovalSettings)
    reasons = [wish.reason for wish in wishes]
    return Foreseen(
        outcome,
        reason,
        cost_of(
            settings,
            order.total.currency,
            ReturnKind.RETURN,
            reasons,
            home=context.shop.currency,
        ),
        sum(
            (value_of(bought[wish.line_id], wish.quantity) for wish in wishes),
            Money.zero(order.total.currency),
        ),
    )


def submit(
    rt: Runtime, shop_id: ShopId, order_id: PlatformId, wishes: Sequence[Wish]
) -> ReturnRow | Refusal:
    """Take a request: stored with its actions, then decided by the rules."""
    if not wishes:
        return Refusal.NOTHING
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        person, hasher = data.orders.person(order_id), data.hasher
        notes = {wish.line_id: wish.note for wish in wishes if wish.note}
        sealed = data.returns.seal(ReturnWords(notes=notes)) if notes else None
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id, hasher)
        stored = held(data, order_id)
        closed = _closed(data, stored, person)
        if closed or stored is None:
            return Refusal(closed or Closed.FORGOTTEN)
        left = returns.left_of(data, stored.order)
        if refusal := _too_much(stored.order, left, wishes):
            return refusal
        return store(rt, data, stored, wishes, sealed=sealed)


def cancel(rt: Runtime, shop_id: ShopId, public_ref: str) -> bool:
    """The customer keeps the goods; False if it is too late for that."""
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        row = data.returns.by_public_ref(public_ref)
        if row is None:
            return False
        return returns.move(rt, data, row, ReturnState.CANCELLED, by=CUSTOMER) is not None


def held(data: ShopData, order_id: PlatformId) -> StoredOrder | None:
    """The order, its customer held: two requests at once are counted one after the other."""
    stored = data.orders.get(order_id)
    if stored and stored.customer_id:
        data.customers.lock(stored.customer_id)
    return stored


def _closed(data: ShopData, stored: StoredOrder | None, person: Person) -> Closed | None:
    if not Shops(data.uow).get(data.shop_id).connected:
        return Closed.NOT_CONNECTED
    if stored is None or stored.sealed_person is None or data.customers.is_erased(person):
        return Closed.FORGOTTEN
    order = stored.order
    if order.draft or order.cancelled_at or order.trashed or is_refunded_whole(order):
        return Closed.ORDER_ENDED
    return None


def _too_much(
    order: OrderSnapshot, left: Mapping[PlatformId, int], wishes: Sequence[Wish]
) -> Refusal | None:
    bought = {line.line_id for line in order.lines}
    if len({wish.line_id for wish in wishes}) < len(wishes):
        return Refusal.UNKNOWN_ITEM
    for wish in wishes:
        if wish.line_id not in bought or wish.quantity < 1:
            return Refusal.UNKNOWN_ITEM
        if wish.quantity > left.get(wish.line_id, 0):
            return Refusal.TOO_MANY
    return None


def store(
    rt: Runtime,
    data: ShopData,
    stored: StoredOrder,
    wishes: Sequence[Wish],
    *,
    kind: ReturnKind = ReturnKind.RETURN,
    sealed: bytes | None = None,
) -> ReturnRow:
    """Write down what is asked for, and plan its way."""
    order, currency = stored.order, stored.order.total.currency
    bought = {line.line_id: line for line in order.lines}
    lines = tuple(
        ReturnLine(
            line_id=wish.line_id,
            title=bought[wish.line_id].title,
            quantity=wish.quantity,
            reason=wish.reason,
            value=value_of(bought[wish.line_id], wish.quantity),
            variant=bought[wish.line_id].variant_title,
        )
        for wish in wishes
    )
    return returns.open_return(
        rt,
        data,
        NewReturn(
            kind=kind,
            origin=ReturnOrigin.CUSTOMER,
            state=ReturnState.REQUESTED,
            lines=lines,
            value=Money(sum(line.value.minor for line in lines), currency),
            requested_at=rt.business.now(),
            order_id=order.order_id,
            customer_id=stored.customer_id,
            locale=order.locale,
            sealed=sealed,
        ),
    )
