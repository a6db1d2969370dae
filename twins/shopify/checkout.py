"""Placing an order: goods, customer, discount, payment, and the webhooks of it."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.addresses import make_address
from twins.shopify.customers import customer_for_checkout, note_order
from twins.shopify.errors import ActionError
from twins.shopify.payloads.customer import customer_body
from twins.shopify.payloads.order import order_body
from twins.shopify.payloads.product import product_body
from twins.shopify.shop import Shop

FIRST_ORDER_NUMBER = 1001


@dataclass
class Checkout:
    """What a buyer enters. `items` are (variant id, quantity); without an e-mail the order has
    no customer, as at a till.
    """

    items: list[tuple[int, int]]
    email: str | None
    first_name: str | None = None
    last_name: str | None = None
    country: str | None = None
    locale: str | None = "en"
    gateway: str = "bogus"
    paid: bool = True
    accepts_marketing: bool = False
    test: bool = False
    tags: list[str] = field(default_factory=list)
    discount_code: str | None = None
    created_at: str | None = None  # an older time than now, for imports


def create_order(shop: Shop, checkout: Checkout) -> Document:
    """Place an order; raises ActionError for unknown goods or an unusable code."""
    with shop.locked():
        created_at = checkout.created_at or shop.stamp()
        lines = [_line(shop, variant, quantity) for variant, quantity in checkout.items]
        customer, is_new = customer_for_checkout(shop, checkout, created_at)
        number = shop.twin.documents.next_id(f"{shop.handle}-order", FIRST_ORDER_NUMBER)
        address = checkout.country and make_address(
            shop, checkout.country, checkout.first_name, checkout.last_name
        )
        order: Document = {
            "id": shop.next_id(),
            "name": f"#{number}",
            "number": number,
            "token": secrets.token_hex(16),
            "created_at": created_at,
            "processed_at": created_at,
            "updated_at": created_at,
            "cancelled_at": None,
            "cancel_reason": None,
            "closed_at": None,
            "test": checkout.test,
            "email": checkout.email or "",
            "customer_id": customer["id"] if customer else None,
            "accepts_marketing": checkout.accepts_marketing,
            "locale": checkout.locale,
            "currency": shop.currency,
            "gateway": checkout.gateway,
            "tags": checkout.tags,
            "note": None,
            "source_name": "web",
            "shipping": 490 if any(line["requires_shipping"] for line in lines) else 0,
            "discount": 0,
            "discount_codes": [],
            "shipping_address": address if any(x["requires_shipping"] for x in lines) else None,
            "billing_address": address,
            "lines": lines,
            "fulfillments": [],
            "refunds": [],
            "transactions": [],
        }
        _redeem(shop, order, checkout.discount_code)
        charge(shop, order, created_at, "success" if checkout.paid else "pending")
        shop.put("order", order)
        if customer:
            note_order(shop, customer["id"], order["id"])
        _emit_created(shop, order, customer, is_new)
        return order


def _line(shop: Shop, variant_id: int, quantity: int) -> Document:
    for product in shop.all("product"):
        for variant in product["variants"]:
            if variant["id"] == variant_id:
                return {
                    "id": shop.next_id(),
                    "product_id": product["id"],
                    "variant_id": variant_id,
                    "title": product["title"],
                    "variant_title": variant["title"],
                    "sku": variant["sku"],
                    "vendor": product["vendor"],
                    "price": variant["price"],
                    "quantity": quantity,
                    "gift_card": product["gift_card"],
                    "requires_shipping": product["requires_shipping"],
                }
    raise ActionError(f"The shop has no variant {variant_id}.")


def _redeem(shop: Shop, order: Document, code: str | None) -> None:
    if code is None:
        return
    discount = next((d for d in shop.all("discount") if d["code"].lower() == code.lower()), None)
    if discount is None or (discount["usage_limit"] or 1) <= discount["used"]:
        raise ActionError(f"The code {code} cannot be used.")
    if discount["customer_ids"] and order["customer_id"] not in discount["customer_ids"]:
        raise ActionError(f"The code {code} belongs to another customer.")
    if discount["ends_at"] and discount["ends_at"] <= order["created_at"]:
        raise ActionError(f"The code {code} has expired.")
    items = facts.items_total(order)
    if items < (discount["minimum"] or 0):
        raise ActionError(f"The order is below the minimum of the code {code}.")
    percentage = discount["percentage"]
    reduction = round(items * percentage) if percentage is not None else discount["amount"]
    order["discount"] = min(items, reduction)
    order["discount_codes"] = [discount["code"]]
    shop.put("discount", discount | {"used": discount["used"] + 1})


def charge(shop: Shop, order: Document, at: str, status: str) -> None:
    """Add a payment of what is still owed."""
    order["transactions"].append(
        {
            "id": shop.next_id(),
            "kind": "sale",
            "status": status,
            "gateway": order["gateway"],
            "amount": facts.total(order) - facts.paid(order),
            "created_at": at,
            "processed_at": at,
            "parent_id": order["transactions"][0]["id"] if order["transactions"] else None,
        }
    )


def _emit_created(shop: Shop, order: Document, customer: Document | None, is_new: bool) -> None:
    bodies: list[tuple[str, Any]] = []
    if customer:
        topic = "customers/create" if is_new else "customers/update"
        bodies.append((topic, customer_body(shop, customer)))
    body = order_body(shop, order)
    bodies.append(("orders/create", body))
    if facts.financial_status(order) == "paid":
        bodies.append(("orders/paid", body))
    bodies.append(("orders/updated", body))  # Shopify sends one right after the creation, too
    bodies += [
        ("products/update", product_body(shop, product))
        for product in shop.all("product")
        if product["id"] in {line["product_id"] for line in order["lines"]}
    ]
    shop.emit(bodies)
