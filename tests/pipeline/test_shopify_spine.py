"""From a signed webhook of a Shopify store to a mail, a review in the store, a discount."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.services import reviews as review_service
from tests.pipeline.shopify_store import ShopifyStore, shopify_store
from tests.support import switch_on

pytestmark = pytest.mark.both_databases

ASK = "review_request"
COUPON = "milestone_coupon"


@pytest.fixture
def store(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    """Opened once, its history read."""
    with shopify_store(tmp_path, database_url, public_url) as made:
        made.enter()
        yield made


def _review(store: ShopifyStore, order_id: str, stars: int, text: str = "Krásna džezva.") -> None:
    with store.harness.shop(store.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored
    product_id = stored.order.lines[0].product_id
    assert product_id
    new = review_service.NewReview(product_id, stars, text, "Jana N.")
    review_service.submit(store.harness.deps, store.shop.id, order_id, [new])
    store.harness.run_jobs()


def _rating(store: ShopifyStore) -> dict[str, str]:
    return {m["key"]: m["value"] for m in store.see("metafields") if m["namespace"] == "reviews"}


def test_an_order_is_asked_for_a_review_once_in_its_language(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    order_id = store.place()
    store.deliver(order_id)
    assert store.outcomes(order_id) == [
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.PLANNED, ReasonCode.AFTER_DELIVERY)
    ]
    store.harness.advance(days=6)
    assert store.harness.mails() == []
    store.harness.advance(days=2)
    store.move(order_id, "tags", tags=["vip"])
    store.harness.advance(days=20)
    (mail,) = store.harness.mails()
    assert (mail.to_address, mail.lang, mail.marketing) == ("jana@example.sk", "sk", True)


def test_news_of_the_parcel_moves_the_request(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    order_id = store.place()
    store.move(order_id, "fulfill")
    with store.harness.shop(store.shop.id) as data:
        (before,) = data.actions.of_order(order_id)
    store.harness.advance(days=3)
    store.move(order_id, "fulfillment-event", status="in_transit")
    store.harness.advance(days=1)
    store.move(order_id, "fulfillment-event", status="delivered")
    with store.harness.shop(store.shop.id) as data:
        (after,) = data.actions.of_order(order_id)
        verbs = [line.verb for line in data.journal.of_order(order_id)]
    assert before.reason.code is ReasonCode.AFTER_FULFILMENT
    assert after.reason.code is ReasonCode.AFTER_DELIVERY
    assert after.id == before.id
    assert after.due_at != before.due_at
    assert "moved" in verbs


def test_nobody_is_asked_about_a_refunded_order(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    order_id = store.place()
    store.deliver(order_id)
    store.move(order_id, "refund")
    store.harness.advance(days=10)
    assert store.harness.mails() == []
    assert store.outcomes(order_id) == [
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED, ReasonCode.ORDER_REFUNDED)
    ]


def test_a_cancelled_order_says_why_nobody_is_asked(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    order_id = store.place(gateway="Bank deposit", paid=False)
    store.move(order_id, "cancel")
    store.harness.advance(days=10)
    assert store.harness.mails() == []
    assert store.outcomes(order_id) == [
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED, ReasonCode.ORDER_CANCELLED)
    ]


def test_a_german_customer_is_asked_only_with_consent(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    german = {"country": "DE", "locale": "de"}
    silent = store.place(email="jonas@example.de", **german)
    agreed = store.place(email="greta@example.de", **german)
    store.do("consent", customer_id=store.customer_of(agreed), state="subscribed")
    for order_id in (silent, agreed):
        store.deliver(order_id)
    store.harness.advance(days=10)
    assert [mail.to_address for mail in store.harness.mails()] == ["greta@example.de"]
    assert store.outcomes(silent)[0][1:] == (ActionState.SKIPPED, ReasonCode.NO_CONSENT)


def test_who_withdraws_consent_is_not_asked(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    order_id = store.place(accepts_marketing=True)
    store.deliver(order_id)
    store.harness.advance(days=1)
    store.do("consent", customer_id=store.customer_of(order_id), state="unsubscribed")
    store.harness.advance(days=10)
    assert store.harness.mails() == []
    assert store.outcomes(order_id)[0][1:] == (ActionState.SKIPPED, ReasonCode.UNSUBSCRIBED)


def test_cash_on_delivery_counts_only_once_it_was_collected(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, COUPON, {"nth_orders": [1]})
    order_id = store.place(gateway="Cash on Delivery (COD)", paid=False)
    assert "order_paid" not in store.events(order_id)
    assert store.see("discounts") == []
    store.move(order_id, "pay")
    store.harness.tick()
    assert "order_paid" in store.events(order_id)
    assert len(store.see("discounts")) == 1


def test_the_delivery_of_the_payment_tells_its_time_without_a_read(store: ShopifyStore) -> None:
    order_id = store.place()
    with store.harness.shop(store.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored
    assert stored.order.paid_at
    store.harness.wall.advance(minutes=1)
    store.harness.deps.dispatch(("refresh", (store.shop.id,)))
    store.harness.run_jobs()
    with store.harness.shop(store.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored
    assert stored.read_at is None  # nothing was read from the store


def test_the_third_order_earns_one_discount_for_its_customer(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, COUPON, {"nth_orders": [3], "percent": 15})
    orders = []
    for _ in range(4):
        orders.append(store.place())
        store.harness.advance(hours=2)
    (discount,) = store.see("discounts")
    assert discount["customer_ids"] == [store.customer_of(orders[2])]
    assert (discount["usage_limit"], discount["percentage"]) == (1, 0.15)
    (mail,) = store.harness.mails()
    assert (mail.kind, mail.lang) == (ActionKind.COUPON_MAIL, "sk")


def test_a_refund_before_use_takes_the_discount_back(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, COUPON, {"nth_orders": [1]})
    order_id = store.place()
    store.harness.tick()
    (discount,) = store.see("discounts")
    store.move(order_id, "refund")
    store.harness.tick()
    (after,) = store.see("discounts")
    assert after["id"] == discount["id"]
    assert after["ends_at"] <= store.harness.business.now().isoformat()
    assert (ActionKind.COUPON_VOID, ActionState.DONE, ReasonCode.VOIDED) in store.outcomes(order_id)


def test_a_used_discount_stays_used(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, COUPON, {"nth_orders": [1]})
    order_id = store.place()
    store.harness.tick()
    (discount,) = store.see("discounts")
    store.place(discount_code=discount["code"])
    store.move(order_id, "refund")
    store.harness.tick()
    (void,) = [o for o in store.outcomes(order_id) if o[0] == ActionKind.COUPON_VOID]
    assert void[1:] == (ActionState.SKIPPED, ReasonCode.COUPON_USED)


def test_a_review_reaches_the_store_with_the_sum_of_stars(store: ShopifyStore) -> None:
    switch_on(store.harness, store.shop.id, ASK)
    first = store.place()
    second = store.place(email="peter@example.sk", first_name="Peter")
    _review(store, first, 4)
    _review(store, second, 5, "Verná kópia babičkinej.")
    bodies = {m["fields"]["body"] for m in store.see("metaobjects")}
    assert bodies == {"Krásna džezva.", "Verná kópia babičkinej."}
    rating = _rating(store)
    assert rating["rating_count"] == "2"
    assert '"value": "4.5"' in rating["rating"]


def test_a_changed_review_replaces_the_first_one(store: ShopifyStore) -> None:
    order_id = store.place()
    _review(store, order_id, 2, "Prišla doškriabaná.")
    _review(store, order_id, 5, "Vymenili ju hneď.")
    (review,) = store.see("metaobjects")
    assert review["fields"]["body"] == "Vymenili ju hneď."
    rating = _rating(store)
    assert rating["rating_count"] == "1"
    assert '"value": "5.0"' in rating["rating"]


def _foreign_rating(store: ShopifyStore, product_id: str, stars: str, count: str) -> None:
    """Another app rates the product; we have no other way into the twin's shop than our own key."""
    owner = {"ownerId": f"gid://shopify/Product/{product_id}", "namespace": "reviews"}
    value = f'{{"value": "{stars}", "scale_min": "1.0", "scale_max": "5.0"}}'
    fields = [
        owner | {"key": "rating", "type": "rating", "value": value},
        owner | {"key": "rating_count", "type": "number_integer", "value": count},
    ]
    reviews: Any = store.harness.deps.open_store(store.shop).reviews
    reviews._client.mutate("metafields_set", {"metafields": fields})


def test_a_rating_of_another_app_is_kept_and_ours_waits_for_the_merchant(
    store: ShopifyStore,
) -> None:
    order_id = store.place()
    product = next(str(p["id"]) for p in store.see("products") if p["handle"] == "copper-cezve")
    _foreign_rating(store, product, "3.1", "57")
    _review(store, order_id, 5)
    with store.harness.shop(store.shop.id) as data:
        (publish,) = data.actions.of_order(order_id)
        problems = [problem.key for problem in data.problems.all_open()]
    assert (publish.state, publish.problem) == (ActionState.BLOCKED, "rating_not_ours")
    assert problems == ["rating_not_ours"]
    assert _rating(store)["rating_count"] == "57"
    store.harness.wall.advance(hours=1)
    store.harness.tick()  # looked at again, and still not ours
    assert _rating(store)["rating_count"] == "57"
    assert store.outcomes(order_id)[0][1] == ActionState.BLOCKED

    _foreign_rating(store, product, "5.0", "1")  # as if there had been ours alone
    store.harness.wall.advance(hours=1)
    store.harness.tick()
    assert store.outcomes(order_id)[0][1] == ActionState.DONE
    with store.harness.shop(store.shop.id) as data:
        assert data.problems.all_open() == []
        blocked = [line for line in data.journal.of_order(order_id) if line.verb == "blocked"]
    assert len(blocked) == 1


def test_a_rating_that_we_wrote_before_an_uninstall_is_still_ours(store: ShopifyStore) -> None:
    _review(store, store.place(), 4)
    second = store.place(email="peter@example.sk")
    store.do("uninstall")
    store.do("install")
    store.enter()
    _review(store, second, 5)
    assert _rating(store)["rating_count"] == "2"
    with store.harness.shop(store.shop.id) as data:
        assert data.problems.all_open() == []


def test_a_part_refund_of_an_old_order_asks_nobody(store: ShopifyStore) -> None:
    order_id = store.place(items=[{"product": "copper-cezve", "quantity": 2}])
    store.deliver(order_id)
    store.harness.advance(days=1)
    switch_on(store.harness, store.shop.id, ASK)
    (line,) = next(o["lines"] for o in store.see("orders") if o["id"] == int(order_id))
    store.move(order_id, "refund", lines={str(line["id"]): 1})
    store.harness.advance(days=10)
    assert "order_refunded" in store.events(order_id)
    assert store.harness.mails() == []
    assert store.outcomes(order_id) == []
