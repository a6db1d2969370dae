"""Reviews sent through our form: one per order and product, with revisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update

from app.db.base import Repository
from app.db.models import reviews
from app.domain.ids import CustomerId, PlatformId, ReviewId


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review; text and author are opened with `Reviews.words`."""

    id: ReviewId
    order_id: PlatformId
    product_id: PlatformId
    customer_id: CustomerId | None
    rating: int
    sealed: bytes | None
    revision: int
    published_revision: int
    platform_ref: PlatformId | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewWords:
    """What the customer wrote, and as whom it is shown."""

    text: str
    author: str


class Reviews(Repository):
    """Reviews of one shop."""

    def seal(self, words: ReviewWords) -> bytes:
        """Encrypt the words; before the transaction."""
        return self._keyring.seal_json({"text": words.text, "author": words.author})

    def words(self, review: ReviewRow) -> ReviewWords:
        """What was written. Decrypts: not inside a write transaction."""
        if review.sealed is None:
            return ReviewWords("", "")
        return ReviewWords(**self._keyring.open_json(review.sealed))

    def save(
        self,
        *,
        order_id: PlatformId,
        product_id: PlatformId,
        customer_id: CustomerId | None,
        rating: int,
        sealed: bytes,
        now: datetime,
    ) -> ReviewRow:
        """Store a new review or the next revision of it."""
        self._connection.execute(
            self._insert(
                reviews,
                order_id=order_id,
                product_id=product_id,
                customer_id=customer_id,
                rating=rating,
                sealed=sealed,
                created_at=now,
                updated_at=now,
            ).on_conflict_do_update(
                index_elements=["shop_id", "order_id", "product_id"],
                set_={
                    "rating": rating,
                    "sealed": sealed,
                    "updated_at": now,
                    "revision": reviews.c.revision + 1,
                },
            )
        )
        (saved,) = [r for r in self.of_order(order_id) if r.product_id == product_id]
        return saved

    def get(self, review_id: ReviewId) -> ReviewRow | None:
        """One review."""
        row = self._connection.execute(
            select(reviews).where(self._mine(reviews), reviews.c.id == review_id)
        ).first()
        return _review(row) if row else None

    def of_order(self, order_id: PlatformId) -> list[ReviewRow]:
        """Reviews written for an order."""
        return self.of_orders([order_id])

    def of_orders(self, order_ids: Sequence[PlatformId]) -> list[ReviewRow]:
        """Reviews written for several orders."""
        query = select(reviews).where(self._mine(reviews), reviews.c.order_id.in_(order_ids))
        return [_review(row) for row in self._connection.execute(query)]

    def products_reviewed_by(self, customer_id: CustomerId) -> frozenset[PlatformId]:
        """What a customer has reviewed already."""
        query = select(reviews.c.product_id).where(
            self._mine(reviews), reviews.c.customer_id == customer_id
        )
        return frozenset(product for (product,) in self._connection.execute(query))

    def published(self, review_id: ReviewId, revision: int, platform_ref: str) -> None:
        """The store shows this revision now."""
        self._connection.execute(
            update(reviews)
            .where(self._mine(reviews), reviews.c.id == review_id)
            .values(published_revision=revision, platform_ref=platform_ref)
        )

    def totals(self, product_id: PlatformId) -> tuple[int, int]:
        """Number and sum of stars of a product's published reviews."""
        query = select(func.count(), func.coalesce(func.sum(reviews.c.rating), 0)).where(
            self._mine(reviews),
            reviews.c.product_id == product_id,
            reviews.c.published_revision > 0,
        )
        count, total = self._connection.execute(query).one()
        return count, int(total)

    def count(self) -> int:
        """All reviews of the shop."""
        return self._connection.execute(
            select(func.count()).select_from(reviews).where(self._mine(reviews))
        ).scalar_one()

    def recent(self, limit: int = 20) -> list[ReviewRow]:
        """Newest first."""
        query = select(reviews).where(self._mine(reviews)).order_by(reviews.c.id.desc())
        return [_review(row) for row in self._connection.execute(query.limit(limit))]


def _review(row: Row[Any]) -> ReviewRow:
    return ReviewRow(
        row.id,
        row.order_id,
        row.product_id,
        row.customer_id,
        row.rating,
        row.sealed,
        row.revision,
        row.published_revision,
        row.platform_ref,
        row.created_at,
        row.updated_at,
    )
