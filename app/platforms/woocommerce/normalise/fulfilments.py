"""Core's own parcels (WooCommerce 10.1 and later, where fulfilments are switched on)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.snapshots import FulfilmentSnapshot
from app.platforms.woocommerce.bodies import Fulfilment, Order, moment, storable
from app.platforms.woocommerce.normalise.metas import values_of

STATUS_KEY = "_fulfillment_status"  # of the order; absent while it has no fulfilments


def core_parcels(
    order: Order, fulfilments: tuple[Fulfilment, ...], changed_at: datetime
) -> tuple[FulfilmentSnapshot, ...]:
    """What left.

    Older releases write the time in the store's zone and do not say so; read as UTC it is wrong by
    that zone's hours. Never later than the order's last change: a parcel that leaves is one.
    """
    parcels = []
    for each in fulfilments:
        metas = values_of(each.meta_data)
        left = moment(metas.get("_date_fulfilled")) or each.date_updated or changed_at
        if each.is_fulfilled:
            parcels.append(
                FulfilmentSnapshot(
                    fulfilment_id=f"core-{each.id}",
                    order_id=order.id,
                    created_at=min(left, changed_at),
                    cancelled=each.date_deleted is not None,
                    version=order.date_modified_gmt,
                    lines=_lines(metas.get("_items")),
                )
            )
    return tuple(parcels)


def _lines(items: Any) -> Mapping[str, int]:
    """Line id → quantity; what is no such list tells nothing."""
    rows = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return {
        str(storable(str(row["item_id"]))): int(row["qty"])
        for row in rows
        if isinstance(row.get("item_id"), int | str) and isinstance(row.get("qty"), int)
    }
