"""Asks the automation about a return, on the picture as it is now."""

from app.automations.registry import RETURNS
from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnItem, ReturnKind, ReturnOutcome, ReturnRequest, Ruling
from app.pipeline.context import Assembler, settings_of
from app.pipeline.runtime import Runtime


def rule(rt: Runtime, data: ShopData, row: ReturnRow) -> Ruling:
    """What the merchant's rules say. Switched off, or without an order, they leave it to them.

    Opens what was written: not inside a write transaction.
    """
    if row.kind is ReturnKind.WITHDRAWAL and data.returns.words(row).goods:
        # Written in the customer's own words: only a person can tell which items are meant.
        return Ruling(ReturnOutcome.HOLD, "declared", Reason.of(ReasonCode.WITHDRAWAL_PART))
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
