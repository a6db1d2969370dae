"""Orders, refunds and notes as the REST API (and so each webhook) shows them."""

from decimal import Decimal
from typing import Any

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.store import SYMBOLS, WOOCOMMERCE, Store, full_url, links

EMPTY_BILLING = dict.fromkeys(
    (
        "first_name",
        "last_name",
        "company",
        "address_1",
        "address_2",
        "city",
        "state",
        "postcode",
        "country",
        "email",
        "phone",
    ),
    "",
)
EMPTY_SHIPPING = {key: "" for key in EMPTY_BILLING if key != "email"}


def items_total(order: Document) -> Decimal:
    """Sum of the lines after discounts."""
    return sum((php.decimal(item["total"]) for item in order["line_items"]), Decimal(0))


def shipping_total(order: Document) -> Decimal:
    """Sum of the shipping lines."""
    return sum((php.decimal(line["total"]) for line in order["shipping_lines"]), Decimal(0))


def total(order: Document) -> Decimal:
    """Return what the customer pays (the twin's stores charge no separate tax)."""
    fees = sum((php.decimal(line["total"]) for line in order["fee_lines"]), Decimal(0))
    return items_total(order) + shipping_total(order) + fees


def needs_processing(store: Store, order: Document) -> bool:
    """Tell whether anything has to be sent: not everything is virtual and downloadable."""
    products = [product_of(store, item) for item in order["line_items"]]
    return not products or any(
        product is None or not (product["virtual"] and product["downloadable"])
        for product in products
    )


def product_of(store: Store, item: Document) -> Document | None:
    """Return the product (or variation) behind a line."""
    return store.state.get("product", item["variation_id"] or item["product_id"])


def render_order(store: Store, order: Document, base: str) -> Document:
    """Return the order's JSON, keys in WooCommerce's order."""
    discount = sum((php.decimal(line["discount"]) for line in order["coupon_lines"]), Decimal(0))
    number, grand_total = str(order["id"]), total(order)
    unpaid = order["status"] in ("pending", "failed", "checkout-draft") and grand_total > 0
    path = f"orders/{number}"
    return {
        "id": order["id"],
        "parent_id": 0,
        "status": order["status"],
        "currency": order["currency"],
        "version": WOOCOMMERCE,
        "prices_include_tax": False,
        "date_created": store.local(order["date_created_gmt"]),
        "date_modified": store.local(order["date_modified_gmt"]),
        "discount_total": php.money(discount),
        "discount_tax": "0.00",
        "shipping_total": php.money(shipping_total(order)),
        "shipping_tax": "0.00",
        "cart_tax": "0.00",
        "total": php.money(grand_total),
        "total_tax": "0.00",
        "customer_id": order["customer_id"],
        "order_key": order["order_key"],
        "billing": order["billing"],
        "shipping": order["shipping"],
        "payment_method": order["payment_method"],
        "payment_method_title": order["payment_method_title"],
        "transaction_id": order["transaction_id"],
        "customer_ip_address": order["customer_ip_address"],
        "customer_user_agent": order["customer_user_agent"],
        "created_via": order["created_via"],
        "customer_note": order["customer_note"],
        "date_completed": store.local(order["date_completed_gmt"]),
        "date_paid": store.local(order["date_paid_gmt"]),
        "cart_hash": order["cart_hash"],
        "number": number,
        "meta_data": order["meta_data"],
        "line_items": [_line_item(store, item, base) for item in order["line_items"]],
        "tax_lines": [],
        "shipping_lines": [_with_display(line) for line in order["shipping_lines"]],
        "fee_lines": order["fee_lines"],
        "coupon_lines": [_with_display(line) for line in order["coupon_lines"]],
        "refunds": [
            {"id": refund["id"], "reason": refund["reason"], "total": f"-{refund['amount']}"}
            for refund in refunds_of(store, order["id"])
        ],
        "payment_url": f"{base}/checkout/order-pay/{number}/"
        f"?pay_for_order=true&key={order['order_key']}",
        "is_editable": order["status"] in ("pending", "on-hold"),
        "needs_payment": unpaid,
        "needs_processing": needs_processing(store, order),
        "date_created_gmt": order["date_created_gmt"],
        "date_modified_gmt": order["date_modified_gmt"],
        "date_completed_gmt": order["date_completed_gmt"],
        "date_paid_gmt": order["date_paid_gmt"],
        "currency_symbol": SYMBOLS[order["currency"]],
        "_links": links(base, path, "orders")
        | _customer_link(order, base)
        | {
            "email_templates": [
                {
                    "embeddable": True,
                    "href": f"{base}/wp-json/wc/v3/{path}/actions/email_templates",
                }
            ]
        },
    }


def _customer_link(order: Document, base: str) -> dict[str, Any]:
    if not order["customer_id"]:
        return {}
    return {"customer": [{"href": f"{base}/wp-json/wc/v3/customers/{order['customer_id']}"}]}


def _line_item(store: Store, item: Document, base: str) -> Document:
    product = product_of(store, item)
    parent = store.state.get("product", item["product_id"]) if item["variation_id"] else None
    image = product["images"][0] if product and product["images"] else None
    no_image_id: int | str = 0 if item["variation_id"] else ""
    return _with_display(item) | {
        "sku": product["sku"] if product else None,
        "price": php.number(php.decimal(item["total"]) / item["quantity"]),
        "image": {
            "id": str(image["id"]) if image else no_image_id,
            "src": full_url(image["src"], base) if image else "",
        },
        "parent_name": parent["name"] if parent else None,
    }


def _with_display(line: Document) -> Document:
    # An attribute shows its label (`size` → `Size`), any other key itself.
    meta = [
        entry
        | {
            "display_key": entry["key"].capitalize() if entry["key"].isalpha() else entry["key"],
            "display_value": entry["value"],
        }
        for entry in line["meta_data"]
    ]
    return line | {"meta_data": meta}


def refunds_of(store: Store, order_id: int) -> list[Document]:
    """Return the order's refunds, newest first."""
    refunds = [r for r in store.state.all("refund") if r["parent_id"] == order_id]
    return refunds[::-1]


def render_refund(store: Store, refund: Document, base: str) -> Document:
    """Return the refund's JSON."""
    path = f"orders/{refund['parent_id']}/refunds"
    return {
        "id": refund["id"],
        "date_created": store.local(refund["date_created_gmt"]),
        "date_created_gmt": refund["date_created_gmt"],
        "amount": refund["amount"],
        "reason": refund["reason"],
        "refunded_by": refund["refunded_by"],
        "refunded_payment": refund["refunded_payment"],
        "meta_data": refund["meta_data"],
        "line_items": [_line_item(store, item, base) for item in refund["line_items"]],
        "shipping_lines": [],
        "tax_lines": [],
        "fee_lines": [],
        "_links": links(base, f"{path}/{refund['id']}", path)
        | {"up": [{"href": f"{base}/wp-json/wc/v3/orders/{refund['parent_id']}"}]},
    }


def render_note(store: Store, note: Document, base: str) -> Document:
    """Return the order note's JSON."""
    path = f"orders/{note['order_id']}/notes"
    return {
        "id": note["id"],
        "author": note["author"],
        "date_created": store.local(note["date_created_gmt"]),
        "date_created_gmt": note["date_created_gmt"],
        "note": note["note"],
        "customer_note": note["customer_note"],
        "_links": links(base, f"{path}/{note['id']}", path)
        | {"up": [{"href": f"{base}/wp-json/wc/v3/orders/{note['order_id']}"}]},
    }
