"""Publishing a review in the store: found again by our reference, or by product, mail and text."""

from app.db.reviews import ReviewRow
from app.db.tenant import ShopData
from app.domain.errors import Bug, MerchantMustFix
from app.domain.ids import ReviewId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.effects.base import Outcome, Unknowable, Work
from app.platforms.base import RatingTotals, ReviewSpec, ReviewsPort


class ReviewPublish:
    """Publishes one review; where the platform shows a sum of stars, that too."""

    repeatable = True  # published under our reference: a repeat updates it

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """The store is asked for it; totals are written again, which is harmless."""
        review, spec, port = _parts(work)
        ref = port.find(spec)
        return self._done(work, port, review, ref) if ref else None

    def execute(self, work: Work) -> Outcome:
        """Publish the present revision."""
        review, spec, port = _parts(work)
        return self._done(work, port, review, port.publish(spec))

    def _done(self, work: Work, port: ReviewsPort, review: ReviewRow, ref: str) -> Outcome:
        totals = _publish_totals(work, port, review) if port.shows_totals else None

        def note(data: ShopData) -> None:
            data.reviews.published(review.id, review.revision, ref)
            if totals:
                state = {"count": totals.count, "total": totals.total}
                data.cursors.put(_totals_key(review), state, work.rt.wall.now())

        return Outcome(Reason.of(ReasonCode.PUBLISHED, stars=review.rating), note)


def _publish_totals(work: Work, port: ReviewsPort, review: ReviewRow) -> RatingTotals:
    """The sum over what is published, with this one as it is now.

    What we wrote last is remembered: any other value in the store is not ours to overwrite.
    """
    with work.rt.db.read() as uow:
        data = ShopData(uow, work.shop.id)
        count, total = data.reviews.totals(review.product_id)
        written = data.cursors.get(_totals_key(review))
    first = review.published_revision == 0
    now = RatingTotals(review.product_id, count + first, total + (review.rating if first else 0))
    before = RatingTotals(review.product_id, **written) if written else None
    port.publish_totals(now, before)
    return now


def _totals_key(review: ReviewRow) -> str:
    return f"rating:{review.product_id}"


def _parts(work: Work) -> tuple[ReviewRow, ReviewSpec, ReviewsPort]:
    port = work.rt.open_store(work.shop).reviews
    if port is None:
        raise MerchantMustFix("reviews_unsupported", "The platform has no reviews")
    with work.rt.db.read() as uow:
        reviews = ShopData(uow, work.shop.id).reviews
        review = reviews.get(ReviewId(int(work.action.payload["review_id"])))
        if review is None:
            raise Bug("the review of this action is not in our table")
        words = reviews.words(review)
    spec = ReviewSpec(
        review_ref=f"{work.shop.public_ref}-{review.id}".lower(),
        product_id=review.product_id,
        rating=review.rating,
        text=words.text,
        author=words.author,
        email=(work.the_order.person.email or "").strip(),
        created_at=review.created_at,
        published_as=review.platform_ref,
    )
    return review, spec, port
