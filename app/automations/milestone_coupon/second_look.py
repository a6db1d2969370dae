"""Right before a coupon is made, mailed or made void: is it still right?"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from app.automations.base import Context, CouponView
from app.automations.guards import contact, may_hear
from app.automations.milestone_coupon.history import is_taken, purchases_of
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Defer, Proceed, Skip, Verdict
from app.domain.milestones import Milestone, Purchases, anniversary, milestone_of
from app.domain.reasons import Reason, ReasonCode
from app.domain.rewards import expiry

USEFUL_FOR = timedelta(days=14)  # congratulations that come later are odd
_LOOK_AGAIN = timedelta(hours=1)


def look_again(action: Action, context: Context) -> Verdict:
    """The verdict for each of the automation's kinds."""
    if action.kind is ActionKind.COUPON_VOID:
        return _void(action, context)
    if action.kind is ActionKind.COUPON_MAIL:
        return _mail(action, context)
    return _create(action, context)


def _create(action: Action, context: Context) -> Verdict:
    if not context.shop.history_complete:
        return Defer(context.now + _LOOK_AGAIN, Reason.of(ReasonCode.HISTORY_INCOMPLETE))
    milestone = milestone_of(str(action.payload["milestone_key"]))
    if is_taken(milestone, context):
        return Skip(Reason.of(ReasonCode.MILESTONE_TAKEN))
    standing = _standing(milestone, action, context) or may_hear(action.kind, context)
    if standing:
        return standing
    if action.attempt:  # an earlier try may have made it, with the terms as they stand
        return Proceed()
    zone = ZoneInfo(context.shop.timezone)
    expires_at = expiry(context.now, int(action.payload["valid_days"]), zone)
    return Proceed({**action.payload, "expires_at": expires_at.isoformat()})


def _mail(action: Action, context: Context) -> Verdict:
    coupon = _coupon(action, context)
    if coupon is None or coupon.state in ("voided", "expired"):
        return Skip(Reason.of(ReasonCode.MILESTONE_LOST))
    if coupon.state == "used":
        return Skip(Reason.of(ReasonCode.COUPON_USED))
    milestone = milestone_of(coupon.milestone_key)
    if not _is_reached(milestone, context, purchases_of(context)):
        return Skip(Reason.of(ReasonCode.MILESTONE_LOST))
    return contact(action, context)


def _void(action: Action, context: Context) -> Verdict:
    coupon = _coupon(action, context)
    if coupon and coupon.state == "used":
        return Skip(Reason.of(ReasonCode.COUPON_USED))
    return Proceed()


def _coupon(action: Action, context: Context) -> CouponView | None:
    code = action.payload.get("code")
    return next((coupon for coupon in context.coupons if coupon.code == code), None)


def _standing(milestone: Milestone, action: Action, context: Context) -> Skip | Defer | None:
    """What became of the milestone since it was planned; None if it stands."""
    purchases = purchases_of(context)
    if not _is_reached(milestone, context, purchases):
        return Skip(Reason.of(ReasonCode.MILESTONE_LOST))
    if milestone.family == "anniversary" and purchases.first_at:
        zone = ZoneInfo(context.shop.timezone)
        day = anniversary(purchases.first_at, milestone.n, zone)
        if day > context.now:  # the first order that we knew of was refunded meanwhile
            return Defer(day, action.reason)
        if day + USEFUL_FOR < context.now:
            return Skip(Reason.of(ReasonCode.MILESTONE_PASSED))
    elif action.payload.get("provisional") and _was_passed(milestone, context, purchases):
        return Skip(Reason.of(ReasonCode.MILESTONE_PASSED))
    return None


def _is_reached(milestone: Milestone, context: Context, purchases: Purchases) -> bool:
    if milestone.family == "anniversary":
        return purchases.orders > 0
    if purchases.get(context.order.order_id) is None:  # the order that earned it is lost
        return False
    return purchases.reached(milestone)


def _was_passed(milestone: Milestone, context: Context, purchases: Purchases) -> bool:
    """Whether earlier orders, unknown when this was planned, had reached it before."""
    purchase = purchases.get(context.order.order_id)
    return purchase is not None and purchases.until(purchase).without(purchase).reached(milestone)
