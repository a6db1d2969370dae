"""The Admin API: our operations against real state, limits, scopes and user errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import parse
from shopify_kit import OPERATIONS, SHOP, Merchant, running_shop

from twins.shopify.config import Limits
from twins.shopify.graphql.cost import MAX_QUERY_COST, requested_cost
from twins.shopify.graphql.execute import admin_schema


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with running_shop() as merchant:
        merchant.connect()
        yield merchant


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


@pytest.mark.parametrize("path", sorted(OPERATIONS.glob("*.graphql")), ids=lambda p: p.stem)
def test_every_operation_fits_into_one_query(path: Path) -> None:
    document = parse(path.read_text())
    assert requested_cost(admin_schema(), document, {"first": 100}) <= MAX_QUERY_COST


def test_an_order_is_read_whole(merchant: Merchant) -> None:
    placed = merchant.order()
    merchant.act("fulfill", order_id=placed["id"])
    merchant.act("fulfillment-event", order_id=placed["id"], status="delivered")
    merchant.act("refund", order_id=placed["id"], lines={placed["lines"][1]["id"]: 1})
    order = merchant.graphql("order", id=gid("Order", placed["id"]))["order"]
    assert order["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert order["displayFulfillmentStatus"] == "FULFILLED"
    assert order["customerLocale"] == "sk"
    assert order["shippingAddress"]["countryCodeV2"] == "SK"
    assert order["fulfillments"][0]["deliveredAt"] is not None
    assert order["fulfillments"][0]["displayStatus"] == "DELIVERED"
    pot, soap = order["lineItems"]["nodes"]
    assert (pot["quantity"], pot["currentQuantity"]) == (2, 2)
    assert (soap["quantity"], soap["currentQuantity"]) == (1, 0)
    assert pot["product"]["onlineStoreUrl"].endswith("/storefront/products/copper-cezve")
    assert [t["kind"] for t in order["transactions"]] == ["SALE", "REFUND"]
    refund = order["refunds"][0]
    assert refund["totalRefundedSet"]["shopMoney"] == {"amount": "9.90", "currencyCode": "EUR"}
    assert order["customer"]["numberOfOrders"] == "1"
    assert order["customer"]["amountSpent"]["amount"] == "82.70"


def test_orders_are_paged_in_a_window(merchant: Merchant) -> None:
    old, *recent = [
        merchant.order(created_at=f"{_day(merchant, -age)}T08:00:00Z")["name"]
        for age in (9, 4, 3, 2, 1)
    ]
    merchant.order(created_at=f"{_day(merchant, -61)}T08:00:00Z")  # beyond 60 days: never seen
    query = f"updated_at:>='{_day(merchant, -5)}T00:00:00Z' updated_at:<'{_day(merchant, 1)}'"
    names, after = [], None
    for _page in range(3):
        page = merchant.graphql("orders_changed", query=query, first=2, after=after)["orders"]
        names += [order["name"] for order in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == recent
    everything = merchant.graphql("orders_changed", query="", first=50)["orders"]["nodes"]
    assert len(everything) == 5 + 2  # the demo shop's own within 60 days
    assert old in [order["name"] for order in everything]


def _day(merchant: Merchant, offset: int) -> str:
    from datetime import datetime, timedelta

    now = datetime.fromisoformat(merchant.send("GET", "/_twin/clock")[1]["now"])
    return (now + timedelta(days=offset)).date().isoformat()


def test_more_lines_than_one_page(merchant: Merchant) -> None:
    items = [{"product": "olive-soap", "quantity": 1} for _ in range(53)]
    order_id = gid("Order", merchant.order(items=items)["id"])
    first = merchant.graphql("order", id=order_id)["order"]["lineItems"]
    assert first["pageInfo"]["hasNextPage"]
    cursor = first["pageInfo"]["endCursor"]
    rest = merchant.graphql("order_lines", id=order_id, after=cursor)["order"]["lineItems"]
    assert len(first["nodes"]) + len(rest["nodes"]) == 53
    assert {n["id"] for n in first["nodes"]}.isdisjoint(n["id"] for n in rest["nodes"])


def discount(merchant: Merchant, customer_id: int, **changes: Any) -> dict[str, Any]:
    given = {
        "title": "Third order",
        "code": "THANKS-8KQ2",
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2036-01-01T00:00:00Z",
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": {"customers": {"add": [gid("Customer", customer_id)]}},
        "customerGets": {"value": {"percentage": 0.1}, "items": {"all": True}},
        "minimumRequirement": {"subtotal": {"greaterThanOrEqualToSubtotal": "20.00"}},
    } | changes
    return dict(
        merchant.graphql("discount_create", basicCodeDiscount=given)["discountCodeBasicCreate"]
    )


def test_a_code_is_created_once_used_once_and_ended(merchant: Merchant) -> None:
    customer_id = merchant.order()["customer_id"]
    created = discount(merchant, customer_id)
    assert created["userErrors"] == []
    again = discount(merchant, customer_id, code="thanks-8kq2")
    assert again["userErrors"][0]["code"] == "TAKEN"
    assert again["userErrors"][0]["field"] == ["basicCodeDiscount", "code"]
    merchant.order(discount_code="THANKS-8KQ2")
    assert "cannot be used" in merchant.refused(
        "create-order",
        items=[{"product": "copper-cezve"}],
        email="zuzana@posta.example",
        discount_code="THANKS-8KQ2",
    )
    found = merchant.graphql("discount_by_code", code="THANKS-8KQ2")["codeDiscountNodeByCode"]
    basic = found["codeDiscount"]
    assert basic["asyncUsageCount"] == 1
    assert basic["context"]["customers"] == [{"id": gid("Customer", customer_id)}]
    assert basic["minimumRequirement"]["greaterThanOrEqualToSubtotal"]["amount"] == "20.00"
    ended = merchant.graphql("discount_deactivate", id=found["id"])["discountCodeDeactivate"]
    assert ended["codeDiscountNode"]["codeDiscount"]["status"] == "EXPIRED"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {"customerGets": {"value": {"percentage": 10}, "items": {"all": True}}},
            "VALUE_OUTSIDE_RANGE",
        ),
        ({"endsAt": "2025-01-01T00:00:00Z"}, "END_DATE_BEFORE_START_DATE"),
        ({"code": ""}, "BLANK"),
        ({"context": {"customers": {"add": ["gid://shopify/Customer/1"]}}}, "INVALID"),
    ],
)
def test_impossible_discounts(merchant: Merchant, change: dict[str, Any], code: str) -> None:
    customer_id = merchant.order()["customer_id"]
    answer = discount(merchant, customer_id, **change)
    assert answer["codeDiscountNode"] is None
    assert [error["code"] for error in answer["userErrors"]] == [code]


def rating(value: str, product: str, digest: Any = "not given") -> dict[str, Any]:
    given = {
        "ownerId": product,
        "namespace": "reviews",
        "key": "rating",
        "type": "rating",
        "value": f'{{"value": "{value}", "scale_min": "1.0", "scale_max": "5.0"}}',
    }
    return given if digest == "not given" else given | {"compareDigest": digest}


def first_product(merchant: Merchant) -> str:
    number = merchant.send("GET", f"/_twin/shops/{SHOP}/products")[1][0]["id"]
    return gid("Product", number)


def set_rating(merchant: Merchant, given: dict[str, Any]) -> list[str]:
    answer = merchant.graphql("metafields_set", metafields=[given])["metafieldsSet"]
    return [error["code"] for error in answer["userErrors"]]


def test_ratings_are_compared_before_they_are_set(merchant: Merchant) -> None:
    product = first_product(merchant)
    assert set_rating(merchant, rating("4.5", product, digest=None)) == []
    assert set_rating(merchant, rating("4.6", product, digest=None)) == ["STALE_OBJECT"]
    read = merchant.graphql("product_rating", id=product)["product"]["rating"]
    assert read["jsonValue"]["value"] == "4.5"
    digest = read["compareDigest"]
    assert set_rating(merchant, rating("4.6", product, digest)) == []
    assert set_rating(merchant, rating("4.7", product, digest)) == ["STALE_OBJECT"]
    assert set_rating(merchant, rating("5.1", product)) == ["INVALID_VALUE"]
    merchant.drain()
    assert "products/update" in merchant.app.topics


def test_rating_definitions_are_enabled_once(merchant: Merchant) -> None:
    variables = {"ownerType": "PRODUCT", "namespace": "reviews", "key": "rating"}
    first = merchant.graphql("rating_definition_enable", **variables)
    again = merchant.graphql("rating_definition_enable", **variables)
    assert first["standardMetafieldDefinitionEnable"]["userErrors"] == []
    assert again["standardMetafieldDefinitionEnable"]["userErrors"][0]["code"] == "TAKEN"


def review(merchant: Merchant, **fields: str) -> dict[str, Any]:
    given = {
        "product": first_product(merchant),
        "rating": '{"value": "5.0", "scale_min": "1.0", "scale_max": "5.0"}',
        "title": "Lovely",
        "body": "Soft <b>and</b> quick to dry.",
    } | fields
    answer = merchant.graphql(
        "review_upsert",
        handle={"type": "$app:review", "handle": "r-1"},
        metaobject={"fields": [{"key": k, "value": v} for k, v in given.items()]},
    )
    return dict(answer["metaobjectUpsert"])


def test_a_review_is_written_shown_and_deleted(merchant: Merchant) -> None:
    created = review(merchant)
    assert created["userErrors"] == []
    assert re.fullmatch(r"app--\d+--review", created["metaobject"]["type"])
    assert review(merchant, title="Still lovely")["metaobject"]["id"] == created["metaobject"]["id"]
    handle = {"type": "$app:review", "handle": "r-1"}
    found = merchant.graphql("review_by_handle", handle=handle)["metaobjectByHandle"]
    assert {"key": "title", "value": "Still lovely"} in found["fields"]
    page = merchant.send("GET", f"/store/{SHOP}/storefront/products/peshtemal-olive")[1]
    assert "Still lovely" in page
    assert "Soft &lt;b&gt;and&lt;/b&gt;" in page
    assert len(merchant.graphql("reviews", type="$app:review")["metaobjects"]["nodes"]) == 1
    merchant.graphql("review_delete", id=found["id"])
    assert merchant.graphql("reviews", type="$app:review")["metaobjects"]["nodes"] == []


def test_reviews_follow_their_declaration(merchant: Merchant) -> None:
    assert review(merchant, mood="good")["userErrors"][0]["code"] == "UNDEFINED_OBJECT_FIELD"
    assert review(merchant, product=gid("Product", 1))["userErrors"][0]["code"] == "INVALID_VALUE"
    assert review(merchant, rating="5")["userErrors"][0]["code"] == "INVALID_VALUE"


def test_consent_is_changed_and_announced(merchant: Merchant) -> None:
    customer_id = merchant.order()["customer_id"]

    def update(state: str) -> dict[str, Any]:
        given = {
            "customerId": gid("Customer", customer_id),
            "emailMarketingConsent": {"marketingState": state},
        }
        answer = merchant.graphql("email_consent_update", input=given)
        return dict(answer["customerEmailMarketingConsentUpdate"])

    assert update("UNSUBSCRIBED")["userErrors"] == []
    assert update("NOT_SUBSCRIBED")["userErrors"][0]["code"] == "INVALID"
    customer = merchant.graphql("customer", id=gid("Customer", customer_id))["customer"]
    assert customer["defaultEmailAddress"]["marketingState"] == "UNSUBSCRIBED"
    merchant.drain()
    body = merchant.app.of("customers_email_marketing_consent/update")[0].body
    assert body["email_marketing_consent"]["state"] == "unsubscribed"


def test_missing_scopes_are_denied(merchant: Merchant) -> None:
    order_id = gid("Order", merchant.order()["id"])
    merchant.act("scopes", scopes=["read_orders"])
    query = "query($id: ID!) { order(id: $id) { name customer { id } } }"
    _, answer, _ = merchant.raw_graphql(query, id=order_id)
    assert answer["data"]["order"]["customer"] is None
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "`read_customers`" in answer["errors"][0]["message"]


def test_unapproved_personal_data_is_null_with_errors(merchant: Merchant) -> None:
    order_id = gid("Order", merchant.order()["id"])
    merchant.act("personal-data", approved=False)
    query = (OPERATIONS / "order.graphql").read_text()
    status, answer, _ = merchant.raw_graphql(query, id=order_id)
    assert status == 200
    assert answer["data"]["order"]["email"] is None
    assert answer["data"]["order"]["customer"]["numberOfOrders"] == "1"
    assert any("not approved" in error["message"] for error in answer["errors"])


def test_too_dear_queries_and_lists_are_refused(merchant: Merchant) -> None:
    dear = "{ orders(first: 250) { nodes { lineItems(first: 5) { nodes { id } } } } }"
    _, answer, _ = merchant.raw_graphql(dear)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    _, answer, _ = merchant.raw_graphql("{ orders(first: 251) { nodes { id } } }")
    assert "250" in answer["errors"][0]["message"]
    given = [rating("5.0", gid("Product", 1))] * 251
    query = (OPERATIONS / "metafields_set.graphql").read_text()
    _, answer, _ = merchant.raw_graphql(query, metafields=given)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_an_empty_bucket_throttles_and_fills_again() -> None:
    with running_shop(Limits(bucket_points=60, restore_points_per_second=2000)) as merchant:
        merchant.connect()
        full = merchant.raw_graphql("{ orders(first: 50) { nodes { id } } }")[1]
        assert full["extensions"]["cost"]["requestedQueryCost"] == 51
        assert full["extensions"]["cost"]["actualQueryCost"] < 51
        _, answer, _ = merchant.raw_graphql("{ orders(first: 100) { nodes { id } } }")
        assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert answer["extensions"]["cost"]["requestedQueryCost"] == 101
        assert answer["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 60


REFUND = """mutation($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) { refund { id } userErrors { message } }
}"""


def test_refunds_need_a_key_and_happen_once(merchant: Merchant) -> None:
    order = merchant.order()
    merchant.act("scopes", scopes=["write_orders"])
    order_id = gid("Order", order["id"])
    payment = {"orderId": order_id, "gateway": "bogus", "kind": "REFUND", "amount": "5.00"}
    given = {"orderId": order_id, "transactions": [payment]}
    bare = REFUND.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    assert "@idempotent" in merchant.raw_graphql(bare, input=given)[1]["errors"][0]["message"]
    first = merchant.raw_graphql(REFUND, input=given, key="a")[1]["data"]["refundCreate"]
    again = merchant.raw_graphql(REFUND, input=given, key="a")[1]["data"]["refundCreate"]
    assert first == again
    assert first["refund"]
    orders = merchant.send("GET", f"/_twin/shops/{SHOP}/orders")[1]
    assert [len(o["refunds"]) for o in orders if o["id"] == order["id"]] == [1]
    changed = given | {"note": "other"}
    answer = merchant.raw_graphql(REFUND, input=changed, key="a")[1]
    assert answer["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


def test_toml_subscriptions_are_never_listed(merchant: Merchant) -> None:
    assert merchant.graphql("webhook_subscriptions")["webhookSubscriptions"]["nodes"] == []
    create = """mutation($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) {
      webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) {
        webhookSubscription { id } userErrors { message } } }"""
    given = {"uri": f"{merchant.app.url}/leftover"}
    merchant.raw_graphql(create, topic="ORDERS_CREATE", given=given)
    nodes = merchant.graphql("webhook_subscriptions")["webhookSubscriptions"]["nodes"]
    assert [node["topic"] for node in nodes] == ["ORDERS_CREATE"]
    merchant.order()
    paths = [delivery.path for delivery in merchant.app.of("orders/create")]
    assert sorted(paths) == ["/leftover", "/webhooks/shopify"]
    merchant.graphql("webhook_subscription_delete", id=nodes[0]["id"])
    assert merchant.graphql("webhook_subscriptions")["webhookSubscriptions"]["nodes"] == []


def test_answers_name_request_and_version(merchant: Merchant) -> None:
    status, answer, headers = merchant.raw_graphql("{ nonsense }")
    assert status == 200
    assert "Cannot query field" in answer["errors"][0]["message"]
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert headers["X-Request-Id"]
