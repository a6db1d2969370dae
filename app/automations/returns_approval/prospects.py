"""What a customer may expect before asking: how many, until when, why not, at what cost."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.automations.base import Context, settings_as
from app.automations.returns_approval.case import Case, Piece, case_of, is_excepted, noon
from app.automations.returns_approval.limits import WindowRule
from app.automations.returns_approval.ruling import order_trouble, rule_on
from app.automations.returns_approval.settings import ReturnsApprovalSettings, WayBack
from app.automations.returns_approval.window import window_of
from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import (
    ReturnItem,
    ReturnKind,
    ReturnOrigin,
    ReturnOutcome,
    ReturnReason,
    ReturnRequest,
)
from app.domain.snapshots import Line
from app.domain.withdrawal import WithdrawalPeriod


@dataclass(frozen=True, slots=True)
class Cost:
    """What sending it back costs the customer. `fee` is taken off the refund."""

    paid_by: WayBack
    fee: Money | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """One line of the order.

    `quantity` can still be asked back. `until` is noon of the last day on which it would not be
    declined; None where no day is known. `why_not` is told instead of a choice
    (`return_words.why_not` has the customer's words).
    """

    line_id: PlatformId
    quantity: int
    until: datetime | None = None
    why_not: Reason | None = None
    declined_for: tuple[ReturnReason, ...] = ()  # reasons for which a single piece is declined


@dataclass(frozen=True, slots=True)
class Prospects:
    """All lines, and what is the same for them.

    `cost` holds unless all reasons are among `free_for`. `withdrawal` is None where the law gives
    no right to withdraw; `can_withdraw`: a withdrawal declared now is surely in time.
    """

    lines: tuple[Prospect, ...]
    reasons: tuple[ReturnReason, ...]
    cost: Cost
    free_for: frozenset[ReturnReason]
    send_back_to: str
    withdrawal: WithdrawalPeriod | None
    can_withdraw: bool


def prospects(context: Context, *, rules_decide: bool = True) -> Prospects:
    """What holds now. `rules_decide` is False while the automation is off: all is left to people.

    An item is only refused beforehand if the rules decline a single piece of it for every reason
    that can be chosen; what may be approved or held can be asked for.
    """
    settings = settings_as(context, ReturnsApprovalSettings)
    whole = case_of(_request(context, ()), context, settings)
    period = whole.period
    return Prospects(
        lines=tuple(
            _prospect(line, whole, rules_decide=rules_decide) for line in context.order.lines
        ),
        reasons=settings.reasons_offered,
        cost=cost_of(
            settings,
            context.order.total.currency,
            ReturnKind.RETURN,
            (),
            home=context.shop.currency,
        ),
        free_for=frozenset(settings.shop_pays_for),
        send_back_to=settings.send_back_to,
        withdrawal=period,
        can_withdraw=period is not None and not period.is_over(context.now),
    )


def cost_of(
    settings: ReturnsApprovalSettings,
    currency: str,
    kind: ReturnKind,
    reasons: Collection[ReturnReason],
    *,
    home: str,
) -> Cost:
    """What sending back costs. For a withdrawal no more than the parcel itself (art. 14).

    The fee is an amount in the shop's currency (`home`); where another one was paid, none is taken.
    """
    if reasons and all(reason in settings.shop_pays_for for reason in reasons):
        return Cost(WayBack.SHOP)
    if settings.way_back is not WayBack.FEE:
        return Cost(settings.way_back)
    if kind is ReturnKind.WITHDRAWAL:
        return Cost(WayBack.CUSTOMER)
    fee = Money.parse(settings.return_fee, home)
    return Cost(WayBack.FEE, fee) if fee.minor and currency == home else Cost(WayBack.SHOP)


def _prospect(line: Line, whole: Case, *, rules_decide: bool) -> Prospect:
    left = whole.left[line.line_id]
    if trouble := order_trouble(whole.context.order):
        return Prospect(line.line_id, 0, why_not=trouble)
    if not left:
        gone = Reason.of(ReasonCode.GOODS_NOT_LEFT, item=line.title, n=1, limit=0)
        return Prospect(line.line_id, 0, why_not=gone)
    if not rules_decide:
        return Prospect(line.line_id, left)
    declined = _declined(line, whole)
    if declined and len(declined) == len(whole.settings.reasons_offered):
        return Prospect(line.line_id, 0, why_not=next(iter(declined.values())))
    return Prospect(line.line_id, left, _until(line, whole), declined_for=tuple(declined))


def _declined(line: Line, whole: Case) -> dict[ReturnReason, Reason]:
    """For which of the customer's reasons a single piece would be declined, and why."""
    declined = {}
    for reason in whole.settings.reasons_offered:
        request = _request(whole.context, (ReturnItem(line.line_id, 1, reason),))
        ruling = rule_on(case_of(request, whole.context, whole.settings))
        if ruling.outcome is ReturnOutcome.DECLINE:
            declined[reason] = ruling.reason
    return declined


def _until(line: Line, whole: Case) -> datetime | None:
    """The last day before a rule about time declines; the law's own period is never cut short."""
    last = min(_ends(whole), default=None)
    piece = Piece(line, 1, ReturnReason.OTHER, whole.context.products.get(line.product_id or ""))
    period = whole.period
    if last and period and not is_excepted(piece, whole.settings):
        last = max(last, noon(period.last_day)) if period.last_day else None
    # where the time is over, another rule lets it come back all the same: nobody knows how long
    return last if last and last >= whole.at - timedelta(days=1) else None


def _ends(whole: Case) -> Iterator[datetime]:
    for rule in whole.settings.rules:
        if isinstance(rule, WindowRule) and rule.on and rule.outcome is ReturnOutcome.DECLINE:
            window = window_of(rule, whole.context)
            if window:
                yield window.last_day


def _request(context: Context, items: tuple[ReturnItem, ...]) -> ReturnRequest:
    return ReturnRequest(ReturnKind.RETURN, ReturnOrigin.CUSTOMER, context.now, items)
