"""Folding pictures of one order: each fact has its own version, older ones are ignored.

Deliveries come late, twice and in any order; whatever the order, the fold ends the same
(proved with hypothesis in tests/unit/domain/test_merging.py).
"""

from dataclasses import replace
from datetime import datetime

from app.domain.snapshots import (
    DeliverySnapshot,
    FulfilmentSnapshot,
    OrderSnapshot,
    ProductSnapshot,
    RefundSnapshot,
)


def merge_order(stored: OrderSnapshot | None, new: OrderSnapshot) -> OrderSnapshot:
    """The newer picture, keeping facts that only the older one knew (times, refunds' lines)."""
    new = _alone(new)
    if stored is None:
        return new
    newer, older = (stored, new) if is_older(new, stored) else (new, stored)
    return replace(
        newer,
        paid_at=_earlier(newer.paid_at, older.paid_at),  # counts only while it is paid
        delivered_at=_earlier(newer.delivered_at, older.delivered_at),
        arrival_watched=newer.arrival_watched or older.arrival_watched,
        fulfilments=_merge_fulfilments(older.fulfilments, newer.fulfilments),
        refunds=_merge_refunds(older.refunds, newer.refunds),
    )


def _alone(order: OrderSnapshot) -> OrderSnapshot:
    """A picture as if it were folded with itself, so that a repeat of it changes nothing.

    Parcels without a version of their own have that of the picture that shows them.
    """
    if not order.fulfilments and not order.refunds:
        return order
    parcels = [f if f.version else replace(f, version=order.version) for f in order.fulfilments]
    return replace(
        order,
        fulfilments=_merge_fulfilments((), tuple(parcels)),
        refunds=_merge_refunds((), order.refunds),
    )


def is_older(new: OrderSnapshot, stored: OrderSnapshot) -> bool:
    """Whether `new` shows the order at an earlier time than `stored` did."""
    return bool(new.version and stored.version and new.version < stored.version)


def merge_product(stored: ProductSnapshot | None, new: ProductSnapshot) -> ProductSnapshot:
    """The new picture; where it is partial, what was read earlier stays in its gaps."""
    if stored is None or not new.partial:
        return new
    return replace(
        new,
        categories=new.categories or stored.categories,
        regular_prices=new.regular_prices or stored.regular_prices,
    )


def merge_fulfilment(order: OrderSnapshot, new: FulfilmentSnapshot) -> OrderSnapshot:
    """The order with one parcel added or brought up to date."""
    return replace(order, fulfilments=_merge_fulfilments(order.fulfilments, (new,)))


def merge_refund(order: OrderSnapshot, new: RefundSnapshot) -> OrderSnapshot:
    """The order with one refund added or completed."""
    return replace(order, refunds=_merge_refunds(order.refunds, (new,)))


def merge_delivery(order: OrderSnapshot, new: DeliverySnapshot) -> OrderSnapshot | None:
    """The order with a parcel's arrival; None if the parcel is not known yet (refresh)."""
    parcel = next((f for f in order.fulfilments if f.fulfilment_id == new.fulfilment_id), None)
    if parcel is None:
        return None
    arrived = replace(parcel, delivered_at=_earlier(parcel.delivered_at, new.delivered_at))
    return replace(order, fulfilments=_merge_fulfilments(order.fulfilments, (arrived,)))


def lacks_facts(order: OrderSnapshot) -> bool:
    """Whether the platform knows something that the picture does not tell: worth a refresh."""
    return not order.draft and (
        order.partial
        or (order.paid and order.paid_at is None)
        or any(r.lines is None or r.created_at is None for r in order.refunds)
    )


def _merge_fulfilments(
    older: tuple[FulfilmentSnapshot, ...], newer: tuple[FulfilmentSnapshot, ...]
) -> tuple[FulfilmentSnapshot, ...]:
    merged = {f.fulfilment_id: f for f in older}
    for parcel in newer:
        known = merged.get(parcel.fulfilment_id)
        merged[parcel.fulfilment_id] = _newer_parcel(known, parcel) if known else parcel
    return tuple(sorted(merged.values(), key=lambda f: (f.created_at, f.fulfilment_id)))


def _newer_parcel(known: FulfilmentSnapshot, new: FulfilmentSnapshot) -> FulfilmentSnapshot:
    stale = known.version and new.version and new.version < known.version
    winner, loser = (known, new) if stale else (new, known)
    return replace(winner, delivered_at=_earlier(winner.delivered_at, loser.delivered_at))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Bodies that do not tell the time of arrival give a time by which it had happened."""
    return min(one, other) if one and other else one or other


def _merge_refunds(
    older: tuple[RefundSnapshot, ...], newer: tuple[RefundSnapshot, ...]
) -> tuple[RefundSnapshot, ...]:
    merged = {r.refund_id: r for r in older}
    for refund in newer:
        known = merged.get(refund.refund_id)
        merged[refund.refund_id] = (
            replace(
                refund,
                created_at=refund.created_at or known.created_at,
                lines=refund.lines if refund.lines is not None else known.lines,
            )
            if known
            else refund
        )
    return tuple(sorted(merged.values(), key=_refund_order))


def _refund_order(refund: RefundSnapshot) -> tuple[bool, datetime | None, str]:
    return (refund.created_at is None, refund.created_at, refund.refund_id)
