"""What a batch reads and seldom writes: coupons, returns, reviews, messages, settings."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk, Shelf
from app.db.batch.orders import BatchOrders
from app.db.coupons import CouponRow, Coupons, coupon_from, is_carried
from app.db.messages import MessageRow, Messages
from app.db.models import coupons, messages, return_lines, returns, reviews
from app.db.returns import ReturnRow, Returns, return_from, return_line_from
from app.db.reviews import Reviews
from app.db.settings import Settings, SettingsVersion
from app.domain.actions import ActionKind
from app.domain.ids import CustomerId, PlatformId, ReturnId
from app.domain.returns import ReturnLine

_COUPONS = select(coupons, is_carried().label("carried")).where(coupons.c.shop_id == SHOP)
_OWNED = _COUPONS.where(coupons.c.customer_id.in_(KEYS))
_GIVEN = _COUPONS.where(coupons.c.email_hash.in_(KEYS))
_RETURNED = select(returns).where(returns.c.shop_id == SHOP, returns.c.order_id.in_(KEYS))
_RETURNING = select(returns).where(returns.c.shop_id == SHOP, returns.c.customer_id.in_(KEYS))
_RETURN_LINES = (
    select(return_lines, returns.c.currency)
    .join(returns, returns.c.id == return_lines.c.return_id)
    .where(return_lines.c.shop_id == SHOP, return_lines.c.return_id.in_(KEYS))
)
_REVIEWED = select(reviews.c.customer_id, reviews.c.product_id).where(
    reviews.c.shop_id == SHOP, reviews.c.customer_id.in_(KEYS)
)
_MARKETING = select(messages.c.customer_id, messages.c.kind, messages.c.at).where(
    messages.c.shop_id == SHOP,
    messages.c.customer_id.in_(KEYS),
    messages.c.marketing.is_(True),
    messages.c.state != "refused",
)


class BatchCoupons(Coupons):
    """Coupons of one shop: interpreting only reads them."""

    def __init__(self, scope: Scope, desk: Desk, orders: BatchOrders) -> None:
        super().__init__(scope)
        self._desk, self._orders = desk, orders
        self._owned: Shelf[CustomerId, list[CouponRow]] = desk.shelf_of_customers(
            self._load_owned, list
        )
        self.given: Shelf[str, list[CouponRow]] = desk.shelf(self._load_given, list)

    def of_customer(self, customer_id: CustomerId, email_hashes: list[str]) -> list[CouponRow]:
        """All coupons of a customer, also those given to the same address as a guest."""
        self.given.fetch(email_hashes)
        found = [*self._owned[customer_id], *(c for h in email_hashes for c in self.given[h])]
        changed = self._orders.carriers_changed
        if not changed.isdisjoint(coupon.customer_id for coupon in found):
            changed.clear()  # whether one is used follows from the codes of orders
            self._desk.flush()
            for shelf in (self._owned, self.given):
                shelf.fetch_anew()
            return self.of_customer(customer_id, email_hashes)
        return sorted({coupon.id: coupon for coupon in found}.values(), key=lambda c: c.id)

    def _load_owned(self, ids: list[CustomerId]) -> Mapping[CustomerId, list[CouponRow]]:
        found: dict[CustomerId, list[CouponRow]] = {}
        for row in self._desk.rows(_OWNED, ids):
            found.setdefault(row.customer_id, []).append(coupon_from(row, used=row.carried))
        return found

    def _load_given(self, hashes: list[str]) -> Mapping[str, list[CouponRow]]:
        found: dict[str, list[CouponRow]] = {}
        for row in self._desk.rows(_GIVEN, hashes):
            found.setdefault(row.email_hash, []).append(coupon_from(row, used=row.carried))
        return found


class BatchReturns(Returns):
    """Returns of one shop. Whoever writes them goes to the database by himself."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self.orders: Shelf[PlatformId, list[ReturnRow]] = desk.shelf(self._load_orders, list)
        self._customers: Shelf[CustomerId, list[ReturnRow]] = desk.shelf_of_customers(
            self._load_customers, list
        )
        self._items: Shelf[ReturnId, tuple[ReturnLine, ...]] = desk.shelf(self._load_lines, tuple)

    def of_order(self, order_id: PlatformId) -> list[ReturnRow]:
        """All of one order, oldest first."""
        return self.orders[order_id]

    def concerning(self, order_id: PlatformId, customer_id: CustomerId | None) -> list[ReturnRow]:
        """All of the order or its customer, oldest first."""
        found = {row.id: row for row in self.orders[order_id]}
        if customer_id:
            found |= {row.id: row for row in self._customers[customer_id]}
        return [found[row_id] for row_id in sorted(found)]

    def lines(self, ids: Collection[ReturnId]) -> Mapping[ReturnId, tuple[ReturnLine, ...]]:
        """The items of returns."""
        self._items.fetch(ids)
        return {row_id: self._items[row_id] for row_id in ids}

    def _load_orders(self, ids: list[PlatformId]) -> Mapping[PlatformId, list[ReturnRow]]:
        return self._by(_RETURNED, ids, lambda row: row.order_id)

    def _load_customers(self, ids: list[CustomerId]) -> Mapping[CustomerId, list[ReturnRow]]:
        return self._by(_RETURNING, ids, lambda row: row.customer_id)

    def _by(
        self, query: Select[Any], ids: list[Any], key: Callable[[ReturnRow], Any]
    ) -> Mapping[Any, list[ReturnRow]]:
        """With their items, of which somebody is going to ask."""
        rows = sorted((return_from(row) for row in self._desk.rows(query, ids)), key=_id)
        self._items.fetch(row.id for row in rows)
        found: dict[Any, list[ReturnRow]] = {}
        for row in rows:
            found.setdefault(key(row), []).append(row)
        return found

    def _load_lines(self, ids: list[ReturnId]) -> Mapping[ReturnId, tuple[ReturnLine, ...]]:
        found: dict[ReturnId, tuple[ReturnLine, ...]] = {}
        for row in sorted(self._desk.rows(_RETURN_LINES, ids), key=_id):
            found[row.return_id] = (*found.get(row.return_id, ()), return_line_from(row))
        return found


def _id(row: Any) -> int:
    """Sorted by us, where SQLite would rather go through all of a shop's rows."""
    return int(row.id)


class BatchReviews(Reviews):
    """Reviews of one shop."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self._products: Shelf[CustomerId, frozenset[PlatformId]] = desk.shelf_of_customers(
            self._load, frozenset
        )

    def products_reviewed_by(self, customer_id: CustomerId) -> frozenset[PlatformId]:
        """What a customer has reviewed already."""
        return self._products[customer_id]

    def _load(self, ids: list[CustomerId]) -> Mapping[CustomerId, frozenset[PlatformId]]:
        found: dict[CustomerId, frozenset[PlatformId]] = {}
        for owner, product_id in self._desk.rows(_REVIEWED, ids):
            found[owner] = found.get(owner, frozenset()) | {product_id}
        return found


class BatchMessages(Messages):
    """Messages of one shop: interpreting only reads them."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self._marketing: Shelf[CustomerId, list[MessageRow]] = desk.shelf_of_customers(
            self._load, list
        )

    def marketing_to(self, customer_id: CustomerId, since: datetime) -> list[MessageRow]:
        """What was or may have been sent to a customer since a business time."""
        recent = (message for message in self._marketing[customer_id] if message.at >= since)
        return sorted(recent, key=lambda message: message.at)

    def _load(self, ids: list[CustomerId]) -> Mapping[CustomerId, list[MessageRow]]:
        found: dict[CustomerId, list[MessageRow]] = {}
        for owner, kind, at in self._desk.rows(_MARKETING, ids):
            found.setdefault(owner, []).append(MessageRow(ActionKind(kind), at))
        return found


class BatchSettings(Settings):
    """Settings of one shop."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._plain = Settings(desk.plain)
        self._current: Shelf[str, SettingsVersion | None] = desk.shelf(self._load, lambda: None)

    def current(self, automation: str) -> SettingsVersion | None:
        """The newest version; None if never touched (off, with defaults)."""
        return self._current[automation]

    def _load(self, automations: list[str]) -> Mapping[str, SettingsVersion | None]:
        return {key: self._plain.current(key) for key in automations}
