"""Order lines in webhook bodies: one shape inside orders, a shorter one elsewhere."""

from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.formats import decimal_text, gid, money_set


def line_body(order: Document, line: Document) -> dict[str, Any]:
    """Return a line as fulfilments and refunds carry it."""
    currency = order["currency"]
    variant = line["variant_title"]
    return {
        "id": line["id"],
        "variant_id": line["variant_id"],
        "title": line["title"],
        "quantity": line["quantity"],
        "sku": line["sku"],
        "variant_title": variant,
        "vendor": line["vendor"],
        "fulfillment_service": "manual",
        "product_id": line["product_id"],
        "requires_shipping": line["requires_shipping"],
        "taxable": True,
        "gift_card": line["gift_card"],
        "name": f"{line['title']} - {variant}" if variant else line["title"],
        "variant_inventory_management": "shopify",
        "properties": [],
        "product_exists": True,
        "fulfillable_quantity": facts.unfulfilled_quantity(order, line),
        "grams": 300,
        "price": decimal_text(line["price"], currency),
        "total_discount": decimal_text(0, currency),
        "fulfillment_status": facts.line_fulfillment_status(order, line),
        "price_set": money_set(line["price"], currency),
        "total_discount_set": money_set(0, currency),
        "discount_allocations": [],
        "duties": [],
        "admin_graphql_api_id": gid("LineItem", line["id"]),
        "tax_lines": [],
    }


def order_line_body(order: Document, line: Document) -> dict[str, Any]:
    """Return a line as orders carry it."""
    return line_body(order, line) | {
        "attributed_staffs": [],
        "current_quantity": facts.current_quantity(order, line),
        "sales_line_item_group_id": None,
    }
