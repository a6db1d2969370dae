"""Orders after checkout: found, paid, tagged, deleted; every change fires its webhooks."""

from collections.abc import Iterable
from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.checkout import charge
from twins.shopify.errors import ActionError
from twins.shopify.payloads.order import order_body
from twins.shopify.shop import Shop


def pay_order(shop: Shop, order_id: int) -> Document:
    """Mark a pending order as paid (the courier brought the money)."""
    with shop.locked():
        order = open_order(shop, order_id)
        if facts.paid(order) >= facts.total(order):
            raise ActionError(f"{order['name']} is paid already.")
        charge(shop, order, shop.stamp(), "success")
        return changed(shop, order, ["orders/paid", "orders/updated"])


def set_order_tags(shop: Shop, order_id: int, tags: list[str]) -> Document:
    """Replace an order's tags: the merchant's smallest edit."""
    with shop.locked():
        order = find_order(shop, order_id)
        order["tags"] = sorted(set(tags))
        return changed(shop, order, ["orders/updated"])


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


def open_order(shop: Shop, order_id: int) -> Document:
    """Return an order that is not cancelled; raises ActionError."""
    order = find_order(shop, order_id)
    if order["cancelled_at"]:
        raise ActionError(f"{order['name']} is cancelled.")
    return order


def touch(shop: Shop, order: Document) -> None:
    """Move the order's updated_at to now."""
    order["updated_at"] = shop.stamp()


def changed(
    shop: Shop, order: Document, topics: Iterable[str], before: Iterable[tuple[str, Any]] = ()
) -> Document:
    """Store a changed order and fire `before`, then the topics with the order as body."""
    touch(shop, order)
    shop.put("order", order)
    body = order_body(shop, order)
    shop.emit([*before, *((topic, body) for topic in topics)])
    return order
