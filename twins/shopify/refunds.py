"""Money back: refunds by line, by amount or whole, and cancellation."""

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.errors import ActionError
from twins.shopify.orders import changed, find_order, open_order, touch
from twins.shopify.payloads.refund import refund_body
from twins.shopify.shop import Shop


def refund_order(
    shop: Shop,
    order_id: int,
    quantities: dict[int, int] | None = None,
    amount: int | None = None,
    note: str | None = None,
    *,
    return_id: int | None = None,
) -> Document:
    """Give money back: for pieces per line id, an amount (minor units), or all that is left.

    `return_id` names the return that the pieces came back with. Returns the refund.
    """
    with shop.locked():
        order = find_order(shop, order_id)
        left = facts.paid(order) - facts.refunded(order)
        whole = quantities is None and amount is None
        pieces = _refundable(order) if whole else dict(quantities or {})
        refund = _refund(shop, order, pieces, note)
        refund["return_id"] = return_id
        if amount is None:
            lines = sum(facts.refunded_line_amount(order, line) for line in refund["lines"])
            amount = left if whole else min(left, lines)
        if amount > left or (amount <= 0 and not refund["lines"]):
            raise ActionError(f"{order['name']} has {left} minor units left to refund.")
        _pay_back(shop, order, refund, amount)
        touch(shop, order)
        before = [("refunds/create", refund_body(shop, order, refund))]
        changed(shop, order, ["orders/updated"], before)
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
        order = open_order(shop, order_id)
        if order["fulfillments"]:
            raise ActionError(f"{order['name']} was sent already: it can only be refunded.")
        order["cancelled_at"] = order["closed_at"] = shop.stamp()
        order["cancel_reason"] = reason
        refund = _refund(shop, order, _refundable(order), note="Order canceled")
        _pay_back(shop, order, refund, facts.paid(order) - facts.refunded(order))
        if facts.paid(order) == 0:
            refund["removed"] = facts.total(order)
        touch(shop, order)
        before = [("refunds/create", refund_body(shop, order, refund))]
        return changed(shop, order, ["orders/cancelled", "orders/updated"], before)
