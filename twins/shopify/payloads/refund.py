"""refunds/create, and refunds inside orders."""

from decimal import Decimal
from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.formats import decimal_text, gid, money_set, shop_time
from twins.shopify.payloads.line import line_body
from twins.shopify.shop import Shop


def refund_body(shop: Shop, order: Document, refund: Document) -> dict[str, Any]:
    """Return the body of refunds/create."""
    returned = refund["return_id"]
    link = returned and {"id": returned, "admin_graphql_api_id": gid("Return", returned)}
    return refund_in_order(shop, order, refund) | {"return": link, "refund_shipping_lines": []}


def refund_in_order(shop: Shop, order: Document, refund: Document) -> dict[str, Any]:
    """Return a refund as orders carry it: nothing there tells of a return."""
    created_at = shop_time(refund["created_at"], shop.settings["timezone"])
    return {
        "id": refund["id"],
        "admin_graphql_api_id": gid("Refund", refund["id"]),
        "order_id": order["id"],
        "created_at": created_at,
        "processed_at": created_at,
        "note": refund["note"],
        "user_id": None,
        "restock": any(line["restock_type"] != "no_restock" for line in refund["lines"]),
        "duties": [],
        "total_duties_set": money_set(0, order["currency"]),
        "order_adjustments": _adjustments(order, refund),
        "refund_line_items": [_refund_line(order, line) for line in refund["lines"]],
        "transactions": [
            transaction_body(shop, order, transaction)
            for transaction in order["transactions"]
            if transaction["id"] in refund["transaction_ids"]
        ],
    }


def _adjustments(order: Document, refund: Document) -> list[dict[str, Any]]:
    lines = sum(facts.refunded_line_amount(order, line) for line in refund["lines"])
    difference = lines - refund["amount"]
    if difference == 0:
        return []
    currency = order["currency"]
    return [
        {
            "id": refund["id"] + 1,
            "order_id": order["id"],
            "refund_id": refund["id"],
            "amount": decimal_text(difference, currency),
            "amount_set": money_set(difference, currency),
            "kind": "refund_discrepancy",
            "reason": "Refund discrepancy",
            "tax_amount": decimal_text(0, currency),
            "tax_amount_set": money_set(0, currency),
        }
    ]


def _refund_line(order: Document, refunded: Document) -> dict[str, Any]:
    currency = order["currency"]
    line = next(line for line in order["lines"] if line["id"] == refunded["line_id"])
    subtotal = facts.refunded_line_amount(order, refunded)
    return {
        "id": refunded["id"],
        "quantity": refunded["quantity"],
        "line_item_id": refunded["line_id"],
        "location_id": None,
        "restock_type": refunded["restock_type"],
        # The one place where Shopify writes money as a JSON number.
        "subtotal": float(Decimal(decimal_text(subtotal, currency))),
        "total_tax": 0,
        "subtotal_set": money_set(subtotal, currency),
        "total_tax_set": money_set(0, currency),
        "line_item": line_body(order, line),
    }


def transaction_body(shop: Shop, order: Document, transaction: Document) -> dict[str, Any]:
    """Return a payment or refund of money."""
    zone, currency = shop.settings["timezone"], order["currency"]
    unsettled = {"amount": decimal_text(0, currency), "currency": currency}
    return {
        "id": transaction["id"],
        "order_id": order["id"],
        "kind": transaction["kind"],
        "gateway": transaction["gateway"],
        "status": transaction["status"],
        "message": None,
        "created_at": shop_time(transaction["created_at"], zone),
        "test": order["test"],
        "authorization": None,
        "location_id": None,
        "user_id": None,
        "parent_id": transaction["parent_id"],
        "processed_at": shop_time(transaction["processed_at"], zone),
        "device_id": None,
        "error_code": None,
        "source_name": "web",
        "receipt": {},
        "amount": decimal_text(transaction["amount"], currency),
        "currency": currency,
        "payment_id": f"{order['name']}.1",
        "total_unsettled_set": {"presentment_money": unsettled, "shop_money": dict(unsettled)},
        "manual_payment_gateway": facts.is_manual(transaction),
        "amount_rounding": None,
        "admin_graphql_api_id": gid("OrderTransaction", transaction["id"]),
    }
