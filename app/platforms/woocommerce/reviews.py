"""Product reviews of one store."""

import html
import re
from typing import Any

from app.domain.errors import Refused
from app.domain.ids import PlatformId
from app.platforms.base import Fetched, RatingTotals, ReviewSpec
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.info import setting
from app.platforms.woocommerce.markup import as_markup
from app.platforms.woocommerce.topics import FETCHED_REVIEW

_TAG = re.compile(r"<[^>]*>")
_FIELDS = "id,date_created_gmt,product_id,status,reviewer_email,rating"
_DUPLICATE = "woocommerce_rest_comment_duplicate"


class Reviews:
    """ReviewsPort of WooCommerce. A review there has no room for our id: author and text tell."""

    shows_totals = False  # WooCommerce adds up ratings itself

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def fetch(self, review_id: PlatformId) -> Fetched | None:
        """A review as it stands, also one that waits for approval."""
        try:
            review = self._client.get(f"products/reviews/{review_id}", {"_fields": _FIELDS})
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        return Fetched(FETCHED_REVIEW, review_id, review.body, "")

    def find(self, spec: ReviewSpec) -> PlatformId | None:
        """The review by this author with this text, published or waiting for approval."""
        rows = self._client.get(
            "products/reviews",
            {
                "product": spec.product_id,
                "reviewer_email": spec.email,
                "status": "all",
                "context": "edit",  # the text as written, without paragraphs around it
                "per_page": "100",
                "_fields": "id,review",
            },
        ).rows()
        return next(
            (str(r["id"]) for r in rows if _words(r["review"]) == _text(spec).split()), None
        )

    def publish(self, spec: ReviewSpec) -> PlatformId:
        """Publish it, or the new text of an earlier one; the store itself marks buyers.

        Raises Refused("reviews_closed"), Refused("product_gone"), or Refused("review_withheld")
        if the store has the same text as spam.
        """
        self._check_open(spec.product_id)
        if spec.published_as and self._updated(spec.published_as, spec):
            return spec.published_as
        try:
            answer = self._client.post("products/reviews", _wanted(spec))
        except StoreRefusal as refusal:
            if refusal.code == _DUPLICATE:
                return self._found(spec)
            if refusal.status == 404:
                raise _product_gone() from refusal
            raise
        return str(answer.object()["id"])

    def _updated(self, ref: PlatformId, spec: ReviewSpec) -> bool:
        """Whether the earlier review was there to be changed; the merchant may have deleted it."""
        try:
            self._client.post(f"products/reviews/{ref}", _wanted(spec))
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return False
            raise
        return True

    def publish_totals(self, totals: RatingTotals, before: RatingTotals) -> None:
        """Nothing to do: the store's own average follows from its reviews."""

    def _check_open(self, product_id: PlatformId) -> None:
        """The API takes reviews for products that show none; the store's own form does not."""
        try:
            product = self._client.get(
                f"products/{product_id}", {"_fields": "id,status,reviews_allowed"}
            ).object()
        except StoreRefusal as refusal:
            if refusal.status == 404:
                raise _product_gone() from refusal
            raise
        if product.get("status") != "publish":
            raise _product_gone()
        store_wide = setting(self._client, "products", "woocommerce_enable_reviews")
        if not product.get("reviews_allowed", True) or store_wide == "no":
            raise Refused("reviews_closed", "The store takes no reviews of this product.")

    def _found(self, spec: ReviewSpec) -> PlatformId:
        known = self.find(spec)
        if known is None:
            raise Refused("review_withheld", "The store has this text already, but as spam.")
        return known


def _wanted(spec: ReviewSpec) -> dict[str, Any]:
    return {
        "product_id": int(spec.product_id),
        "review": as_markup(_text(spec)),
        "reviewer": as_markup(spec.author),
        "reviewer_email": spec.email,
        "rating": spec.rating,
        "status": "approved",
    }


def _text(spec: ReviewSpec) -> str:
    """The words; where there are none, the stars themselves: the store refuses an empty text."""
    return spec.text.strip() or "★" * spec.rating + "☆" * (5 - spec.rating)


def _product_gone() -> Refused:
    return Refused("product_gone", "The product is no longer in the store.")


def _words(text: str) -> list[str]:
    """Text without markup and spacing: the store wraps paragraphs."""
    return html.unescape(_TAG.sub(" ", text)).split()
