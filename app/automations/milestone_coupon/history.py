"""What a customer has bought and been given, read from the context."""

from collections.abc import Iterator

from app.automations.base import Context, PastAction
from app.domain.actions import WAITING, ActionKind
from app.domain.milestones import Milestone, Purchase, Purchases


def purchases_of(context: Context) -> Purchases:
    """What counts, in the shop's currency; amounts in others count as orders only."""
    currency, baseline = context.shop.currency, context.customer.baseline
    recorded = tuple(
        Purchase(
            order.order_id,
            order.placed_at,
            order.paid_at,
            order.total.minor - order.refunded.minor if order.total.currency == currency else 0,
        )
        for order in context.customer.orders
        if order.paid_at and not (order.cancelled or order.fully_refunded or order.test)
    )
    if baseline is None:
        return Purchases(recorded)
    spent = baseline.spent.minor if baseline.spent.currency == currency else 0
    return Purchases(recorded, baseline.orders, spent, baseline.as_of, baseline.first_order_at)


def is_taken(milestone: Milestone, context: Context) -> bool:
    """Whether another order already brought this customer the milestone's coupon."""
    return any(
        coupon.milestone_key == milestone.key and coupon.order_id != context.order.order_id
        for coupon in context.coupons
    )


def key_of(milestone: Milestone, context: Context) -> str:
    """The dedupe key: one coupon per canonical customer and milestone."""
    return f"coupon:{context.customer.customer_id}:{milestone.key}"


def waiting_coupons(context: Context) -> Iterator[PastAction]:
    """Coupons of this customer that are still to be made."""
    for row in context.customer.actions:
        if row.kind is ActionKind.COUPON_CREATE and row.state in WAITING:
            yield row
