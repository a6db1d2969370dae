"""orders/create, orders/updated, orders/paid, orders/fulfilled and orders/cancelled."""

from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.formats import decimal_text, gid, money_set, shop_time
from twins.shopify.payloads.address import address_body, without_personal_data
from twins.shopify.payloads.customer import customer_in_order
from twins.shopify.payloads.line import order_line_body
from twins.shopify.payloads.parcel import parcel_body
from twins.shopify.payloads.refund import refund_in_order
from twins.shopify.shop import Shop


def order_body(shop: Shop, order: Document) -> dict[str, Any]:
    """Return the order as REST shows it now."""
    customer = shop.get("customer", order["customer_id"]) if order["customer_id"] else None
    body = (
        _identity(shop, order)
        | _state(order)
        | _times(shop, order)
        | _sums(order)
        | {
            "customer": customer_in_order(shop, customer) if customer else None,
            "billing_address": address_body(order["billing_address"]),
            "shipping_address": address_body(order["shipping_address"]),
            "line_items": [order_line_body(order, line) for line in order["lines"]],
            "fulfillments": [parcel_body(shop, order, p) for p in order["fulfillments"]],
            "refunds": [refund_in_order(shop, order, refund) for refund in order["refunds"]],
            "shipping_lines": _shipping_lines(order),
        }
    )
    return body if shop.settings["personal_data_approved"] else without_personal_data(body)


def _identity(shop: Shop, order: Document) -> dict[str, Any]:
    status_url = f"{shop.storefront_url}/orders/{order['token']}/authenticate?key=demo"
    return {
        "id": order["id"],
        "admin_graphql_api_id": gid("Order", order["id"]),
        "name": order["name"],
        "number": order["number"] - 1000,
        "order_number": order["number"],
        "token": order["token"],
        "confirmation_number": order["token"][:9].upper(),
        "order_status_url": status_url,
        "email": order["email"],
        "contact_email": order["email"] or None,
        "phone": None,
        "customer_locale": order["locale"],
        "source_name": order["source_name"],
        "note": order["note"],
        "tags": ", ".join(order["tags"]),
        "test": order["test"],
    } | _CONSTANT


_CONSTANT: dict[str, Any] = {
    "app_id": 580111,
    "browser_ip": None,
    "cart_token": None,
    "checkout_token": None,
    "client_details": None,
    "device_id": None,
    "duties_included": False,
    "estimated_taxes": False,
    "landing_site": None,
    "landing_site_ref": None,
    "location_id": None,
    "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
    "merchant_of_record_app_id": None,
    "note_attributes": [],
    "po_number": None,
    "reference": None,
    "referring_site": None,
    "source_identifier": None,
    "source_url": None,
    "tax_exempt": False,
    "tax_lines": [],
    "taxes_included": True,
    "total_weight": 0,
    "user_id": None,
    "payment_terms": None,
    "returns": [],
    "line_item_groups": [],
}


def _state(order: Document) -> dict[str, Any]:
    return {
        "buyer_accepts_marketing": order["accepts_marketing"],
        "cancel_reason": order["cancel_reason"],
        "confirmed": True,
        "financial_status": facts.financial_status(order),
        "fulfillment_status": facts.fulfillment_status(order),
        "payment_gateway_names": [order["gateway"]],
        "discount_codes": [
            {
                "code": code,
                "amount": decimal_text(order["discount"], order["currency"]),
                "type": "percentage",
            }
            for code in order["discount_codes"]
        ],
        "discount_applications": [
            {
                "target_type": "line_item",
                "type": "discount_code",
                "value": decimal_text(order["discount"], order["currency"]),
                "value_type": "fixed_amount",
                "allocation_method": "across",
                "target_selection": "all",
                "code": code,
            }
            for code in order["discount_codes"]
        ],
    }


def _times(shop: Shop, order: Document) -> dict[str, Any]:
    zone = shop.settings["timezone"]
    names = ("created_at", "processed_at", "updated_at", "cancelled_at", "closed_at")
    return {name: shop_time(order[name], zone) for name in names}


def _sums(order: Document) -> dict[str, Any]:
    currency = order["currency"]
    items, shipping, discount = facts.items_total(order), order["shipping"], order["discount"]
    total, current = facts.total(order), facts.current_total(order)
    outstanding = 0 if order["cancelled_at"] else max(0, current - facts.paid(order))
    current_items = sum(x["price"] * facts.current_quantity(order, x) for x in order["lines"])
    pairs = {
        "current_subtotal_price": min(current, current_items),
        "current_total_discounts": discount,
        "current_total_price": current,
        "current_total_tax": 0,
        "subtotal_price": items - discount,
        "total_discounts": discount,
        "total_line_items_price": items,
        "total_price": total,
        "total_tax": 0,
    }
    only_sets = {
        "current_shipping_price_set": shipping if current else 0,
        "total_shipping_price_set": shipping,
        "total_cash_rounding_payment_adjustment_set": 0,
        "total_cash_rounding_refund_adjustment_set": 0,
    }
    return (
        {name: decimal_text(minor, currency) for name, minor in pairs.items()}
        | {f"{name}_set": money_set(minor, currency) for name, minor in pairs.items()}
        | {name: money_set(minor, currency) for name, minor in only_sets.items()}
        | dict.fromkeys(_ABSENT_SETS)
        | {
            "currency": currency,
            "presentment_currency": currency,
            "total_outstanding": decimal_text(outstanding, currency),
            "total_tip_received": decimal_text(0, currency),
        }
    )


_ABSENT_SETS = (
    "current_total_additional_fees_set",
    "current_total_duties_set",
    "original_total_additional_fees_set",
    "original_total_duties_set",
)


def _shipping_lines(order: Document) -> list[dict[str, Any]]:
    if not order["shipping"]:
        return []
    price, price_set = (
        decimal_text(order["shipping"], order["currency"]),
        money_set(order["shipping"], order["currency"]),
    )
    return [
        {
            "id": order["id"] + 1,
            "carrier_identifier": None,
            "code": "Standard",
            "current_discounted_price_set": price_set,
            "discounted_price": price,
            "discounted_price_set": price_set,
            "is_removed": False,
            "phone": None,
            "price": price,
            "price_set": price_set,
            "requested_fulfillment_service_id": None,
            "source": "shopify",
            "title": "Standard",
            "tax_lines": [],
            "discount_allocations": [],
        }
    ]
