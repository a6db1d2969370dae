"""What is written into a store: coupons and reviews."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.platforms.base.reading import Fetched

COUPON_REFERENCE = "afterglow-"
"""What every reference of a coupon of ours begins with."""


@dataclass(frozen=True, slots=True)
class CouponSpec:
    """A single-use code bound to one customer."""

    code: str
    title: str
    email: str
    customer_id: PlatformId | None
    percent: int | None  # either percent …
    amount: Money | None  # … or amount
    minimum: Money | None
    expires_at: datetime
    exclude_sale_items: bool
    reference: str  # our own id, written where the platform has room for it; "": any of ours

    def means(self, reference: str) -> bool:
        """Whether a coupon that bears this reference is the one."""
        wanted = self.reference
        return reference == wanted if wanted else reference.startswith(COUPON_REFERENCE)


@dataclass(frozen=True, slots=True)
class RemoteCoupon:
    """A coupon as the store has it."""

    ref: PlatformId
    code: str
    active: bool
    used: int
    ours: bool  # carries our reference, or matches the spec's bounds


@dataclass(frozen=True, slots=True)
class ReviewSpec:
    """A review to publish. `review_ref` is our stable id, used to find it again."""

    review_ref: str
    product_id: PlatformId
    rating: int
    text: str
    author: str
    email: str
    created_at: datetime
    verified: bool = True
    published_as: PlatformId | None = None  # the store's id of an earlier revision: update that


RATING_NOT_OURS = "rating_not_ours"
"""The problem of a product whose rating another app writes."""


@dataclass(frozen=True, slots=True)
class RatingTotals:
    """All published reviews of one product that we know, for platforms that show a sum."""

    product_id: PlatformId
    count: int
    total: int  # sum of stars


class CouponsPort(Protocol):
    """Discount codes of one store."""

    def find(self, spec: CouponSpec) -> RemoteCoupon | None:
        """The coupon with the spec's code, if the store has one."""
        ...

    def create(self, spec: CouponSpec) -> RemoteCoupon:
        """Create it. Raises Refused("code_taken") if the code exists."""
        ...

    def void(self, ref: PlatformId) -> None:
        """Make it unusable; no error if it is gone already."""
        ...


class ReviewsPort(Protocol):
    """Reviews of one store's products."""

    shows_totals: bool  # whether publish_totals has to be called after each change

    def fetch(self, review_id: PlatformId) -> Fetched | None:
        """A review that was written in the store; None if it is gone or was never one."""
        ...

    def find(self, spec: ReviewSpec) -> PlatformId | None:
        """The published review, if the store has it already."""
        ...

    def publish(self, spec: ReviewSpec) -> PlatformId:
        """Publish or update it; returns the store's id."""
        ...

    def publish_totals(self, totals: RatingTotals, before: RatingTotals) -> None:
        """Write rating and count over what we wrote before; a repeat changes nothing. `before`:
        what should be shown now, as far as we know.

        Raises MerchantMustFix("rating_not_ours") if another app writes them.
        """
        ...
