"""Decides returns by the merchant's rules, within what the law allows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from app.automations.base import Context, SettingsModel, settings_as
from app.automations.returns_approval.case import Case, case_of, noon
from app.automations.returns_approval.looking import look
from app.automations.returns_approval.settings import ReturnsApprovalSettings, kind_of
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Decision, Proceed, Verdict
from app.domain.events import Event
from app.domain.reasons import Reason, ReasonCode
from app.domain.refunds import is_refunded_whole
from app.domain.returns import Finding, ReturnKind, ReturnOutcome, ReturnRequest, Ruling

__all__ = ["ReturnsApproval", "ReturnsApprovalSettings", "kind_of"]

# What is looked at besides the merchant's rules, by the names in a trace.
STATUTORY = "statutory"
GOODS = "goods"
OTHERWISE = "otherwise"


class ReturnsApproval:
    """A return that a customer asks for is approved, declined or left to the merchant by ordered
    rules. Inside the statutory withdrawal period nothing is declined, and a withdrawal never is.
    """

    key: ClassVar[str] = "returns_approval"
    Settings: ClassVar[type[SettingsModel]] = ReturnsApprovalSettings
    listens_to: ClassVar[tuple[type[Event], ...]] = ()
    performs: ClassVar[frozenset[ActionKind]] = frozenset()

    def decide(self, event: Event, context: Context) -> Sequence[Decision]:  # noqa: ARG002
        """Returns are decided where they are asked for: nothing is planned from events."""
        return ()

    def recheck(self, action: Action, context: Context) -> Verdict:  # noqa: ARG002
        """Nothing is planned, so nothing is stopped."""
        return Proceed()

    def decide_request(self, request: ReturnRequest, context: Context) -> Ruling:
        """The decision with its trace. Pure: the same request and picture give the same.

        `context.returns` must not hold the return at hand. Times are judged as of
        `request.requested_at`, so that waiting for a decision costs nobody the right.
        """
        case = case_of(request, context, settings_as(context, ReturnsApprovalSettings))
        tries = _withdrawal if request.kind is ReturnKind.WITHDRAWAL else _return
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
    trouble = _order_trouble(case) or _unpaid(case) or _missing(case)
    if trouble:
        return Finding(GOODS, trouble, ReturnOutcome.HOLD)
    return Finding(GOODS, Reason.of(ReasonCode.GOODS_LEFT))


def _order_trouble(case: Case) -> Reason | None:
    order = case.context.order
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
