"""How much of an order can still come back."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.refunds import refunded_quantities
from app.domain.returns import CLAIMED_RETURNS, PastReturn, ReturnState
from app.domain.snapshots import Line, OrderSnapshot

# Goods of these are with the merchant; the refund that names the same pieces is theirs.
_BACK = frozenset({ReturnState.RECEIVED, ReturnState.REFUNDED, ReturnState.CLOSED})

_TAKES_MONEY = (
    ReturnState.REFUNDED,
    ReturnState.CLOSED,
    ReturnState.RECEIVED,
    ReturnState.APPROVED,
    ReturnState.HELD,
    ReturnState.REQUESTED,
)
_SKEW = timedelta(minutes=1)  # by which a store's clock may be behind ours


def quantities_left(
    order: OrderSnapshot, returns: Iterable[PastReturn]
) -> Mapping[PlatformId, int]:
    """What is left of each line: bought − refunded − in open or claimed returns.

    A refund and the return that it settles name the same pieces and count once.
    """
    refunded = refunded_quantities(order)
    back: Counter[PlatformId] = Counter()
    coming: Counter[PlatformId] = Counter()
    for past in returns:
        if past.order_id != order.order_id or past.state not in CLAIMED_RETURNS:
            continue
        claimed = back if past.state in _BACK else coming
        for item in past.items:
            claimed[item.line_id] += item.quantity
    return {
        line.line_id: max(
            0,
            line.quantity
            - max(refunded.get(line.line_id, 0), back[line.line_id])
            - coming[line.line_id],
        )
        for line in order.lines
    }


def quantities_given_back(
    order: OrderSnapshot, returns: Iterable[PastReturn]
) -> Mapping[PlatformId, int]:
    """What the customer surely has no more: refunded, in the store or as a return of ours."""
    back: Counter[PlatformId] = Counter()
    for past in returns:
        if past.order_id == order.order_id and past.state is ReturnState.REFUNDED:
            for item in past.items:
                back[item.line_id] += item.quantity
    return back | Counter(refunded_quantities(order))  # the greater of both: they name the same


def paid_back(order: OrderSnapshot, returns: Iterable[PastReturn]) -> frozenset[str]:
    """Open returns of the order whose pieces have all been paid back since they were asked for.

    Each refunded piece counts for one return: first for those that ended, then for those whose
    goods are with the merchant or on their way, the older before the younger.
    """
    pools = [(refund.created_at, Counter(refund.lines or {})) for refund in order.refunds]
    paid = set()
    own = [r for r in returns if r.order_id == order.order_id and r.state in _TAKES_MONEY]
    for past in sorted(own, key=lambda r: (_TAKES_MONEY.index(r.state), r.requested_at)):
        since = past.requested_at - _SKEW
        theirs = [pool for at, pool in pools if at is None or at >= since]
        wanted: Counter[PlatformId] = Counter()
        for item in past.items:
            wanted[item.line_id] += item.quantity
        enough = wanted <= sum(theirs, Counter())
        if past.open and not (wanted and enough):
            continue
        for pool in theirs:
            taken = wanted & pool
            pool.subtract(taken)
            wanted -= taken
        if past.open:
            paid.add(past.name)
    return frozenset(paid)


def value_of(line: Line, quantity: int) -> Money:
    """What was paid for some of a line."""
    if not line.quantity:
        return Money.zero(line.total.currency)
    paid = line.total.minor * quantity
    return Money((2 * paid + line.quantity) // (2 * line.quantity), line.total.currency)
