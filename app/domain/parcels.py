"""Where an order's parcels are."""

from datetime import datetime

from app.domain.refunds import refunded_quantities
from app.domain.snapshots import FulfilmentSnapshot, OrderSnapshot


def parcels_of(order: OrderSnapshot) -> list[FulfilmentSnapshot]:
    """The parcels that left, without withdrawn ones."""
    return [parcel for parcel in order.fulfilments if not parcel.cancelled]


def last_arrival(order: OrderSnapshot) -> datetime | None:
    """When the last of the arrivals known so far was."""
    parcels = (parcel.delivered_at for parcel in parcels_of(order))
    return max((at for at in (order.delivered_at, *parcels) if at), default=None)


def is_all_delivered(order: OrderSnapshot) -> bool:
    """Whether everything arrived: the order as such, or every parcel with none still to leave."""
    if order.delivered_at:
        return True
    parcels = parcels_of(order)
    if not parcels or not all(parcel.delivered_at for parcel in parcels):
        return False
    return order.fully_fulfilled or _all_lines_left(order, parcels)


def is_all_sent(order: OrderSnapshot) -> bool:
    """Whether nothing is left to send: the store says so, or every line left in some parcel."""
    if order.fully_fulfilled or order.completed_at or order.delivered_at:
        return True
    parcels = parcels_of(order)
    return bool(parcels) and _all_lines_left(order, parcels)


def _all_lines_left(order: OrderSnapshot, parcels: list[FulfilmentSnapshot]) -> bool:
    refunded = refunded_quantities(order)
    return all(
        sum(parcel.lines.get(line.line_id, 0) for parcel in parcels)
        >= line.quantity - refunded.get(line.line_id, 0)
        for line in order.lines
        if line.ships
    )
