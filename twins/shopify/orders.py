"""What merchant, customer and carrier can do to an order; each action fires its webhooks."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.addresses import make_address
from twins.shopify.customers import customer_for_checkout, note_order
from twins.shopify.errors import ActionError
from twins.shopify.payloads.customer import customer_body
from twins.shopify.payloads.order import order_body
from twins.shopify.payloads.parcel import event_body, fulfillment_body
from twins.shopify.payloads.product import product_body
from twins.shopify.payloads.refund import refund_body
from twins.shopify.shop import Shop

MANUAL_GATEWAYS = ("Cash on Delivery (COD)", "Bank Deposit", "manual")
FIRST_ORDER_NUMBER = 1001

# A carrier's report as the event calls it, and what the parcel's display status becomes.
EVENT_STATUSES = (
    "label_purchased",
    "label_printed",
    "confirmed",
    "carrier_picked_up",
    "in_transit",
    "out_for_delivery",
    "attempted_delivery",
    "delayed",
    "delivered",
    "failure",
    "ready_for_pickup",
)


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
        _charge(shop, order, created_at, "success" if checkout.paid else "pending")
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


def _charge(shop: Shop, order: Document, at: str, status: str) -> None:
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


def pay_order(shop: Shop, order_id: int) -> Document:
    """Mark a pending order as paid (the courier brought the money)."""
    with shop.locked():
        order = _open_order(shop, order_id)
        if facts.paid(order) >= facts.total(order):
            raise ActionError(f"{order['name']} is paid already.")
        _charge(shop, order, shop.stamp(), "success")
        return _changed(shop, order, ["orders/paid", "orders/updated"])


def fulfill_order(
    shop: Shop,
    order_id: int,
    quantities: dict[int, int] | None = None,
    tracking_number: str | None = None,
    at: str | None = None,
) -> Document:
    """Send a parcel: the given pieces per line id, or all that waits. Returns the parcel.

    `at` (UTC) gives it an older time than now, for a shop with a history.
    """
    with shop.locked():
        order = _open_order(shop, order_id)
        waiting = {x["id"]: facts.unfulfilled_quantity(order, x) for x in order["lines"]}
        sent = {k: v for k, v in (quantities or waiting).items() if v > 0}
        if not sent or any(waiting.get(line, 0) < number for line, number in sent.items()):
            raise ActionError(f"{order['name']} has nothing of that left to send.")
        number = tracking_number or f"DPD{shop.next_id()}"
        parcel: Document = {
            "id": shop.next_id(),
            "name": f"{order['name']}.{len(order['fulfillments']) + 1}",
            "status": "success",
            "created_at": at or shop.stamp(),
            "updated_at": at or shop.stamp(),
            "tracking_company": "DPD",
            "tracking_number": number,
            "tracking_url": f"https://tracking.dpd.example/{number}",
            "lines": [
                {"id": shop.next_id(), "line_id": line, "quantity": quantity}
                for line, quantity in sent.items()
            ],
            "events": [],
        }
        order["fulfillments"].append(parcel)
        topics = ["orders/updated"]
        if facts.fulfillment_status(order) == "fulfilled":
            topics.insert(0, "orders/fulfilled")
        _touch(shop, order)
        first = ("fulfillments/create", fulfillment_body(shop, order, parcel))
        _changed(shop, order, topics, before=[first])
        return parcel


def add_fulfillment_event(
    shop: Shop, order_id: int, parcel_id: int, status: str, happened_at: str | None = None
) -> Document:
    """Let the carrier report; `happened_at` (UTC) may lie in the past. Returns the event."""
    if status not in EVENT_STATUSES:
        raise ActionError(f"{status} is no status of a carrier: {', '.join(EVENT_STATUSES)}.")
    with shop.locked():
        order = find_order(shop, order_id)
        parcel = next((p for p in order["fulfillments"] if p["id"] == parcel_id), None)
        if parcel is None:
            raise ActionError(f"{order['name']} has no parcel {parcel_id}.")
        event: Document = {
            "id": shop.next_id(),
            "status": status,
            "message": f"Parcel {status.replace('_', ' ')}",
            "happened_at": happened_at or shop.stamp(),
            "created_at": shop.stamp(),
        }
        parcel["events"].append(event)
        parcel["updated_at"] = shop.stamp()
        _touch(shop, order)
        before = [
            ("fulfillment_events/create", event_body(shop, order, parcel, event)),
            ("fulfillments/update", fulfillment_body(shop, order, parcel)),
        ]
        _changed(shop, order, ["orders/updated"], before)
        return event


def refund_order(
    shop: Shop,
    order_id: int,
    quantities: dict[int, int] | None = None,
    amount: int | None = None,
    note: str | None = None,
) -> Document:
    """Give money back: for pieces per line id, an amount (minor units), or all that is left.

    Returns the refund.
    """
    with shop.locked():
        order = find_order(shop, order_id)
        left = facts.paid(order) - facts.refunded(order)
        whole = quantities is None and amount is None
        pieces = _refundable(order) if whole else dict(quantities or {})
        refund = _refund(shop, order, pieces, note)
        if amount is None:
            lines = sum(facts.refunded_line_amount(order, line) for line in refund["lines"])
            amount = left if whole else min(left, lines)
        if amount > left or (amount <= 0 and not refund["lines"]):
            raise ActionError(f"{order['name']} has {left} minor units left to refund.")
        _pay_back(shop, order, refund, amount)
        _touch(shop, order)
        before = [("refunds/create", refund_body(shop, order, refund))]
        _changed(shop, order, ["orders/updated"], before)
        return refund


def _refundable(order: Document) -> dict[int, int]:
    return {line["id"]: facts.current_quantity(order, line) for line in order["lines"]}


def _refund(shop: Shop, order: Document, pieces: dict[int, int], note: str | None) -> Document:
    left = _refundable(order)
    if any(left.get(line, 0) < number for line, number in pieces.items()):
        raise ActionError(f"{order['name']} does not have that many pieces left to refund.")
    refund: Document = {
        "id": shop.next_id(),
        "created_at": shop.stamp(),
        "note": note,
        "return_id": None,
        "amount": 0,
        "removed": 0,
        "lines": [],
        "transaction_ids": [],
    }
    for line in order["lines"]:
        number = pieces.get(line["id"], 0)
        waiting = min(number, facts.unfulfilled_quantity(order, line))
        for quantity, restock in ((waiting, "cancel"), (number - waiting, "return")):
            if quantity > 0:
                refund["lines"].append(
                    {
                        "id": shop.next_id(),
                        "line_id": line["id"],
                        "quantity": quantity,
                        "restock_type": restock,
                    }
                )
    order["refunds"].append(refund)
    return refund


def _pay_back(shop: Shop, order: Document, refund: Document, amount: int) -> None:
    refund["amount"] = amount
    goods = sum(facts.refunded_line_amount(order, line) for line in refund["lines"])
    refund["removed"] = max(amount, goods)
    if amount <= 0:
        return
    payment = next(
        t
        for t in order["transactions"]
        if t["kind"] in facts.COUNTED_PAYMENTS and t["status"] == "success"
    )
    transaction: Document = {
        "id": shop.next_id(),
        "kind": "refund",
        "status": "success",
        "gateway": order["gateway"],
        "amount": amount,
        "created_at": shop.stamp(),
        "processed_at": shop.stamp(),
        "parent_id": payment["id"],
    }
    order["transactions"].append(transaction)
    refund["transaction_ids"].append(transaction["id"])


def cancel_order(shop: Shop, order_id: int, reason: str = "customer") -> Document:
    """Cancel an order that was not sent; what was paid is refunded."""
    with shop.locked():
        order = _open_order(shop, order_id)
        if order["fulfillments"]:
            raise ActionError(f"{order['name']} was sent already: it can only be refunded.")
        order["cancelled_at"] = order["closed_at"] = shop.stamp()
        order["cancel_reason"] = reason
        refund = _refund(shop, order, _refundable(order), note="Order canceled")
        _pay_back(shop, order, refund, facts.paid(order) - facts.refunded(order))
        if facts.paid(order) == 0:
            refund["removed"] = facts.total(order)
        _touch(shop, order)
        before = [("refunds/create", refund_body(shop, order, refund))]
        return _changed(shop, order, ["orders/cancelled", "orders/updated"], before)


def set_order_tags(shop: Shop, order_id: int, tags: list[str]) -> Document:
    """Replace an order's tags: the merchant's smallest edit."""
    with shop.locked():
        order = find_order(shop, order_id)
        order["tags"] = sorted(set(tags))
        return _changed(shop, order, ["orders/updated"])


def delete_order(shop: Shop, order_id: int) -> None:
    """Delete an order for good."""
    with shop.locked():
        find_order(shop, order_id)
        shop.delete("order", order_id)
        shop.emit([("orders/delete", {"id": order_id})])


def find_order(shop: Shop, order_id: int) -> Document:
    """Return an order; raises ActionError if the shop has none of that id."""
    order = shop.get("order", order_id)
    if order is None:
        raise ActionError(f"The shop has no order {order_id}.")
    return order


def _open_order(shop: Shop, order_id: int) -> Document:
    order = find_order(shop, order_id)
    if order["cancelled_at"]:
        raise ActionError(f"{order['name']} is cancelled.")
    return order


def _touch(shop: Shop, order: Document) -> None:
    order["updated_at"] = shop.stamp()


def _changed(
    shop: Shop, order: Document, topics: Iterable[str], before: Iterable[tuple[str, Any]] = ()
) -> Document:
    _touch(shop, order)
    shop.put("order", order)
    body = order_body(shop, order)
    shop.emit([*before, *((topic, body) for topic in topics)])
    return order
