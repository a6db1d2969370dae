"""An order and a return as they were at an earlier time, as far as their own times tell.

What has no time of its own is taken as it is today: items, prices, status, whether the store
deleted the order. Refunds without a time are left out, because most come after the return.
"""

from dataclasses import replace
from datetime import datetime

from app.domain.returns import ReturnState
from app.domain.snapshots import FulfilmentSnapshot, OrderSnapshot


def rewound(order: OrderSnapshot, at: datetime) -> OrderSnapshot:
    """The order without what came after a time."""
    completed_at = _if_before(order.completed_at, at)
    parcels = tuple(_parcel(p, at) for p in order.fulfilments if p.created_at <= at)
    all_left = len(parcels) == len(order.fulfilments) and completed_at == order.completed_at
    return replace(
        order,
        fulfilments=parcels,
        fully_fulfilled=order.fully_fulfilled and all_left,
        refunds=tuple(r for r in order.refunds if r.created_at and r.created_at <= at),
        completed_at=completed_at,
        delivered_at=_if_before(order.delivered_at, at),
        cancelled_at=_if_before(order.cancelled_at, at),
        paid=order.paid and (order.paid_at is None or order.paid_at <= at),
    )


def state_at(
    at: datetime,
    state: ReturnState,
    decided_at: datetime | None,
    received_at: datetime | None,
    ended_at: datetime | None,
) -> ReturnState:
    """Where a return stood, from where it stands now and its times."""
    if decided_at and decided_at > at:
        return ReturnState.REQUESTED
    if ended_at and ended_at > at:
        return ReturnState.RECEIVED if received_at and received_at <= at else ReturnState.APPROVED
    if received_at and received_at > at and state is ReturnState.RECEIVED:
        return ReturnState.APPROVED
    return state


def _parcel(parcel: FulfilmentSnapshot, at: datetime) -> FulfilmentSnapshot:
    if parcel.delivered_at is None or parcel.delivered_at <= at:
        return parcel
    return replace(parcel, delivered_at=None)


def _if_before(moment: datetime | None, at: datetime) -> datetime | None:
    return moment if moment and moment <= at else None
