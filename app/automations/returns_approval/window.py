"""The time that a rule grants for returning an order."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.automations.base import Context
from app.automations.returns_approval.case import noon
from app.automations.returns_approval.limits import WindowRule, WindowStart
from app.domain.parcels import is_all_delivered, is_all_sent, last_arrival, parcels_of
from app.domain.reasons import ReasonCode
from app.domain.snapshots import OrderSnapshot


@dataclass(frozen=True, slots=True)
class Window:
    """Until when a rule lets things come back: from that fact on so many days."""

    open_code: ReasonCode
    over_code: ReasonCode
    fact_at: datetime  # when it left, arrived, …
    last_day: datetime  # noon of the last day, for showing it
    ends_at: datetime  # the first moment after it


def window_of(rule: WindowRule, context: Context) -> Window | None:
    """The time that a rule grants; None while it has not begun."""
    order = context.order
    if rule.start is WindowStart.ORDER:
        codes = ReasonCode.WINDOW_ORDER_OPEN, ReasonCode.WINDOW_ORDER_OVER
        return _days_after(order.placed_at, rule, context, codes)
    left = _left_at(order)
    if left is None:
        return None
    if rule.start is WindowStart.FULFILMENT:
        codes = ReasonCode.WINDOW_SENT_OPEN, ReasonCode.WINDOW_SENT_OVER
        return _days_after(left, rule, context, codes)
    seen = last_arrival(order)
    if seen and is_all_delivered(order):
        codes = ReasonCode.WINDOW_ARRIVED_OPEN, ReasonCode.WINDOW_ARRIVED_OVER
        return _days_after(seen, rule, context, codes)
    expected = left + timedelta(days=_transit_days(rule, context))
    codes = ReasonCode.WINDOW_EXPECTED_OPEN, ReasonCode.WINDOW_EXPECTED_OVER
    return _days_after(max(expected, seen or expected), rule, context, codes)


def _left_at(order: OrderSnapshot) -> datetime | None:
    """When the last parcel left; goods that are not sent are there once they are paid."""
    if not any(line.ships for line in order.lines):
        return order.paid_at or order.placed_at
    if not is_all_sent(order):
        return None
    left = max((parcel.created_at for parcel in parcels_of(order)), default=None)
    return left or order.completed_at or order.delivered_at or order.placed_at


def _transit_days(rule: WindowRule, context: Context) -> int:
    if not any(line.ships for line in context.order.lines):
        return 0
    there, here = context.order.country, context.shop.country
    abroad = there is not None and here is not None and there != here
    return rule.transit_days_abroad if abroad else rule.transit_days


def _days_after(
    start: datetime,
    rule: WindowRule,
    context: Context,
    codes: tuple[ReasonCode, ReasonCode],
) -> Window:
    zone = ZoneInfo(context.shop.timezone)
    last_day = start.astimezone(zone).date() + timedelta(days=rule.days)
    return Window(*codes, start, noon(last_day), _end_of(last_day, zone))


@lru_cache(maxsize=4096)
def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
