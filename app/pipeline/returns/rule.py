"""Asks the automation about a return, on the picture as it is now."""

from app.automations.registry import RETURNS
from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnItem, ReturnOutcome, ReturnRequest, Ruling
from app.domain.snapshots import OrderSnapshot
from app.pipeline.context import Assembler, settings_of
from app.pipeline.runtime import Runtime


def rule(rt: Runtime, data: ShopData, row: ReturnRow) -> Ruling:
    """What the merchant's rules say. Switched off, or without an order, they leave it to them."""
    version = data.settings.current(RETURNS.key)
    stored = data.orders.get(row.order_id) if row.order_id else None
    if version is None or not version.enabled or stored is None:
        return Ruling(ReturnOutcome.HOLD, "off", Reason.of(ReasonCode.RULES_OFF))
    settings = settings_of(RETURNS, version)
    context = Assembler(data, rt.business.now()).context(
        stored.order, stored.customer_id, settings, version.active_since, without=row.name
    )
    ruling = RETURNS.decide_request(request_of(data, row), context)
    return Ruling(
        ruling.outcome, ruling.decided_by, ruling.reason, ruling.findings, version.version
    )


def request_of(data: ShopData, row: ReturnRow) -> ReturnRequest:
    """The request as rules see it."""
    lines = data.returns.lines([row.id]).get(row.id, ())
    items = tuple(ReturnItem(line.line_id, line.quantity, line.reason) for line in lines)
    return ReturnRequest(row.kind, row.origin, row.requested_at, items)


def paid_for(order: OrderSnapshot, line_id: str, quantity: int) -> int:
    """What was paid for so many of a line, in minor units; rounded down."""
    for line in order.lines:
        if line.line_id == line_id and line.quantity:
            return line.total.minor * min(quantity, line.quantity) // line.quantity
    return 0
