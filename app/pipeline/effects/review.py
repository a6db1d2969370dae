"""Publishing a review in the store: found again by our reference, or by product, mail and text."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from app.db.leases import acquire, release
from app.db.reviews import ReviewRow
from app.db.tenant import ShopData
from app.domain.errors import Bug, MerchantMustFix
from app.domain.ids import ReviewId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.effects.base import Outcome, Unknowable, Work
from app.pipeline.failures import Busy
from app.platforms.base import RATING_NOT_OURS, RatingTotals, ReviewSpec, ReviewsPort

_SUM_LEASE = timedelta(seconds=60)  # longer than reading and writing a sum with their time-outs


class ReviewPublish:
    """Publishes one review; where the platform shows a sum of stars, that too."""

    repeatable = True  # published under our reference: a repeat updates it

    def lookup(self, work: Work) -> Outcome | Unknowable | None:
        """The store is asked for it; totals are written again, which is harmless.

        What it finds of a review that was published before may be the earlier revision. Publishing
        a revision once more changes nothing, so that is not asked.
        """
        review, spec, port = _parts(work)
        if review.published_revision:
            return None
        ref = port.find(spec)
        return self._done(work, port, review, ref) if ref else None

    def execute(self, work: Work) -> Outcome:
        """Publish the present revision."""
        review, spec, port = _parts(work)
        return self._done(work, port, review, port.publish(spec))

    def _done(self, work: Work, port: ReviewsPort, review: ReviewRow, ref: str) -> Outcome:
        if port.shows_totals:
            with _sum_held(work, review):
                _publish_totals(work, port, review)

        def note(data: ShopData) -> None:
            data.reviews.published(review.id, review.revision, ref)
            if port.shows_totals:
                _mended(data, review, work.now)
                release(data.uow, _lease_name(work, review), _holder(work))

        return Outcome(Reason.of(ReasonCode.PUBLISHED, stars=review.rating), note)


@contextmanager
def _sum_held(work: Work, review: ReviewRow) -> Iterator[None]:
    """Two reviews of one product are added up one after the other, or the first would not count.

    Held until the action's end is written; a worker that dies leaves a lease that runs out.
    """
    name, now = _lease_name(work, review), work.rt.wall.now()
    with work.rt.db.write() as uow:
        if not acquire(uow, name, _holder(work), now, now + _SUM_LEASE):
            raise Busy("another review of the product is being added up", timedelta(seconds=2))
    try:
        yield
    except Exception:
        with work.rt.db.write() as uow:
            release(uow, name, _holder(work))
        raise


def _lease_name(work: Work, review: ReviewRow) -> str:
    return f"rating:{work.shop.id}:{review.product_id}"


def _holder(work: Work) -> str:
    return f"action:{work.action.id}"


def _mended(data: ShopData, review: ReviewRow, now: datetime) -> None:
    """The sum of this product could be written: whatever was in the way is gone."""
    for problem in data.problems.all_open():
        if problem.key == RATING_NOT_OURS and problem.params.get("product_id") == review.product_id:
            data.problems.resolve(problem.key, now)
            if data.actions.unblock(problem.key):
                data.uow.after_commit("perform", data.shop_id)


def _publish_totals(work: Work, port: ReviewsPort, review: ReviewRow) -> None:
    """The sum over what is published, with this one as it is now."""
    with work.rt.db.read() as uow:
        count, total = ShopData(uow, work.shop.id).reviews.totals(review.product_id)
    before = RatingTotals(review.product_id, count, total)
    if review.published_revision == 0:
        count, total = count + 1, total + review.rating
    port.publish_totals(RatingTotals(review.product_id, count, total), before)


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
        # Not our row's id: a restored backup gives those of the lost days to others.
        review_ref=f"{work.shop.public_ref}-{review.order_id}-{review.product_id}".lower(),
        product_id=review.product_id,
        rating=review.rating,
        text=words.text,
        author=words.author,
        email=(work.the_order.person.email or "").strip(),
        created_at=review.created_at,
        published_as=review.platform_ref,
    )
    return review, spec, port
