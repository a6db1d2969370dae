"""Fetched objects: what GraphQL's answers lead to. Bodies are constructed; the contract tests read
the same shapes from the twin.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.money import Money
from app.domain.snapshots import (
    BaselineSnapshot,
    ConsentState,
    CustomerSnapshot,
    ProductSnapshot,
)
from app.platforms.base import Received
from app.platforms.shopify.normalise import normalise

PAID = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def snapshots(topic: str, body: dict[str, Any]) -> Any:
    return normalise(Received(topic, json.dumps(body).encode(), None, "demo.myshopify.com"))


def bag(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}


def line(number: int, quantity: int = 1, current: int | None = None) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": f"Thing {number}",
        "variantTitle": None,
        "sku": "",
        "quantity": quantity,
        "currentQuantity": quantity if current is None else current,
        "isGiftCard": False,
        "requiresShipping": True,
        "product": {"id": "gid://shopify/Product/7"},
        "variant": None,
        "originalUnitPriceSet": bag("12.0"),
        "discountedUnitPriceAfterAllDiscountsSet": bag("10.0"),
    }


def payment(amount: str, hours: int, kind: str = "SALE", status: str = "SUCCESS") -> dict[str, Any]:
    at = PAID + timedelta(hours=hours)
    return {"kind": kind, "status": status, "processedAt": at.isoformat(), "amountSet": bag(amount)}


def refund(number: int, lines: dict[int, int], more: bool = False) -> dict[str, Any]:
    nodes = [
        {"quantity": quantity, "lineItem": {"id": f"gid://shopify/LineItem/{line_id}"}}
        for line_id, quantity in lines.items()
    ]
    return {
        "id": f"gid://shopify/Refund/{number}",
        "createdAt": "2026-11-05T09:00:00Z",
        "processedAt": "2026-11-05T09:00:00Z",
        "totalRefundedSet": bag("10.0"),
        "refundLineItems": {"nodes": nodes, "pageInfo": {"hasNextPage": more}},
    }


def parcel(**changes: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/Fulfillment/5",
        "status": "SUCCESS",
        "createdAt": "2026-11-02T09:00:00Z",
        "updatedAt": "2026-11-04T09:00:00Z",
        "deliveredAt": None,
        "events": {"nodes": []},
    } | changes


def order(**changes: Any) -> Any:
    body: dict[str, Any] = {
        "id": "gid://shopify/Order/820982911946154508",
        "name": "#1001",
        "createdAt": "2026-11-01T08:00:00Z",
        "processedAt": "2026-11-01T08:00:01Z",
        "updatedAt": "2026-11-05T09:00:00Z",
        "cancelledAt": None,
        "closedAt": None,
        "test": False,
        "sourceName": "web",
        "customerLocale": "sk-SK",
        "customerAcceptsMarketing": True,
        "discountCodes": ["WELCOME"],
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "PARTIALLY_FULFILLED",
        "email": "jana@example.com",
        "totalPriceSet": bag("30.0"),
        "shippingAddress": {"firstName": "Jana", "countryCodeV2": "SK"},
        "billingAddress": None,
        "customer": None,
        "lineItems": {"nodes": [line(1), line(2, 2)]},
        "fulfillments": [],
        "refunds": [],
        "transactions": [payment("30.0", 0)],
    }
    (snapshot,) = snapshots("graphql/order", body | changes)
    return snapshot


def test_an_order_read_whole() -> None:
    read = order()
    assert read.order_id == "820982911946154508"
    assert (read.total, read.paid, read.paid_at) == (Money(3000, "EUR"), True, PAID)
    assert (read.locale, read.country, read.checkout_consent) == ("sk-SK", "SK", True)
    assert (read.person.email, read.person.first_name) == ("jana@example.com", "Jana")
    assert [(item.line_id, item.total) for item in read.lines] == [
        ("1", Money(1000, "EUR")),
        ("2", Money(2000, "EUR")),
    ]
    assert read.lines[0].unit_price == Money(1200, "EUR")
    assert read.status == "paid, partially fulfilled"
    assert (read.coupon_codes, read.partial) == (("WELCOME",), False)


@pytest.mark.parametrize(
    ("payments", "hours"),
    [
        ([payment("10.0", 0), payment("20.0", 5)], 5),  # a deposit, then the rest
        ([payment("30.0", 0), payment("5.0", 500)], 0),  # a later top-up for an exchange
        ([payment("30.0", 0, "AUTHORIZATION"), payment("30.0", 3, "CAPTURE")], 3),
        ([payment("30.0", 0, status="FAILURE"), payment("30.0", 1)], 1),
    ],
)
def test_it_was_paid_when_the_money_reached_the_total(
    payments: list[dict[str, Any]], hours: int
) -> None:
    assert order(transactions=payments).paid_at == PAID + timedelta(hours=hours)


def test_an_order_that_costs_nothing_is_paid_as_it_is_placed() -> None:
    free = order(totalPriceSet=bag("0.0"), transactions=[])
    assert free.paid_at == datetime(2026, 11, 1, 8, 0, 1, tzinfo=UTC)


def test_cash_on_delivery_is_not_paid_before_it_is_collected() -> None:
    waiting = order(
        displayFinancialStatus="PENDING", transactions=[payment("30", 0, status="PENDING")]
    )
    assert (waiting.paid, waiting.paid_at) == (False, None)


def test_withheld_personal_data_are_absent_and_reading_again_would_not_help() -> None:
    read = order(email=None, shippingAddress={"firstName": None, "countryCodeV2": "SK"})
    assert (read.person.email, read.person.first_name) == (None, None)
    assert (read.country, read.partial) == ("SK", False)


def test_arrival_is_told_by_the_parcel_or_by_its_events() -> None:
    events = [
        {"status": "DELIVERED", "happenedAt": "2026-11-04T08:00:00Z"},
        {"status": "IN_TRANSIT", "happenedAt": "2026-11-03T08:00:00Z"},
    ]
    by_event = order(fulfillments=[parcel(events={"nodes": events})])
    assert by_event.fulfilments[0].delivered_at == datetime(2026, 11, 4, 8, tzinfo=UTC)
    own = order(fulfillments=[parcel(deliveredAt="2026-11-04T07:30:00Z")])
    assert own.fulfilments[0].delivered_at == datetime(2026, 11, 4, 7, 30, tzinfo=UTC)
    assert order(fulfillments=[parcel()]).fulfilments[0].delivered_at is None


def test_a_parcel_that_was_called_off_does_not_count() -> None:
    assert order(fulfillments=[parcel(status="CANCELLED")]).fulfilments[0].cancelled
    assert order(fulfillments=[parcel(status="PENDING")]).fulfilments == ()


def test_refunded_lines() -> None:
    read = order(refunds=[refund(1, {2: 1}), refund(2, {})])
    assert [item.lines for item in read.refunds] == [{"2": 1}, {}]
    assert read.refunds[0].amount == Money(1000, "EUR")


def test_a_refund_of_more_lines_than_one_answer_holds_gets_all_that_were_taken_off() -> None:
    lines = [line(number, quantity=2, current=0) for number in range(1, 13)]
    read = order(
        lineItems={"nodes": [*lines, line(13)]},
        refunds=[refund(1, {1: 1}), refund(2, dict.fromkeys(range(2, 12), 2), more=True)],
    )
    assert read.refunds[0].lines == {"1": 1}
    assert read.refunds[1].lines == {"1": 1} | {str(n): 2 for n in range(2, 13)}


def customer(**changes: Any) -> Any:
    body: dict[str, Any] = {
        "id": "gid://shopify/Customer/9",
        "firstName": "Jana",
        "lastName": "Nová",
        "locale": "sk",
        "updatedAt": "2026-11-01T08:00:00Z",
        "numberOfOrders": "3",
        "amountSpent": {"amount": "120.5", "currencyCode": "EUR"},
        "defaultAddress": {"countryCodeV2": "SK"},
        "defaultEmailAddress": {
            "emailAddress": "jana@example.com",
            "marketingState": "SUBSCRIBED",
            "marketingUpdatedAt": "2026-10-01T08:00:00Z",
        },
    }
    return snapshots("graphql/customer", body | changes)


def test_a_customer_with_consent_and_totals() -> None:
    (read,) = customer()
    assert isinstance(read, CustomerSnapshot)
    assert (read.customer_id, read.locale, read.country) == ("9", "sk", "SK")
    assert (read.lifetime_orders, read.lifetime_spent) == (3, Money(12050, "EUR"))
    assert read.consent
    assert (read.consent.state, read.consent.at) == (
        ConsentState.SUBSCRIBED,
        datetime(2026, 10, 1, 8, tzinfo=UTC),
    )


def test_a_page_of_totals_gives_a_baseline_as_of_the_stores_own_time() -> None:
    _, baseline = customer(asOf="2026-11-23T10:00:00+00:00")
    assert baseline == BaselineSnapshot(
        email="jana@example.com",
        customer_id="9",
        orders=3,
        spent=Money(12050, "EUR"),
        as_of=datetime(2026, 11, 23, 10, tzinfo=UTC),
    )


def test_a_customer_whose_personal_data_are_withheld() -> None:
    (read,) = customer(firstName=None, lastName=None, defaultEmailAddress=None)
    assert (read.person.email, read.consent) == (None, None)


def product(**changes: Any) -> Any:
    body: dict[str, Any] = {
        "id": "gid://shopify/Product/7",
        "title": "Lamp",
        "status": "ACTIVE",
        "isGiftCard": False,
        "updatedAt": "2026-11-01T08:00:00Z",
        "onlineStoreUrl": "https://shop.example.com/products/lamp",
        "featuredMedia": {"preview": {"image": {"url": "https://cdn.example.com/l.png"}}},
        "productType": "Lighting",
        "tags": ["brass", "final sale"],
        "priceRangeV2": {"minVariantPrice": {"currencyCode": "EUR"}},
        "collections": {"nodes": [{"title": "Living room"}, {"title": "Lighting"}]},
        "variants": {
            "nodes": [
                {"id": "gid://shopify/ProductVariant/71", "compareAtPrice": "24.90"},
                {"id": "gid://shopify/ProductVariant/72", "compareAtPrice": None},
            ]
        },
    }
    (snapshot,) = snapshots("graphql/product", body | changes)
    return snapshot


def test_a_product() -> None:
    assert product() == ProductSnapshot(
        product_id="7",
        title="Lamp",
        version=datetime(2026, 11, 1, 8, tzinfo=UTC),
        url="https://shop.example.com/products/lamp",
        image_url="https://cdn.example.com/l.png",
        categories=("Lighting", "Living room"),
        tags=("brass", "final sale"),
        regular_prices={"71": Money(2490, "EUR")},
    )


def test_a_product_without_type_and_collections() -> None:
    read = product(productType="", collections={"nodes": []}, tags=[])
    assert (read.categories, read.tags, read.partial) == ((), (), False)


@pytest.mark.parametrize(
    "changes", [{"status": "DRAFT"}, {"isGiftCard": True}, {"onlineStoreUrl": None}]
)
def test_what_nobody_can_see_or_hold_is_not_reviewed(changes: dict[str, Any]) -> None:
    assert not product(**changes).reviewable
