"""What a batch reads and seldom writes: coupons, returns, reviews, messages, settings."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk, Shelf
from app.db.batch.orders import BatchOrders
from app.db.coupons import CouponRow, Coupons, coupon_from, is_carried
from app.db.messages import MessageRow, Messages
from app.db.models import coupons, messages, returns, reviews
from app.db.returns import ReturnRow, Returns
from app.db.reviews import Reviews
from app.db.settings import Settings, SettingsVersion
from app.domain.actions import ActionKind
from app.domain.ids import CustomerId, PlatformId, ReturnId
from app.domain.returns import ReturnLine

_COUPONS = select(coupons, is_carried().label("carried")).where(coupons.c.shop_id == SHOP)
_OWNED = _COUPONS.where(coupons.c.customer_id.in_(KEYS))
_GIVEN = _COUPONS.where(coupons.c.email_hash.in_(KEYS))
_RETURNED = select(returns.c.order_id).where(
    returns.c.shop_id == SHOP, returns.c.order_id.in_(KEYS)
)
_RETURNING = select(returns.c.customer_id).where(
    returns.c.shop_id == SHOP, returns.c.customer_id.in_(KEYS)
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
        if found and customer_id in self._orders.codes_changed.values():
            self._desk.settle()  # whether one is used follows from the codes of orders
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
    """Returns of one shop."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk, self._plain = desk, Returns(desk.plain)
        self.orders = desk.shelf(self._load_orders, bool)
        self._customers = desk.shelf_of_customers(self._load_customers, bool)

    def of_order(self, order_id: PlatformId) -> list[ReturnRow]:
        """All of one order, oldest first."""
        return self._plain.of_order(order_id) if self.orders[order_id] else []

    def concerning(self, order_id: PlatformId, customer_id: CustomerId | None) -> list[ReturnRow]:
        """All of the order or its customer, oldest first."""
        if self.orders[order_id] or (customer_id and self._customers[customer_id]):
            return self._plain.concerning(order_id, customer_id)
        return []

    def lines(self, ids: Collection[ReturnId]) -> Mapping[ReturnId, tuple[ReturnLine, ...]]:
        """The items of returns."""
        return self._plain.lines(ids)

    def _load_orders(self, ids: list[PlatformId]) -> Mapping[PlatformId, bool]:
        return {order_id: True for (order_id,) in self._desk.rows(_RETURNED, ids)}

    def _load_customers(self, ids: list[CustomerId]) -> Mapping[CustomerId, bool]:
        return {owner: True for (owner,) in self._desk.rows(_RETURNING, ids)}


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
