"""The decision about one case: the law first, then the merchant's rules in the merchant's order."""

from collections.abc import Iterator
from dataclasses import replace

from app.automations.returns_approval.case import Case, noon
from app.automations.returns_approval.looking import look
from app.domain.reasons import Reason, ReasonCode
from app.domain.refunds import is_refunded_whole
from app.domain.returns import Finding, ReturnKind, ReturnOutcome, Ruling
from app.domain.snapshots import OrderSnapshot

# What is looked at besides the merchant's rules, by the names in a trace.
STATUTORY = "statutory"
GOODS = "goods"
OTHERWISE = "otherwise"


def rule_on(case: Case) -> Ruling:
    """Try one thing after the other; the first that decides ends it."""
    tries = _withdrawal if case.request.kind is ReturnKind.WITHDRAWAL else _return
    findings = []
    for finding in tries(case):
        findings.append(finding)
        if finding.outcome:
            break
    last = findings[-1]
    reason = _protection(case) if last.softened else last.saw
    return Ruling(last.outcome or ReturnOutcome.HOLD, last.rule, reason, tuple(findings))


def _withdrawal(case: Case) -> Iterator[Finding]:
    """Approved inside the period; whatever is unclear is left to the merchant, never declined."""
    yield _goods(case)
    sight = _statutory(case)
    if case.context.order.in_person:
        sight = Reason.of(ReasonCode.IN_PERSON)
    elif piece := case.uncovered():
        sight = Reason.of(ReasonCode.PERIOD_EXEMPT, item=piece.line.title)
    is_running = sight.code is ReasonCode.PERIOD_RUNS
    yield Finding(STATUTORY, sight, ReturnOutcome.APPROVE if is_running else ReturnOutcome.HOLD)


def _return(case: Case) -> Iterator[Finding]:
    """Each look in turn; whoever asks stops at the first that decides."""
    yield Finding(STATUTORY, _statutory(case))
    yield _goods(case)
    for name, rule in case.settings.named_rules():
        if not rule.on or rule.idle:
            continue
        sight = look(rule, case)
        if sight.fits is None:  # neither held against anybody nor waved through
            yield Finding(name, sight.saw, ReturnOutcome.HOLD)
        elif sight.fits:
            yield _within_law(Finding(name, sight.saw, rule.outcome), case)
        else:
            yield Finding(name, sight.saw)
    rest = Finding(OTHERWISE, Reason.of(ReasonCode.NO_RULE_DECIDED), case.settings.otherwise)
    yield _within_law(rest, case)


def _within_law(finding: Finding, case: Case) -> Finding:
    if finding.outcome is ReturnOutcome.DECLINE and case.is_protected():
        return replace(finding, outcome=ReturnOutcome.HOLD, softened=True)
    return finding


def _statutory(case: Case) -> Reason:
    """Where the order stands in the period that the law grants."""
    period = case.period
    if period is None:
        country = case.context.order.country or case.context.shop.country
        return Reason.of(ReasonCode.NO_PERIOD, **({"country": country} if country else {}))
    if period.last_day is None:
        return Reason.of(ReasonCode.PERIOD_NOT_BEGUN)
    code = ReasonCode.PERIOD_OVER if period.is_over(case.at) else ReasonCode.PERIOD_RUNS
    return Reason.of(code, until=noon(period.last_day))


def _protection(case: Case) -> Reason:
    """Why it was not declined although a rule would."""
    if case.period is None or case.period.last_day is None:
        return Reason.of(ReasonCode.PERIOD_MAY_PROTECT)
    return Reason.of(ReasonCode.PERIOD_PROTECTS, until=noon(case.period.last_day))


def _goods(case: Case) -> Finding:
    """Whether the order stands and holds what is asked for; if not, a person looks at it."""
    trouble = order_trouble(case.context.order) or _unpaid(case) or _missing(case)
    if trouble:
        return Finding(GOODS, trouble, ReturnOutcome.HOLD)
    return Finding(GOODS, Reason.of(ReasonCode.GOODS_LEFT))


def order_trouble(order: OrderSnapshot) -> Reason | None:
    """Why nothing of the order can come back; a person looks at what is asked all the same."""
    if order.cancelled_at:
        return Reason.of(ReasonCode.ORDER_CANCELLED, date=order.cancelled_at)
    if order.trashed:
        return Reason.of(ReasonCode.ORDER_REMOVED)
    if is_refunded_whole(order):
        return Reason.of(ReasonCode.ORDER_REFUNDED)
    return None


def _unpaid(case: Case) -> Reason | None:
    """The right to withdraw does not wait for the money."""
    if case.context.order.paid or case.request.kind is ReturnKind.WITHDRAWAL:
        return None
    return Reason.of(ReasonCode.ORDER_UNPAID)


def _missing(case: Case) -> Reason | None:
    asked: dict[str, int] = {}
    for item in case.request.items:
        asked[item.line_id] = asked.get(item.line_id, 0) + item.quantity
    titles = {piece.line.line_id: piece.line.title for piece in case.pieces}
    for line_id, quantity in asked.items():
        if line_id not in titles:
            return Reason.of(ReasonCode.GOODS_UNKNOWN)
        left = case.left[line_id]
        if quantity > left:
            facts: dict[str, str | int] = {"item": titles[line_id], "n": quantity, "limit": left}
            return Reason.of(ReasonCode.GOODS_NOT_LEFT, **facts)
    return None if asked else Reason.of(ReasonCode.GOODS_UNKNOWN)
