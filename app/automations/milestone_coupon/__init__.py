"""Thanks good customers with a coupon of their own when they reach a milestone."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from app.automations.base import Context, SettingsModel, settings_as
from app.automations.milestone_coupon.history import (
    is_taken,
    key_of,
    purchases_of,
    waiting_coupons,
)
from app.automations.milestone_coupon.second_look import USEFUL_FOR, look_again
from app.automations.milestone_coupon.settings import MilestoneCouponSettings
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.decisions import Cancel, Decision, Decline, Schedule, Verdict
from app.domain.events import Event, OrderCancelled, OrderPaid, OrderRefunded, OrderRemoved
from app.domain.milestones import Milestone, Purchases, anniversary, milestone_of
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode

__all__ = ["MilestoneCoupon", "MilestoneCouponSettings"]

_HANDS_OUT = {ActionKind.COUPON_CREATE, ActionKind.COUPON_MAIL}
_UNDECIDED = WAITING | {ActionState.PERFORMING}
_VOID_FOR = timedelta(days=365)  # the longest that a coupon is valid


class MilestoneCoupon:
    """A customer who reaches a milestone (an order, an amount spent, a year) gets one code, good
    for one order and for nobody else. A milestone is rewarded once. An order that reaches several
    brings one coupon, for the highest: orders before amounts. If the order is refunded before the
    coupon is used, the coupon becomes void.
    """

    key: ClassVar[str] = "milestone_coupon"
    Settings: ClassVar[type[SettingsModel]] = MilestoneCouponSettings
    listens_to: ClassVar[tuple[type[Event], ...]] = (
        OrderPaid,
        OrderRefunded,
        OrderCancelled,
        OrderRemoved,
    )
    performs: ClassVar[frozenset[ActionKind]] = frozenset(
        {ActionKind.COUPON_CREATE, ActionKind.COUPON_MAIL, ActionKind.COUPON_VOID}
    )

    def decide(self, event: Event, context: Context) -> Sequence[Decision]:
        """Plan the coupon that the order earned and the next anniversary's, or take them back."""
        settings = settings_as(context, MilestoneCouponSettings)
        purchases = purchases_of(context)
        purchase = purchases.get(event.order_id)
        if purchase is None:
            return list(_take_back(context, purchases))
        decisions = list(_withdraw_unwanted(context, settings))
        if context.active_since and purchase.paid_at < context.active_since:
            return decisions
        # The order that completes a number may be the one whose delivery came last, so that a
        # payment just learned is judged as things stand now, too.
        views = [purchases.until(purchase), *([purchases] if isinstance(event, OrderPaid) else [])]
        reached = [
            milestone
            for milestone in settings.milestones(context.shop.currency)
            if any(
                v.reached(milestone) and not v.without(purchase).reached(milestone) for v in views
            )
        ]
        decisions += _reward_highest(reached, context, settings)
        if settings.anniversaries:
            decisions += _next_anniversary(context, settings, purchases)
        return decisions

    def recheck(self, action: Action, context: Context) -> Verdict:
        """Is the milestone still reached, and may the customer hear of it?"""
        return look_again(action, context)


# planning


def _reward_highest(
    reached: list[Milestone], context: Context, settings: MilestoneCouponSettings
) -> Iterator[Decision]:
    """One coupon for one moment: the first milestone that is free; the others say why not."""
    waiting = {row.dedupe_key: row for row in waiting_coupons(context)}
    rewarded = False
    for milestone in reached:
        key = key_of(milestone, context)
        if rewarded or is_taken(milestone, context):
            code = ReasonCode.MILESTONE_TOGETHER if rewarded else ReasonCode.MILESTONE_TAKEN
            yield Decline(ActionKind.COUPON_CREATE, key, Reason.of(code), context.order.order_id)
            continue
        rewarded = True
        due_at = waiting[key].due_at if key in waiting else context.now
        yield _schedule(milestone, due_at, _why(milestone), context, settings)


def _why(milestone: Milestone) -> Reason:
    if milestone.family == "orders":
        return Reason.of(ReasonCode.MILESTONE_ORDERS, n=milestone.n)
    return Reason.of(ReasonCode.MILESTONE_SPEND, amount=Money(milestone.n, milestone.currency))


def _next_anniversary(
    context: Context, settings: MilestoneCouponSettings, purchases: Purchases
) -> Iterator[Decision]:
    first_at = purchases.first_at
    if first_at is None:
        return
    zone, years = ZoneInfo(context.shop.timezone), 1
    while anniversary(first_at, years, zone) <= context.now:
        years += 1
    reason = Reason.of(ReasonCode.MILESTONE_ANNIVERSARY, n=years, date=first_at)
    due_at = anniversary(first_at, years, zone)
    yield _schedule(Milestone("anniversary", years), due_at, reason, context, settings)


def _schedule(
    milestone: Milestone,
    due_at: datetime,
    reason: Reason,
    context: Context,
    settings: MilestoneCouponSettings,
) -> Schedule:
    shop = context.shop
    terms = settings.reward(shop.currency).terms(milestone, due_at, ZoneInfo(shop.timezone))
    return Schedule(
        kind=ActionKind.COUPON_CREATE,
        dedupe_key=key_of(milestone, context),
        due_at=due_at,
        useful_until=due_at + USEFUL_FOR,
        reason=reason,
        order_id=context.order.order_id,
        payload={**terms, "provisional": not shop.history_complete},
    )


def _withdraw_unwanted(context: Context, settings: MilestoneCouponSettings) -> Iterator[Decision]:
    """Coupons of this order that wait for a milestone which is no longer rewarded."""
    wanted = {milestone.key for milestone in settings.milestones(context.shop.currency)}
    for row in waiting_coupons(context):
        milestone = milestone_of(str(row.payload["milestone_key"]))
        yearly = milestone.family == "anniversary"
        is_wanted = settings.anniversaries if yearly else milestone.key in wanted
        if row.order_id == context.order.order_id and not is_wanted:
            yield Cancel(row.dedupe_key, Reason.of(ReasonCode.SETTINGS_CHANGED))


# taking back


def _take_back(context: Context, purchases: Purchases) -> Iterator[Decision]:
    """The order does not count (any more): what it earned is withdrawn or made void.

    An anniversary belongs to the customer, not to the order on which it was planned, and stays
    as long as there is any order that counts.
    """
    order_id, lost = context.order.order_id, Reason.of(ReasonCode.MILESTONE_LOST)

    def is_kept(milestone_key: object) -> bool:
        return milestone_of(str(milestone_key)).family == "anniversary" and purchases.orders > 0

    for row in context.customer.actions:
        if row.order_id != order_id or row.kind not in _HANDS_OUT or row.state not in _UNDECIDED:
            continue
        if is_kept(row.payload["milestone_key"]):
            continue
        if row.state is ActionState.PERFORMING:  # made void as soon as it is done
            yield Cancel(row.dedupe_key, lost)
        else:
            yield Decline(row.kind, row.dedupe_key, lost, order_id)
    for coupon in context.coupons:
        if coupon.order_id != order_id or is_kept(coupon.milestone_key):
            continue
        key = f"coupon-void:{coupon.code}"
        if coupon.state == "used":
            used = Reason.of(ReasonCode.COUPON_USED)
            yield Decline(ActionKind.COUPON_VOID, key, used, order_id)
        elif coupon.state == "issued":
            yield Schedule(
                kind=ActionKind.COUPON_VOID,
                dedupe_key=key,
                due_at=context.now,
                useful_until=context.now + _VOID_FOR,
                reason=lost,
                order_id=order_id,
                payload={"code": coupon.code},
            )
