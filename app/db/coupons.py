"""Milestone coupons: one per canonical customer (and per address) and milestone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, cast, func, select, update

from app.db.base import Repository
from app.db.models import coupons, orders
from app.domain.ids import CouponId, CustomerId, PlatformId


@dataclass(frozen=True, slots=True)
class CouponRow:
    """A coupon. `terms`: percent or amount, minimum, currency, expires_at (ISO)."""

    id: CouponId
    customer_id: CustomerId
    milestone_key: str
    code: str
    state: str
    order_id: PlatformId
    platform_ref: PlatformId | None
    terms: dict[str, Any]
    created_at: datetime


class Coupons(Repository):
    """Coupons of one shop."""

    def add(
        self,
        *,
        customer_id: CustomerId,
        email_hash: str,
        milestone_key: str,
        code: str,
        order_id: PlatformId,
        terms: dict[str, Any],
        now: datetime,
    ) -> bool:
        """Reserve a milestone and its code; False if the milestone was already rewarded."""
        result = self._connection.execute(
            self._insert(
                coupons,
                customer_id=customer_id,
                email_hash=email_hash,
                milestone_key=milestone_key,
                code=code,
                state="planned",
                order_id=order_id,
                terms=terms,
                created_at=now,
            ).on_conflict_do_nothing()
        )
        return bool(result.rowcount == 1)

    def by_code(self, code: str) -> CouponRow | None:
        """The coupon with this code."""
        row = self._connection.execute(
            select(coupons).where(self._mine(coupons), coupons.c.code == code)
        ).first()
        return coupon_from(row) if row else None

    def of_customer(self, customer_id: CustomerId, email_hashes: list[str]) -> list[CouponRow]:
        """All coupons of a customer, also those given to the same address as a guest."""
        addresses = (coupons.c.email_hash == each for each in email_hashes)
        query = select(coupons, is_carried().label("carried")).where(
            self._any_of(coupons, coupons.c.customer_id == customer_id, *addresses)
        )
        return [coupon_from(row, used=row.carried) for row in self._connection.execute(query)]

    def of_order(self, order_id: PlatformId) -> list[CouponRow]:
        """Coupons that an order earned."""
        query = select(coupons).where(self._mine(coupons), coupons.c.order_id == order_id)
        return [coupon_from(row) for row in self._connection.execute(query)]

    def change(self, coupon_id: CouponId, state: str, platform_ref: str | None = None) -> None:
        """Issued (with the store's id) or voided."""
        values: dict[str, Any] = {"state": state}
        if platform_ref is not None:
            values["platform_ref"] = platform_ref
        self._connection.execute(
            update(coupons).where(self._mine(coupons), coupons.c.id == coupon_id).values(**values)
        )


def is_carried() -> ColumnElement[bool]:
    """Whether an order of the same customer carries the coupon's code: then it is used."""
    return (
        select(orders.c.id)
        .where(
            orders.c.shop_id == coupons.c.shop_id,
            orders.c.customer_id == coupons.c.customer_id,
            orders.c.placed_at >= coupons.c.created_at,
            # stores write codes in either case; a code is random, so that nothing else has it
            func.lower(cast(orders.c.doc["coupon_codes"], Text)).contains(
                func.lower(coupons.c.code)
            ),
        )
        .correlate(coupons)
        .exists()
    )


def coupon_from(row: Row[Any], *, used: bool = False) -> CouponRow:
    """A row of the table; `used`: an order carries its code."""
    return CouponRow(
        row.id,
        row.customer_id,
        row.milestone_key,
        row.code,
        "used" if used and row.state == "issued" else row.state,
        row.order_id,
        row.platform_ref,
        row.terms,
        row.created_at,
    )
