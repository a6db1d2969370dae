"""Discount codes."""

from typing import Any

from twins.common.state import Document
from twins.shopify.shop import Shop


def find_by_code(shop: Shop, code: str) -> Document | None:
    """Return the discount with that code; codes ignore case."""
    wanted = code.strip().lower()
    return next((d for d in shop.all("discount") if d["code"].lower() == wanted), None)


def create_discount(shop: Shop, title: str, code: str, starts_at: str, **given: Any) -> Document:
    """Store a discount; the caller has checked everything. `percentage` is 0 to 1."""
    discount: Document = {
        "id": shop.next_id(),
        "code_id": shop.next_id(),
        "title": title,
        "code": code,
        "created_at": shop.stamp(),
        "updated_at": shop.stamp(),
        "starts_at": starts_at,
        "ends_at": None,
        "usage_limit": None,
        "once_per_customer": False,
        "customer_ids": [],
        "percentage": None,
        "amount": None,
        "minimum": None,
        "used": 0,
    } | given
    shop.put("discount", discount)
    return discount


def status(shop: Shop, discount: Document) -> str:
    """ACTIVE, SCHEDULED or EXPIRED at business time."""
    now = shop.stamp()
    if discount["ends_at"] and discount["ends_at"] <= now:
        return "EXPIRED"
    return "SCHEDULED" if discount["starts_at"] > now else "ACTIVE"
