"""Refunds as records; the order that they belong to is saved by the caller."""

from decimal import Decimal

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.order_payload import refunds_of, total
from twins.woocommerce.store import Store


def left(store: Store, order: Document) -> Decimal:
    """Return how much of the order has not been refunded."""
    refunded = sum((php.decimal(r["amount"]) for r in refunds_of(store, order["id"])), Decimal(0))
    return total(order) - refunded


def keep(store: Store, order: Document, fields: Document) -> Document:
    """Keep a refund and tell the hooks."""
    refund = {
        "id": store.state.next_id("post", start=10),
        "parent_id": order["id"],
        "date_created_gmt": store.now(),
        "date_modified_gmt": store.now(),
        "reason": "",
        "refunded_by": 0,
        "refunded_payment": False,
        "meta_data": [],
        "line_items": [],
        **fields,
    }
    store.state.put("refund", refund["id"], refund)
    store.fire("action.woocommerce_refund_created", refund["id"])
    store.fire("action.woocommerce_order_refunded", order["id"])
    return refund


def refund_rest(store: Store, order: Document) -> None:
    """Record the refund that comes with setting an order to refunded by hand."""
    keep(
        store,
        order,
        {"amount": php.money(left(store, order)), "reason": "Order fully refunded."},
    )
