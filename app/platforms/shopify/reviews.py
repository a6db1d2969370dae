"""Reviews: one app-owned metaobject each, and the sum in the product's standard metafields."""

import json
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.domain.errors import BadPayload, MerchantMustFix, OperatorMustFix, Refused
from app.domain.ids import PlatformId
from app.platforms.base import RATING_NOT_OURS, Fetched, RatingTotals, ReviewSpec
from app.platforms.shopify.client import Client
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.ids import gid
from app.platforms.shopify.user_errors import codes_of, raise_for_user_errors

TYPE = "$app:review"  # declared in shopify/shopify.app.toml
_SCALE = {"scale_min": "1.0", "scale_max": "5.0"}
_DEFINED_ALREADY = frozenset({"TAKEN", "UNSTRUCTURED_ALREADY_EXISTS"})


class Reviews:
    """ReviewsPort on Shopify."""

    shows_totals = True

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self, review_id: PlatformId) -> Fetched | None:  # noqa: ARG002 - no such topic
        """Shopify has no reviews but those that apps write."""
        return None

    def find(self, spec: ReviewSpec) -> PlatformId | None:
        """The metaobject whose handle is our reference."""
        answer = self._client.query("review_by_handle", {"handle": _handle(spec)})
        found = answer.fields().node_or_none("metaobjectByHandle")
        return found.gid() if found else None

    def publish(self, spec: ReviewSpec) -> PlatformId:
        """Create or update it. Raises Refused("product_gone") if the product was deleted."""
        variables = {"handle": _handle(spec), "metaobject": {"fields": _fields(spec)}}
        payload = self._client.mutate("review_upsert", variables)
        if "UNDEFINED_OBJECT_TYPE" in codes_of(payload):
            raise OperatorMustFix(
                "The shop does not know our kind of review, so none can be published. Publish the "
                "app's configuration: shopify app deploy."
            )
        raise_for_user_errors(payload, "review_upsert", {"INVALID_VALUE": "product_gone"})
        return payload.node("metaobject").gid()

    def publish_totals(self, totals: RatingTotals, before: RatingTotals) -> None:
        """Write rating and count in one step, unless they are there already.

        With them goes a note in the namespace that only we can write, so that the store itself
        remembers what is ours: a worker that died or a backup put back forgets nothing. Where there
        is no note at all (written before there were notes, or gone with an uninstallation), what
        we would have written counts as ours.

        Raises MerchantMustFix("rating_not_ours") if the shop shows something that is neither the
        new sum nor what we noted: another app rates this product, and nothing is overwritten.
        """
        shown = self._shown(totals.product_id)
        if shown.shows(totals):
            return
        if not (shown.empty or shown.is_noted or (not shown.written and shown.shows(before))):
            raise MerchantMustFix(
                RATING_NOT_OURS,
                "Another app writes this product's rating. Ours is not shown, so that none is "
                "overwritten. Switch one of the two off for ratings.",
                product_id=totals.product_id,
            )
        if shown.empty:
            self._enable_definitions()
        self._write(totals, shown)

    def _shown(self, product_id: PlatformId) -> "_Rating":
        answer = self._client.query("product_rating", {"id": gid("Product", product_id)})
        product = answer.fields().node_or_none("product")
        if product is None:
            raise Refused("product_gone", "The product was deleted; it shows no rating.")
        return _Rating.read(product)

    def _enable_definitions(self) -> None:
        """Make the standard metafields visible to themes; enabled already is fine."""
        for key in ("rating", "rating_count"):
            variables = {"ownerType": "PRODUCT", "namespace": "reviews", "key": key}
            payload = self._client.mutate("rating_definition_enable", variables)
            if not _DEFINED_ALREADY.issuperset(codes_of(payload)):
                raise_for_user_errors(payload, "rating_definition_enable")

    def _write(self, totals: RatingTotals, shown: "_Rating") -> None:
        owner = {"ownerId": gid("Product", totals.product_id)}
        reviews = owner | {"namespace": "reviews"}
        fields: list[dict[str, Any]] = [
            reviews
            | {
                "key": "rating_count",
                "type": "number_integer",
                "value": str(totals.count),
                "compareDigest": shown.count_digest,
            },
            owner
            | {
                "key": "rating_written",
                "type": "json",
                "value": json.dumps({"count": totals.count, "total": totals.total}),
                "compareDigest": shown.written_digest,
            },
        ]
        if totals.count:  # without reviews there is no rating within the scale to write
            fields.append(
                reviews
                | {
                    "key": "rating",
                    "type": "rating",
                    "value": json.dumps({"value": str(_average(totals)), **_SCALE}),
                    "compareDigest": shown.rating_digest,
                }
            )
        payload = self._client.mutate("metafields_set", {"metafields": fields})
        raise_for_user_errors(payload, "metafields_set")


@dataclass(frozen=True, slots=True)
class _Rating:
    """What a product shows and what we noted that we wrote, with the digests that guard them
    against being overwritten.
    """

    count: int | None
    value: Decimal | None
    written: RatingTotals | None
    rating_digest: str | None
    count_digest: str | None
    written_digest: str | None

    @classmethod
    def read(cls, product: Fields) -> "_Rating":
        rating, count = product.node_or_none("rating"), product.node_or_none("ratingCount")
        written = product.node_or_none("written")
        return cls(
            count=int(count.text("value")) if count else None,
            value=_value_of(rating.text("value")) if rating else None,
            written=_noted(product.gid(), written.text("value")) if written else None,
            rating_digest=rating.text("compareDigest") if rating else None,
            count_digest=count.text("compareDigest") if count else None,
            written_digest=written.text("compareDigest") if written else None,
        )

    @property
    def empty(self) -> bool:
        return self.count is None and self.value is None

    @property
    def is_noted(self) -> bool:
        return self.written is not None and self.shows(self.written)

    def shows(self, totals: RatingTotals) -> bool:
        """Whether a reader sees these totals; without reviews a value left over does not count."""
        same_count = self.count == totals.count
        return same_count and (totals.count == 0 or self.value == _average(totals))


def _average(totals: RatingTotals) -> Decimal:
    """Mean stars with one decimal, as shops show them."""
    mean = Decimal(totals.total) / Decimal(totals.count)
    return mean.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _noted(product_id: PlatformId, text: str) -> RatingTotals:
    note = Fields.parse(text.encode())
    return RatingTotals(product_id, note.count("count"), note.count("total"))


def _value_of(text: str) -> Decimal:
    value = Fields.parse(text.encode()).text("value")
    try:
        return Decimal(value)
    except ArithmeticError as error:
        raise BadPayload("the product's rating is no number") from error


def _handle(spec: ReviewSpec) -> dict[str, str]:
    return {"type": TYPE, "handle": f"review-{spec.review_ref}".lower()}


def _fields(spec: ReviewSpec) -> list[dict[str, Any]]:
    """The customer's e-mail address stays here: themes may show these objects."""
    values = {
        "product": gid("Product", spec.product_id),
        "rating": json.dumps({"value": f"{spec.rating}.0", **_SCALE}),
        "body": spec.text,
        "author": spec.author,
        "verified_buyer": "true" if spec.verified else "false",
        "submitted_at": spec.created_at.isoformat(),
    }
    return [{"key": key, "value": value} for key, value in values.items()]
