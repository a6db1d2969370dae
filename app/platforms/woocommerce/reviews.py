"""Product reviews of one store."""

import html
import re
from typing import Any

from app.domain.errors import Refused
from app.domain.ids import PlatformId
from app.platforms.base import RatingTotals, ReviewSpec
from app.platforms.woocommerce.client import StoreClient, StoreRefusal

_TAG = re.compile(r"<[^>]*>")
_DUPLICATE = "woocommerce_rest_comment_duplicate"


class Reviews:
    """ReviewsPort of WooCommerce. A review there has no room for our id: author and text tell."""

    shows_totals = False  # WooCommerce adds up ratings itself

    def __init__(self, client: StoreClient) -> None:
        self._client = client

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
        return next((str(r["id"]) for r in rows if _words(r["review"]) == _words(spec.text)), None)

    def publish(self, spec: ReviewSpec) -> PlatformId:
        """Publish it; the store itself marks buyers as verified.

        Raises Refused("reviews_closed"), Refused("product_gone"), or Refused("review_withheld")
        if the store has the same text as spam.
        """
        self._check_open(spec.product_id)
        try:
            answer = self._client.post("products/reviews", _wanted(spec))
        except StoreRefusal as refusal:
            if refusal.code == _DUPLICATE:
                return self._found(spec)
            if refusal.status == 404:
                raise _product_gone() from refusal
            raise
        return str(answer.object()["id"])

    def publish_totals(self, totals: RatingTotals, ours_before: RatingTotals | None) -> None:
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
        if not product.get("reviews_allowed", True) or not self._store_has_reviews():
            raise Refused("reviews_closed", "The store takes no reviews of this product.")

    def _store_has_reviews(self) -> bool:
        setting = self._client.get(
            "settings/products/woocommerce_enable_reviews", {"_fields": "id,value"}
        ).object()
        return bool(setting.get("value") != "no")

    def _found(self, spec: ReviewSpec) -> PlatformId:
        known = self.find(spec)
        if known is None:
            raise Refused("review_withheld", "The store has this text already, but as spam.")
        return known


def _wanted(spec: ReviewSpec) -> dict[str, Any]:
    return {
        "product_id": int(spec.product_id),
        "review": spec.text,
        "reviewer": spec.author,
        "reviewer_email": spec.email,
        "rating": spec.rating,
        "status": "approved",
    }


def _product_gone() -> Refused:
    return Refused("product_gone", "The product is no longer in the store.")


def _words(text: str) -> list[str]:
    """Text without markup and spacing: the store strips tags and wraps paragraphs."""
    return html.unescape(_TAG.sub(" ", html.unescape(text))).split()
