"""What the ports change, and how a repeat is made harmless, against the twin."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from shopify_twin import Twin, now

from app.domain.errors import Bug, MerchantMustFix, Refused, Retryable
from app.domain.money import Money
from app.platforms.base import CouponSpec, RatingTotals, ReviewSpec, Store

# Coupons


def coupon(**changes: Any) -> CouponSpec:
    spec = CouponSpec(
        code="THANKS-8H2K",
        title="Third order",
        email="jana@example.com",
        customer_id=None,
        percent=15,
        amount=None,
        minimum=None,
        expires_at=now() + timedelta(days=30),
        exclude_sale_items=False,
        reference="afterglow-42",
    )
    return replace(spec, **changes)


def coupons_of(store: Store) -> Any:
    assert store.coupons
    return store.coupons


def test_a_code_works_once_for_its_customer_only(twin: Twin, store: Store) -> None:
    customer_id = str(twin.order()["customer_id"])
    spec = coupon(customer_id=customer_id)
    created = coupons_of(store).create(spec)
    assert (created.active, created.used, created.ours) == (True, 0, True)
    assert coupons_of(store).find(spec) == created

    with pytest.raises(requests.HTTPError):
        twin.order("eve@example.com", discount_code=spec.code)
    twin.order(discount_code=spec.code)
    with pytest.raises(requests.HTTPError):
        twin.order(discount_code=spec.code)
    assert coupons_of(store).find(spec).used == 1


def test_a_guests_code_works_once_for_whoever_knows_it(twin: Twin, store: Store) -> None:
    spec = coupon()
    coupons_of(store).create(spec)
    twin.order("guest@example.com", discount_code=spec.code)
    with pytest.raises(requests.HTTPError):
        twin.order("guest@example.com", discount_code=spec.code)


def test_an_amount_with_a_minimum(twin: Twin, store: Store) -> None:
    spec = coupon(percent=None, amount=Money(1000, "EUR"), minimum=Money(5000, "EUR"))
    coupons_of(store).create(spec)
    with pytest.raises(requests.HTTPError):
        twin.order(discount_code=spec.code, items=[{"product": "olive-soap"}])
    assert twin.order(discount_code=spec.code)["discount"] == 1000


def test_a_code_that_exists_is_told_apart_by_our_reference(twin: Twin, store: Store) -> None:
    coupons_of(store).create(coupon())
    with pytest.raises(Refused) as told:
        coupons_of(store).create(coupon(reference="afterglow-43"))
    assert told.value.code == "code_taken"
    assert coupons_of(store).find(coupon()).ours
    assert not coupons_of(store).find(coupon(reference="afterglow-43")).ours
    assert coupons_of(store).find(coupon(code="NOBODY-HAS-IT")) is None


def test_a_voided_code_is_unusable_and_may_be_voided_again(twin: Twin, store: Store) -> None:
    created = coupons_of(store).create(coupon())
    coupons_of(store).void(created.ref)
    assert not coupons_of(store).find(coupon()).active
    with pytest.raises(requests.HTTPError):
        twin.order(discount_code=coupon().code)
    coupons_of(store).void(created.ref)
    coupons_of(store).void("1")  # deleted by the merchant


def test_a_code_for_a_customer_who_is_gone_is_refused(store: Store) -> None:
    with pytest.raises(Refused):
        coupons_of(store).create(coupon(customer_id="1"))


# Reviews


def review(product_id: str, **changes: Any) -> ReviewSpec:
    spec = ReviewSpec(
        review_ref="7f3c",
        product_id=product_id,
        rating=5,
        text="Warm and soft.\nBought twice.",
        author="Jana N.",
        email="jana@example.com",
        created_at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    )
    return replace(spec, **changes)


def reviews_of(store: Store) -> Any:
    assert store.reviews
    return store.reviews


def test_a_review_is_published_once_and_can_be_changed(twin: Twin, store: Store) -> None:
    spec = review(twin.product())
    assert reviews_of(store).find(spec) is None
    published = reviews_of(store).publish(spec)
    assert reviews_of(store).find(spec) == published
    assert reviews_of(store).publish(replace(spec, rating=4)) == published
    (stored,) = twin.see("metaobjects")
    assert stored["fields"]["body"] == spec.text
    assert json.loads(stored["fields"]["rating"])["value"] == "4.0"
    assert "jana@example.com" not in json.dumps(stored)


def test_a_review_of_a_product_that_is_gone(twin: Twin, store: Store) -> None:
    with pytest.raises(Refused) as told:
        reviews_of(store).publish(review("1"))
    assert told.value.code == "product_gone"
    with pytest.raises(Refused):
        reviews_of(store).publish_totals(RatingTotals("1", 1, 5), RatingTotals("1", 0, 0))


def shown(twin: Twin) -> tuple[str, str]:
    fields = {field["key"]: field["value"] for field in twin.see("metafields")}
    return json.loads(fields["rating"])["value"], fields["rating_count"]


def test_the_products_rating_follows_our_reviews(twin: Twin, store: Store) -> None:
    port, product_id = reviews_of(store), twin.product()
    nothing = RatingTotals(product_id, 0, 0)
    first, second = RatingTotals(product_id, 1, 5), RatingTotals(product_id, 3, 14)
    assert port.shows_totals
    port.publish_totals(first, nothing)
    assert shown(twin) == ("5.0", "1")
    port.publish_totals(first, nothing)  # a repeat after a lost answer
    port.publish_totals(second, first)
    assert shown(twin) == ("4.7", "3")
    port.publish_totals(second, first)
    port.publish_totals(nothing, second)
    assert shown(twin)[1] == "0"
    port.publish_totals(first, nothing)
    assert shown(twin) == ("5.0", "1")


def test_another_apps_rating_is_never_overwritten(twin: Twin, store: Store) -> None:
    port, product_id = reviews_of(store), twin.product()
    another_app_rates(port, product_id, "4.0", "40")
    refuses(port, RatingTotals(product_id, 1, 5))
    assert shown(twin) == ("4.0", "40")


def test_a_rating_that_another_app_took_over_is_left_to_it(twin: Twin, store: Store) -> None:
    port, product_id = reviews_of(store), twin.product()
    port.publish_totals(RatingTotals(product_id, 1, 5), RatingTotals(product_id, 0, 0))
    another_app_rates(port, product_id, "4.0", "40")
    refuses(port, RatingTotals(product_id, 2, 10))
    another_app_rates(port, product_id, "5.0", "3")
    third = RatingTotals(product_id, 3, 15)
    port.publish_totals(third, RatingTotals(product_id, 2, 10))  # the same as ours: shown already,
    refuses(port, RatingTotals(product_id, 4, 20), before=third)  # and yet written by it
    assert shown(twin) == ("5.0", "3")


def test_what_we_wrote_before_there_were_notes_is_ours(twin: Twin, store: Store) -> None:
    port, product_id = reviews_of(store), twin.product()
    another_app_rates(port, product_id, "4.5", "2")  # as our own former release did
    port.publish_totals(RatingTotals(product_id, 3, 14), RatingTotals(product_id, 2, 9))
    assert shown(twin) == ("4.7", "3")
    another_app_rates(port, product_id, "5.0", "4")  # from now on there is a note
    refuses(port, RatingTotals(product_id, 5, 24), before=RatingTotals(product_id, 4, 20))


def another_app_rates(port: Any, product_id: str, stars: str, count: str) -> None:
    """We have no other way into the twin's shop than our own key; the note is what differs."""
    owner = {"ownerId": f"gid://shopify/Product/{product_id}", "namespace": "reviews"}
    value = json.dumps({"value": stars, "scale_min": "1.0", "scale_max": "5.0"})
    fields = [
        owner | {"key": "rating", "type": "rating", "value": value},
        owner | {"key": "rating_count", "type": "number_integer", "value": count},
    ]
    payload = port._client.mutate("metafields_set", {"metafields": fields})
    assert list(payload.nodes("userErrors")) == []


def refuses(port: Any, totals: RatingTotals, before: RatingTotals | None = None) -> None:
    with pytest.raises(MerchantMustFix) as told:
        port.publish_totals(totals, before or RatingTotals(totals.product_id, 1, 5))
    assert told.value.problem == "rating_not_ours"


# Webhooks


def test_the_toml_owns_all_topics(store: Store) -> None:
    assert store.webhooks.list() == []
    with pytest.raises(Bug):
        store.webhooks.create("orders/create", "https://app.example.com/", "secret")
    store.webhooks.delete("1")


def test_a_change_whose_answer_was_lost_is_found_before_it_is_repeated(
    twin: Twin, store: Store
) -> None:
    twin.fault(kind="cut", times=1, path="/admin/api", contains="discountCodeBasicCreate")
    with pytest.raises(Retryable):
        coupons_of(store).create(coupon())
    found = coupons_of(store).find(coupon())
    assert found.ours
    assert len(twin.see("discounts")) == 1
