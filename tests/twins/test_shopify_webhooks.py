"""Delivery of webhooks: retries, repeats, forgeries, and what each action fires."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from shopify_kit import Merchant, running_shop


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with running_shop() as merchant:
        yield merchant


def test_a_failing_address_gets_eight_retries_under_one_id(merchant: Merchant) -> None:
    merchant.app.answers = [500] * 20
    merchant.act("tags", order_id=_quiet_order(merchant), tags=["vip"])
    updates = merchant.app.of("orders/updated")
    assert len(updates) == 9
    assert len({delivery.headers["X-Shopify-Webhook-Id"] for delivery in updates}) == 1
    assert len({delivery.raw for delivery in updates}) == 1
    merchant.app.answers = []


def _quiet_order(merchant: Merchant) -> int:
    answers, merchant.app.answers = merchant.app.answers, []
    order_id = merchant.order()["id"]
    merchant.app.received.clear()
    merchant.app.answers = answers
    return int(order_id)


def test_a_retry_that_succeeds_is_the_last(merchant: Merchant) -> None:
    order_id = _quiet_order(merchant)
    merchant.app.answers = [503, 301]
    merchant.act("tags", order_id=order_id, tags=["vip"])
    assert merchant.app.topics == ["orders/updated"] * 3


def test_deliveries_of_one_action_share_the_event_id(merchant: Merchant) -> None:
    merchant.act("fulfill", order_id=_quiet_order(merchant))
    assert merchant.app.topics == ["fulfillments/create", "orders/fulfilled", "orders/updated"]
    assert len({d.headers["X-Shopify-Event-Id"] for d in merchant.app.received}) == 1
    assert len({d.headers["X-Shopify-Webhook-Id"] for d in merchant.app.received}) == 3


def test_repeat_and_forgery(merchant: Merchant) -> None:
    _quiet_order(merchant)
    attempt = merchant.send("GET", "/_twin/deliveries")[1][-1]
    merchant.send("POST", f"/_twin/deliveries/{attempt['id']}/resend")
    merchant.send("POST", f"/_twin/deliveries/{attempt['id']}/forge")
    merchant.drain()
    repeat, forged = merchant.app.received
    assert repeat.raw == forged.raw
    assert repeat.is_signed
    assert not forged.is_signed
    assert merchant.send("GET", "/_twin/deliveries/summary")[1]["total"]["duplicate"] >= 1


def test_held_deliveries_can_be_reversed(merchant: Merchant) -> None:
    order_id = _quiet_order(merchant)
    merchant.send("POST", "/_twin/deliveries/hold")
    merchant.send("POST", "/_twin/shops/cinar-breza/fulfill", {"order_id": order_id})
    merchant.send("POST", "/_twin/deliveries/release", {"order": "reversed"})
    merchant.drain()
    assert merchant.app.topics == ["orders/updated", "orders/fulfilled", "fulfillments/create"]


def test_cash_on_delivery_is_pending_until_it_is_paid(merchant: Merchant) -> None:
    order = merchant.order(gateway="Cash on Delivery (COD)", paid=False)
    assert "orders/paid" not in merchant.app.topics
    created = merchant.app.of("orders/create")[0].body
    assert created["financial_status"] == "pending"
    assert created["processed_at"] is not None
    merchant.act("pay", order_id=order["id"])
    assert merchant.app.of("orders/paid")[0].body["financial_status"] == "paid"


def test_cancelling_a_paid_order_refunds_it(merchant: Merchant) -> None:
    order = merchant.order()
    merchant.act("cancel", order_id=order["id"])
    body = merchant.app.of("orders/cancelled")[0].body
    assert body["financial_status"] == "refunded"
    assert body["current_total_price"] == "0.00"
    assert body["total_price"] != "0.00"
    assert body["line_items"][0]["current_quantity"] == 0
    assert "return" not in body["refunds"][0]
    assert merchant.app.of("refunds/create")[0].body["return"] is None


def test_a_carrier_report_moves_parcel_and_order(merchant: Merchant) -> None:
    order_id = _quiet_order(merchant)
    merchant.act("fulfill", order_id=order_id)
    merchant.act("fulfillment-event", order_id=order_id, status="delivered")
    event = merchant.app.of("fulfillment_events/create")[0].body
    assert (event["status"], event["order_id"]) == ("delivered", order_id)
    assert merchant.app.of("fulfillments/update")[0].body["shipment_status"] == "delivered"
    updated = merchant.app.of("orders/updated")[-1].body
    assert updated["fulfillments"][0]["shipment_status"] == "delivered"


def test_a_guest_is_one_customer_per_address(merchant: Merchant) -> None:
    first = merchant.order(email="guest@posta.example")
    again = merchant.order(email="Guest@posta.example")
    assert first["customer_id"] == again["customer_id"]
    assert len(merchant.app.of("customers/create")) == 1
    merchant.act("register", customer_id=first["customer_id"])
    assert merchant.app.of("customers/update")[-1].body["state"] == "enabled"


def test_topics_without_their_scope_are_not_sent(merchant: Merchant) -> None:
    merchant.act("scopes", scopes=["read_customers"])
    merchant.order(email="guest@posta.example")
    assert merchant.app.topics == ["app/scopes_update", "customers/create"]


def test_impossible_actions_say_why(merchant: Merchant) -> None:
    order_id = _quiet_order(merchant)
    merchant.act("fulfill", order_id=order_id)
    assert "nothing of that left" in merchant.refused("fulfill", order_id=order_id)
    assert "sent already" in merchant.refused("cancel", order_id=order_id)
    assert "no order 5" in merchant.refused("pay", order_id=5)
