"""Milestones of a customer: what they are, and who has reached them.

An order counts once it is paid, unless it was cancelled, wholly refunded or a test. Orders paid
until the baseline's `as_of` are in the baseline's totals; only later ones are added to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from app.domain.ids import PlatformId

Family = Literal["orders", "spend", "anniversary"]

# An anniversary begins in the morning of the shop's day.
_MORNING = time(10)


@dataclass(frozen=True, slots=True)
class Milestone:
    """The nth order, an amount spent in all (minor units), or n years since the first order."""

    family: Family
    n: int
    currency: str = ""  # of amounts

    @property
    def key(self) -> str:
        """Stable name, stored with coupons: `orders:3`, `spend:EUR:20000`, `anniversary:1`."""
        parts = (self.family, self.currency, str(self.n))
        return ":".join(part for part in parts if part)


def milestone_of(key: str) -> Milestone:
    """The milestone with this key. Raises ValueError for anything else."""
    match key.split(":"):
        case ["orders" | "anniversary" as family, n]:
            return Milestone("orders" if family == "orders" else "anniversary", int(n))
        case ["spend", currency, n]:
            return Milestone("spend", int(n), currency)
        case _:
            raise ValueError(f"{key!r} names no milestone")


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that counts; `net` is what remained paid after refunds, in minor units."""

    order_id: PlatformId
    placed_at: datetime
    paid_at: datetime
    net: int


@dataclass(frozen=True, slots=True)
class Purchases:
    """All that count of one customer, on top of a baseline."""

    recorded: tuple[Purchase, ...]
    base_orders: int = 0
    base_spent: int = 0
    as_of: datetime | None = None
    base_first_at: datetime | None = None

    def get(self, order_id: PlatformId) -> Purchase | None:
        """The order, if it counts."""
        return next((p for p in self.recorded if p.order_id == order_id), None)

    @property
    def orders(self) -> int:
        """How many there are."""
        return self._total(self.recorded, self.base_orders, lambda _: 1)

    @property
    def spent(self) -> int:
        """How much they came to."""
        return self._total(self.recorded, self.base_spent, lambda p: p.net)

    @property
    def first_at(self) -> datetime | None:
        """When the first one was placed."""
        known = [p.placed_at for p in self.recorded]
        return min([*known, *([self.base_first_at] if self.base_first_at else [])], default=None)

    def until(self, purchase: Purchase) -> "Purchases":
        """As they stood when this one was paid."""
        earlier = tuple(
            p
            for p in self.recorded
            if (p.paid_at, p.order_id) <= (purchase.paid_at, purchase.order_id)
        )
        return Purchases(earlier, self.base_orders, self.base_spent, self.as_of, self.base_first_at)

    def without(self, purchase: Purchase) -> "Purchases":
        """As they would stand had this order not been placed."""
        rest = tuple(p for p in self.recorded if p.order_id != purchase.order_id)
        if self.as_of and purchase.paid_at <= self.as_of:
            orders, spent = self.base_orders - 1, self.base_spent - purchase.net
            return Purchases(rest, orders, spent, self.as_of, self.base_first_at)
        return Purchases(rest, self.base_orders, self.base_spent, self.as_of, self.base_first_at)

    def reached(self, milestone: Milestone) -> bool:
        """Whether they are enough for a number of orders or an amount."""
        return (self.orders if milestone.family == "orders" else self.spent) >= milestone.n

    def _total(
        self, purchases: tuple[Purchase, ...], base: int, worth: Callable[[Purchase], int]
    ) -> int:
        inside = [p for p in purchases if self.as_of and p.paid_at <= self.as_of]
        outside = [p for p in purchases if not (self.as_of and p.paid_at <= self.as_of)]
        # A baseline that knows fewer than we do was taken too early or of one account only.
        return max(base, sum(map(worth, inside))) + sum(map(worth, outside))


def anniversary(first_at: datetime, years: int, zone: ZoneInfo) -> datetime:
    """The morning, by the shop's calendar, n years after the first order.

    29 February is kept on 28 February in years without it.
    """
    day = first_at.astimezone(zone).date()
    try:
        day = day.replace(year=day.year + years)
    except ValueError:
        day = day.replace(year=day.year + years, day=28)
    return datetime.combine(day, _MORNING, zone).astimezone(first_at.tzinfo)
