"""Orders of a batch: read together, each written once in the end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Text, cast, select

from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk, Shelf
from app.db.codec import NOBODY, order_from_text
from app.db.models import orders
from app.db.orders import (
    HISTORY,
    HistoryRow,
    Orders,
    StoredOrder,
    counts,
    history_from,
    order_values,
    refunded_of,
)
from app.db.session import insert_into
from app.domain.ids import CustomerId, PlatformId
from app.domain.snapshots import OrderSnapshot

_MINE = orders.c.shop_id == SHOP
_ORDERS = select(
    orders.c.platform_id, cast(orders.c.doc, Text), orders.c.customer_id, orders.c.read_at,
    orders.c.person,
).where(_MINE, orders.c.platform_id.in_(KEYS))  # fmt: skip
_HISTORIES = select(*HISTORY, orders.c.customer_id, orders.c.id).where(
    _MINE, orders.c.customer_id.in_(KEYS)
)
_History = dict[PlatformId, HistoryRow]
_CHANGING = [c.name for c in orders.c if c.name not in ("id", "shop_id", "platform_id")]


@cache
def _upsert(dialect: str) -> Any:
    insert = insert_into(orders, dialect)
    kept = {name: insert.excluded[name] for name in _CHANGING}
    return insert.on_conflict_do_update(index_elements=["shop_id", "platform_id"], set_=kept)


class BatchOrders(Orders):
    """Orders of one shop, and each customer's history of them."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self.known: Shelf[PlatformId, StoredOrder | None] = desk.shelf(self._load, lambda: None)
        self.histories: Shelf[CustomerId, _History] = desk.shelf_of_customers(
            self._load_histories, dict
        )
        self._changed: dict[PlatformId, None] = {}
        # Whose orders carry other codes than when somebody read coupons last.
        self.carriers_changed: set[CustomerId | None] = set()
        desk.on_write(self._write)

    def get(self, order_id: PlatformId) -> StoredOrder | None:
        """One order, without its person."""
        return self.known[order_id]

    def save(
        self,
        order: OrderSnapshot,
        customer_id: CustomerId | None,
        sealed_person: bytes | None,
        read_at: datetime | None,
    ) -> None:
        """Remember the fold. A person once known is kept when a newer body tells none."""
        before = self.known[order.order_id]
        carried = (before.order.coupon_codes, before.customer_id) if before else ((), None)
        if (carried[0] or order.coupon_codes) and carried != (order.coupon_codes, customer_id):
            self.carriers_changed |= {carried[1], customer_id}
        if before:
            read_at = read_at or before.read_at
            sealed_person = sealed_person or before.sealed_person
            if before.customer_id and before.customer_id != customer_id:
                self.histories[before.customer_id].pop(order.order_id, None)
        if order.person != NOBODY:
            order = replace(order, person=NOBODY)
        self.known[order.order_id] = StoredOrder(order, customer_id, read_at, sealed_person)
        self._changed[order.order_id] = None
        if customer_id:
            self.histories[customer_id][order.order_id] = _history(order)

    def history(self, customer_id: CustomerId, newest: int | None = None) -> list[HistoryRow]:
        """All orders of a canonical customer, oldest first; or so many of the newest."""
        found = sorted(self.histories[customer_id].values(), key=lambda row: row.placed_at)
        return found[-newest:] if newest else found

    def _load(self, ids: list[PlatformId]) -> Mapping[PlatformId, StoredOrder | None]:
        return {
            row[0]: StoredOrder(order_from_text(row[1]), *row[2:])
            for row in self._desk.rows(_ORDERS, ids)
        }

    def _load_histories(self, ids: list[CustomerId]) -> Mapping[CustomerId, _History]:
        found: dict[CustomerId, _History] = {}
        rows = self._desk.rows(_HISTORIES, ids)
        for row in sorted(rows, key=lambda row: row.id):  # SQLite would rather go through all
            found.setdefault(row.customer_id, {})[row.platform_id] = history_from(row)
        return found

    def _write(self) -> None:
        rows = []
        for order_id in self._changed:
            stored = self.known[order_id]
            if stored is None:
                continue
            rows.append(
                {
                    "shop_id": self._shop_id,
                    "platform_id": order_id,
                    "read_at": stored.read_at,
                    "person": stored.sealed_person,
                    **order_values(stored.order, stored.customer_id),
                }
            )
        self._changed.clear()
        self._desk.write_all(_upsert, rows)


def _history(order: OrderSnapshot) -> HistoryRow:
    return HistoryRow(
        order.order_id,
        order.placed_at,
        order.paid_at,
        order.total,
        refunded_of(order),
        order.cancelled_at is not None,
        counts(order),
    )
