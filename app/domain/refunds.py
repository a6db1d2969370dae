"""What was given back of an order."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from app.domain.ids import PlatformId
from app.domain.snapshots import OrderSnapshot


def is_refunded_whole(order: OrderSnapshot) -> bool:
    """Whether all the money went back; an order that cost nothing cannot be refunded."""
    return 0 < order.total.minor <= sum(refund.amount.minor for refund in order.refunds)


def refunded_quantities(order: OrderSnapshot) -> Mapping[PlatformId, int]:
    """How many of each line were refunded; refunds whose lines are not known count for none."""
    total: Counter[PlatformId] = Counter()
    for refund in order.refunds:
        total.update(refund.lines or {})
    return total


def last_refund_at(order: OrderSnapshot) -> datetime | None:
    """When the last refund was made; None without refunds or while no time is known."""
    return max((r.created_at for r in order.refunds if r.created_at), default=None)
