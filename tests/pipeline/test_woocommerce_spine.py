"""From a signed webhook of a WooCommerce store to a mail, a review in the store, a coupon."""

import pytest

from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.services import reviews as review_service
from tests.pipeline.conftest import WooStore
from tests.support import Harness, switch_on

pytestmark = pytest.mark.both_databases


def _outcomes(harness: Harness, woo: WooStore, order_id: str) -> list[tuple[str, str, str]]:
    with harness.shop(woo.shop.id) as data:
        actions = data.actions.of_order(order_id)
    return [(a.kind, a.state, a.reason.code) for a in actions]


def test_a_delivered_order_is_asked_for_a_review_once(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    assert _outcomes(harness, woo, order_id) == [
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.PLANNED, ReasonCode.AFTER_DELIVERY)
    ]
    harness.advance(days=6)
    assert harness.mails() == []
    harness.advance(days=2)
    woo.move(order_id, "touch")
    harness.advance(days=20)
    (mail,) = harness.mails()
    assert mail.to_address == "zofia@example.sk"
    assert mail.lang == "sk"
    assert mail.marketing


def test_a_later_delivery_moves_the_request(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    with harness.shop(woo.shop.id) as data:
        (before,) = data.actions.of_order(order_id)
    harness.advance(days=4)
    woo.move(order_id, "deliver")
    with harness.shop(woo.shop.id) as data:
        (after,) = data.actions.of_order(order_id)
        verbs = [line.verb for line in data.journal.of_order(order_id)]
    assert after.id == before.id
    assert after.due_at != before.due_at
    assert "moved" in verbs


@pytest.mark.parametrize(
    ("move", "reason"),
    [("refund", ReasonCode.ORDER_REFUNDED), ("cancel", ReasonCode.ORDER_CANCELLED)],
)
def test_nobody_is_asked_about_a_lost_order(
    harness: Harness, woo: WooStore, move: str, reason: ReasonCode
) -> None:
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    woo.move(order_id, move)
    harness.advance(days=10)
    assert harness.mails() == []
    assert _outcomes(harness, woo, order_id) == [
        (ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED, reason)
    ]


def test_a_german_customer_without_recorded_consent_is_not_asked(
    harness: Harness, woo: WooStore
) -> None:
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place(country="DE", email="jana@example.de", language="de")
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    harness.advance(days=10)
    assert harness.mails() == []
    assert _outcomes(harness, woo, order_id)[0][1:] == (
        ActionState.SKIPPED,
        ReasonCode.NO_CONSENT,
    )


def test_an_order_from_before_the_switch_mails_nobody(harness: Harness, woo: WooStore) -> None:
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    harness.advance(days=1)
    switch_on(harness, woo.shop.id, "review_request")
    woo.move(order_id, "touch")
    harness.advance(days=10)
    assert harness.mails() == []
    assert _outcomes(harness, woo, order_id) == []


def test_cash_on_delivery_counts_only_once_it_was_collected(
    harness: Harness, woo: WooStore
) -> None:
    switch_on(harness, woo.shop.id, "milestone_coupon", {"nth_orders": [1]})
    order_id = woo.place(payment_method="cod")
    with harness.shop(woo.shop.id) as data:
        assert "order_paid" not in [e.type for e in data.events.of_order(order_id)]
    assert woo.coupons() == []
    woo.move(order_id, "complete")
    harness.tick()
    assert len(woo.coupons()) == 1


def test_the_third_order_earns_one_coupon_bound_to_its_customer(
    harness: Harness, woo: WooStore
) -> None:
    switch_on(harness, woo.shop.id, "milestone_coupon", {"nth_orders": [3], "percent": 15})
    for _ in range(4):
        woo.place()
        harness.advance(hours=2)
    (coupon,) = woo.coupons()
    assert coupon["email_restrictions"] == ["zofia@example.sk"]
    assert (coupon["usage_limit"], coupon["amount"]) == (1, "15.00")
    (mail,) = harness.mails()
    assert mail.kind == ActionKind.COUPON_MAIL


def test_a_refund_before_use_takes_the_coupon_back(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "milestone_coupon", {"nth_orders": [1]})
    order_id = woo.place()
    harness.tick()
    (coupon,) = woo.coupons()
    woo.move(order_id, "refund")
    harness.tick()
    (after,) = woo.coupons()
    assert after["id"] == coupon["id"]
    assert after["date_expires_gmt"] < harness.business.now().isoformat()


def test_a_review_reaches_the_store(harness: Harness, woo: WooStore) -> None:
    switch_on(harness, woo.shop.id, "review_request")
    order_id = woo.place()
    woo.move(order_id, "fulfil")
    woo.move(order_id, "deliver")
    harness.advance(days=8)
    with harness.shop(woo.shop.id) as data:
        stored = data.orders.get(order_id)
    assert stored
    (line,) = stored.order.lines
    assert line.product_id
    review_service.submit(
        harness.deps,
        woo.shop.id,
        order_id,
        [
            review_service.NewReview(
                line.product_id, 4, "Suší rýchlo, farba je tmavšia.", "Žofia N."
            )
        ],
    )
    harness.run_jobs()
    (review,) = woo.reviews()
    assert (review["rating"], review["verified"]) == (4, True)
    assert "tmavšia" in review["review"]
