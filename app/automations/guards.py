"""May this customer hear from the shop, and now? One answer for all automations.

The order of the questions is the order in which a merchant would ask them: is there anybody to
write to, may we, is it decent just now, is it too much? Sign-in links and other transactional
mail do not come here.

Ranks: a coupon outranks a review request. Its reward belongs to a moment and expires, while a
review can be asked for a few days later just as well.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from holidays import country_holidays

from app.automations.base import ContactPolicy, Context
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.consent import ConsentNeed, consent_law
from app.domain.decisions import Defer, Proceed, Skip, Verdict
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import ConsentState
from app.domain.zones import zone_of

# Creating a coupon counts as the mail that follows it.
_RANK = {
    ActionKind.REVIEW_REQUEST_MAIL: 1,
    ActionKind.COUPON_CREATE: 2,
    ActionKind.COUPON_MAIL: 2,
}

# What a customer refuses on the preferences page, besides everything.
_SCOPE = {
    ActionKind.REVIEW_REQUEST_MAIL: "review_request",
    ActionKind.COUPON_CREATE: "coupon",
    ActionKind.COUPON_MAIL: "coupon",
}

# Countries where nobody wants a shop's mail on Sundays and public holidays.
_DAYS_OF_REST = {"FR"}

# An open return or withdrawal: its outcome is waited for, and its end lets all be decided again.
_LOOK_AGAIN = timedelta(days=1)


def contact(action: Action, context: Context) -> Verdict:
    """Whether marketing-like mail may go to the customer now, later, or not at all."""
    return may_hear(action.kind, context) or _decent_time(action, context) or Proceed()


def may_hear(kind: ActionKind, context: Context) -> Skip | Defer | None:
    """What stands against writing at all, whatever the hour; None if nothing does.

    Also asked before a coupon is created, so that no coupon exists of which nobody may hear.
    """
    customer = context.customer
    if customer.erased:
        return Skip(Reason.of(ReasonCode.CUSTOMER_ERASED))
    if not customer.has_email:
        return Skip(Reason.of(ReasonCode.NO_ADDRESS))
    if "address_refused" in customer.suppressed:
        return Skip(Reason.of(ReasonCode.ADDRESS_REFUSED))
    if customer.suppressed & {"all", _SCOPE[kind]}:
        return Skip(Reason.of(ReasonCode.UNSUBSCRIBED))
    if missing := _missing_consent(context):
        return Skip(missing)
    if trouble := _open_trouble(context):
        return Defer(context.now + _LOOK_AGAIN, trouble)
    return None


def _missing_consent(context: Context) -> Reason | None:
    state = context.customer.consent
    if state is ConsentState.UNSUBSCRIBED:
        return Reason.of(ReasonCode.UNSUBSCRIBED)
    if state is ConsentState.SUBSCRIBED:
        return None
    country = context.order.country
    law = consent_law(country)
    if law.need is ConsentNeed.RECORDED:
        known = {"country": country} if country else {}
        return Reason.of(ReasonCode.NO_CONSENT, **known)
    if not context.shop.contact.soft_opt_in:
        return Reason.of(ReasonCode.NO_CONSENT_WANTED)
    bought = _last_purchase(context)
    if bought is None or (law.within and bought + law.within < context.now):
        return Reason.of(ReasonCode.NO_CONSENT, **({"country": country} if country else {}))
    return None


def _last_purchase(context: Context) -> datetime | None:
    """When the customer last bought: an unticked box at checkout is no objection."""
    orders = context.customer.orders
    return max((o.placed_at for o in orders if not o.cancelled and not o.test), default=None)


def _open_trouble(context: Context) -> Reason | None:
    own = [past for past in context.returns if past.order_id == context.order.order_id]
    if still := next((past for past in own if past.open), None):
        return Reason.of(ReasonCode.RETURN_OPEN, name=still.name)
    if context.order.withdrawal_requested and not own:  # asked before we kept returns
        return Reason.of(ReasonCode.WITHDRAWAL_OPEN)
    return None


def _decent_time(action: Action, context: Context) -> Defer | None:
    policy, now = context.shop.contact, context.now
    country = context.order.country
    zone = zone_of(country, context.shop.timezone)
    awake = next_allowed(now, zone, policy, country)
    if awake > now:
        return Defer(awake, _why_not_now(now, zone, policy))
    sent = [message.at for message in context.customer.messages]
    if (free := _budget_frees(sent, now, policy)) > now:
        reason = Reason.of(
            ReasonCode.BUDGET_USED, n=policy.budget_messages, days=policy.budget_days
        )
        return Defer(next_allowed(free, zone, policy, country), reason)
    ahead = list(_higher_ranked(action, context))
    if (free := _budget_frees(sent + ahead, now, policy)) > now:
        reason = Reason.of(ReasonCode.HIGHER_RANK, date=min(ahead))
        return Defer(next_allowed(free, zone, policy, country), reason)
    return None


# quiet hours


def next_allowed(
    moment: datetime, zone: ZoneInfo, policy: ContactPolicy, country: str | None
) -> datetime:
    """The moment itself, or the first one after it outside quiet hours and days of rest (UTC)."""
    if _is_allowed(moment, zone, policy, country):
        return moment
    starts = (start for start in _starts(moment, zone, policy) if start > moment)
    return next(start for start in starts if _is_allowed(start, zone, policy, country))


def _starts(moment: datetime, zone: ZoneInfo, policy: ContactPolicy) -> Iterator[datetime]:
    """Moments at which an allowed span may begin: each midnight and each end of quiet hours."""
    day = moment.astimezone(zone).date()
    while True:
        for hour in sorted({0, policy.quiet_until_hour}):
            # From UTC and back, because a local hour may not exist when clocks are put forward.
            yield datetime.combine(day, time(hour), zone).astimezone(moment.tzinfo)
        day += timedelta(days=1)


def _is_allowed(
    moment: datetime, zone: ZoneInfo, policy: ContactPolicy, country: str | None
) -> bool:
    local = moment.astimezone(zone)
    return not _is_quiet(local.hour, policy) and not _is_day_of_rest(local.date(), country)


def _is_quiet(hour: int, policy: ContactPolicy) -> bool:
    begin, end = policy.quiet_from_hour, policy.quiet_until_hour
    if begin <= end:
        return begin <= hour < end
    return hour >= begin or hour < end


def _is_day_of_rest(day: date, country: str | None) -> bool:
    if country not in _DAYS_OF_REST:
        return False
    return day.weekday() == 6 or day in country_holidays(country, years=day.year)


def _why_not_now(now: datetime, zone: ZoneInfo, policy: ContactPolicy) -> Reason:
    if _is_quiet(now.astimezone(zone).hour, policy):
        begin, end = policy.quiet_from_hour, policy.quiet_until_hour
        return Reason.of(ReasonCode.QUIET_HOURS, begin=f"{begin:02}:00", end=f"{end:02}:00")
    return Reason.of(ReasonCode.DAY_OF_REST)


# budget


def _budget_frees(at: list[datetime], now: datetime, policy: ContactPolicy) -> datetime:
    """The first moment from `now` on at which one more message keeps within the budget."""
    window = timedelta(days=policy.budget_days)
    newest_first = sorted(at, reverse=True)
    if len(newest_first) < policy.budget_messages:
        return now
    return max(now, newest_first[policy.budget_messages - 1] + window)


def _higher_ranked(action: Action, context: Context) -> Iterator[datetime]:
    """When messages of a higher rank are planned inside the window."""
    horizon = context.now + timedelta(days=context.shop.contact.budget_days)
    for other in context.customer.actions:
        waits = other.state in (ActionState.PLANNED, ActionState.DEFERRED)
        outranks = _RANK.get(other.kind, 0) > _RANK[action.kind]
        if waits and outranks and other.due_at < horizon:
            yield max(other.due_at, context.now)
