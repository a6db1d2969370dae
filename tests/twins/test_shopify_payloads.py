"""The twin's webhooks against Shopify's documented examples, key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from shopify_kit import ROOT, SHOP, Merchant, Received, fixture, running_shop

# Documented example → what our body may have or lack, and why. A path is written with dots; "*"
# stands for any item of a list.
TOLERATED = {
    "app_id": "a number in real deliveries (captured orders), null in the sample",
    "cancel_reason": "null unless cancelled; the sample is a cancelled order",
    "cancelled_at": "null unless cancelled; the sample is a cancelled order",
    "closed_at": "null unless closed",
    "confirmation_number": "text in real deliveries (captured 2025), null in the sample",
    "fulfillment_status": "null, partial or fulfilled; null in the sample",
    "line_items.*.fulfillment_status": "null, partial or fulfilled; null in the sample",
    "line_items.*.variant_id": "a number for goods of the shop (captured), null in the sample",
    "line_items.*.variant_inventory_management": "shopify or null (captured), null in the sample",
    "line_items.*.vendor": "text (captured), null in the sample",
    "shipping_lines.*.code": "text (captured), null in the sample",
    "customer.created_at": "a time (captured), null in the sample",
    "customer.updated_at": "a time (captured), null in the sample",
    "billing_address.company": "text or null",
    "billing_address.phone": "text or null",
    "billing_address.province": "null in countries without provinces",
    "billing_address.province_code": "null in countries without provinces",
    "service": "manual (captured), null in the sample",
    "shipment_status": "null until the carrier reports; null in the sample",
    "note": "text or null",
    "user_id": "null unless a member of staff did it",
    "phone": "text or null",
    "province": "null in countries without provinces",
    "domain": "text in real deliveries, null in the sample",
    "created_at": "a time, null in some samples",
    "updated_at": "a time, null in some samples",
    "iana_timezone": "text in real deliveries, null in the sample",
    "myshopify_domain": "text in real deliveries, null in the sample",
    "province_code": "null in countries without provinces",
    "taxes_included": "true or false in real deliveries, null in the sample",
    "password_enabled": "true or false in real deliveries, null in the sample",
    "admin_graphql_api_job_id": "the sample is a merge that failed before its job began",
    "email_marketing_consent.opt_in_level": "null until somebody consented",
    "email_marketing_consent.consent_updated_at": "null until somebody consented",
    "customer.phone": "may be missing or null",
    "transactions.*.currency": "text (captured), null in the sample",
    "transactions.*.message": "text or null",
    "transactions.*.parent_id": "a number for refunds (captured), null in the sample",
    "transactions.*.processed_at": "a time (captured), null in the sample",
    "variants.*.compare_at_price": "text or null",
    "name": "text in real deliveries of returns (captured), null in the sample",
    "variants.*.inventory_item_id": "a number (captured), null in the sample",
    "variants.*.sku": "text or null",
}
ADDRESSES = ("billing_address", "shipping_address", "destination", "customer.default_address")


def _tolerated(path: str) -> bool:
    for address in ADDRESSES:
        if path.startswith(f"{address}."):
            path = "billing_address." + path.removeprefix(f"{address}.")
    path = path.replace("default_address.", "billing_address.")
    path = path.replace("refund_line_items.*.line_item.", "line_items.*.")
    return path in TOLERATED or path.removeprefix("addresses.*.") in TOLERATED


def _differences(ours: Any, sample: Any, path: str = "") -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(sample, dict):
        for key in ours.keys() | sample.keys():
            below = f"{path}.{key}" if path else key
            if (key in ours) != (key in sample):
                yield f"{below} is only in {'ours' if key in ours else 'the sample'}"
            else:
                yield from _differences(ours[key], sample[key], below)
    elif isinstance(ours, list) and isinstance(sample, list):
        # Empty lists show no shape; all items of the sample have one.
        if ours and sample:
            yield from _differences(ours[0], sample[0], f"{path}.*")
    elif _json_type(ours) != _json_type(sample):
        yield f"{path} is {_json_type(ours)}, in the sample {_json_type(sample)}"


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object", type(None): "null"}[type(value)]


@pytest.fixture(scope="module")
def deliveries() -> Iterator[dict[str, Received]]:
    """One delivery of every topic that the twin sends, from one shop's life."""
    with running_shop() as merchant:
        _live(merchant)
        yield {delivery.topic: delivery for delivery in merchant.app.received}


def _live(merchant: Merchant) -> None:
    order = merchant.order()
    merchant.act("fulfill", order_id=order["id"])
    merchant.act("fulfillment-event", order_id=order["id"], status="in_transit")
    merchant.act("refund", order_id=order["id"], lines={order["lines"][1]["id"]: 1})
    _return_things(merchant)
    cancelled = merchant.order(email="new@posta.example")
    merchant.act("cancel", order_id=cancelled["id"])
    merchant.act("delete-order", order_id=cancelled["id"])
    zuzana, deniz = (c["id"] for c in _list(merchant, "customers")[:2])
    merchant.act("consent", customer_id=zuzana, state="unsubscribed")
    merchant.act("merge", kept_id=zuzana, deleted_id=deniz)
    merchant.act("delete-customer", customer_id=_list(merchant, "customers")[1]["id"])
    product = _list(merchant, "products")[0]
    merchant.act("delete-product", product_id=product["id"])
    merchant.act("rename", name="Çınar & Breza")
    merchant.act("data-request", customer_id=zuzana)
    merchant.act("redact-customer", customer_id=zuzana)
    merchant.act("scopes", scopes=["read_orders"])
    merchant.act("uninstall")
    merchant.act("redact-shop")


def _return_things(merchant: Merchant) -> None:
    order = merchant.order()
    merchant.act("fulfill", order_id=order["id"])
    pot, soap = (str(line["id"]) for line in order["lines"])
    asked = merchant.act("request-return", order_id=order["id"], lines={pot: 2}, note="Too heavy")
    merchant.act("approve-return", return_id=asked["id"])
    line = str(asked["lines"][0]["id"])
    merchant.act("remove-from-return", return_id=asked["id"], lines={line: 1})
    merchant.act("process-return", return_id=asked["id"])
    merchant.act("close-return", return_id=asked["id"])
    merchant.act("reopen-return", return_id=asked["id"])
    declined = merchant.act("request-return", order_id=order["id"], lines={soap: 1})
    merchant.act("decline-return", return_id=declined["id"], note="It was used.")
    made = merchant.act("create-return", order_id=order["id"], lines={soap: 1})
    merchant.act("cancel-return", return_id=made["id"])


def _list(merchant: Merchant, kind: str) -> list[Any]:
    return list(merchant.send("GET", f"/_twin/shops/{SHOP}/{kind}")[1])


SENT_TOPICS = sorted(
    topic
    for subscription in tomllib.loads((ROOT / "shopify/shopify.app.toml").read_text())["webhooks"][
        "subscriptions"
    ]
    for topic in subscription.get("topics", []) + subscription.get("compliance_topics", [])
    if topic != "returns/process"  # no example of its body exists anywhere
)


@pytest.mark.parametrize("topic", SENT_TOPICS)
def test_body_has_the_documented_keys_and_types(
    topic: str, deliveries: dict[str, Received]
) -> None:
    sample = fixture(f"{topic.replace('/', '__')}__documented_2026-07")["body"]
    differences = [
        difference
        for difference in _differences(deliveries[topic].body, sample)
        if not _tolerated(difference.split(" ")[0])
    ]
    assert differences == []


def test_a_return_line_has_the_captured_keys_and_types(deliveries: dict[str, Received]) -> None:
    captured = fixture("returns__request__captured_2023-10_plus_customer")["body"]
    (asked,) = deliveries["returns/request"].body["return_line_items"]
    (known,) = captured["return_line_items"]
    assert [d for d in _differences(asked, known) if not d.startswith("customer_note ")] == []


def test_a_processed_return_names_itself(deliveries: dict[str, Received]) -> None:
    body = deliveries["returns/process"].body
    assert body["admin_graphql_api_id"] == f"gid://shopify/Return/{body['id']}"


def test_headers_are_the_documented_ones(deliveries: dict[str, Received]) -> None:
    documented = set(fixture("products__update__documented_2026-07")["headers"])
    optional = {"X-Shopify-Name"}  # only for subscriptions that were given a name
    for delivery in deliveries.values():
        assert documented - optional <= set(delivery.headers)
        assert delivery.headers["X-Shopify-Shop-Domain"] == f"{SHOP}.myshopify.com"
        assert delivery.headers["X-Shopify-API-Version"] == "2026-10"
        assert delivery.is_signed


def test_compliance_topics_have_their_own_address(deliveries: dict[str, Received]) -> None:
    for topic, delivery in deliveries.items():
        compliance = topic in ("customers/redact", "customers/data_request", "shop/redact")
        expected = "/webhooks/shopify/compliance" if compliance else "/webhooks/shopify"
        assert delivery.path == expected


def test_without_approval_personal_keys_are_absent() -> None:
    withheld = fixture("orders__updated__anonymised_2025-04_protected")["body"]
    with running_shop() as merchant:
        merchant.act("personal-data", approved=False)
        merchant.order()
        body = merchant.app.of("orders/create")[0].body
    for key in ("email", "contact_email", "phone", "order_status_url"):
        assert key not in body
        assert key not in withheld
    assert set(body["shipping_address"]) == set(withheld["shipping_address"])
    assert {"email", "first_name", "last_name", "phone"}.isdisjoint(body["customer"])
