"""What follows from an order's parcels, refunds and returns: what can still come back."""

from collections.abc import Iterator

from twins.common.state import Document
from twins.shopify.shop import Shop

# Pieces of these are not claimed: they can be returned again.
UNCLAIMED = ("declined", "canceled")

# Handle → (number, name, word of the old enum): the general part of Shopify's library, with the
# library's own numbers, and two of the many reasons that belong to a category of goods.
REASONS: dict[str, tuple[int, str, str]] = {
    "unknown": (1, "Unknown", "unknown"),
    "changed-my-mind": (2, "Changed my mind", "unwanted"),
    "item-not-as-described": (3, "Item not as described", "not_as_described"),
    "received-the-wrong-item": (4, "Received the wrong item", "wrong_item"),
    "other-reason": (5, "Other", "other"),
    "damaged-or-defective": (6, "Damaged or defective", "defective"),
    "too-small": (7, "Too small", "size_too_small"),
    "too-big": (8, "Too big", "size_too_large"),
    "style": (9, "Style", "style"),
    "color": (10, "Color", "color"),
    "arrived-late": (24, "Arrived late", "other"),
    "comfort": (56, "Comfort", "other"),
    "material": (143, "Material", "other"),
}


def returns_of(shop: Shop, order_id: int) -> list[Document]:
    """Return an order's returns, oldest first."""
    noted = shop.get("order-returns", order_id) or {"return_ids": []}
    found = [shop.get("return", number) for number in noted["return_ids"]]
    return [one for one in found if one]


def note_return(shop: Shop, made: Document) -> None:
    """Count a return as one of its order's."""
    noted = shop.get("order-returns", made["order_id"]) or {"return_ids": []}
    ids = [*noted["return_ids"], made["id"]]
    shop.put("order-returns", {"id": made["order_id"], "return_ids": ids})


def find_parcel_line(order: Document, number: int | None) -> Document | None:
    """Return the order's fulfillment line item of that number; cancelled parcels have none."""
    lines = (line for parcel in _sent(order) for line in parcel["lines"])
    return next((line for line in lines if line["id"] == number), None)


def returnable(shop: Shop, order: Document) -> list[tuple[Document, list[tuple[Document, int]]]]:
    """Return each parcel with its lines and how many pieces of each can still be returned."""
    claimed = _claimed(shop, order["id"])
    refunded = _refunded_without_return(order)
    found = []
    for parcel in _sent(order):
        lines = []
        for line in parcel["lines"]:
            left = line["quantity"] - claimed.get(line["id"], 0)
            gone = min(left, refunded.get(line["line_id"], 0))
            refunded[line["line_id"]] = refunded.get(line["line_id"], 0) - gone
            if left > gone:
                lines.append((line, left - gone))
        if lines:
            found.append((parcel, lines))
    return found


def returnable_quantity(shop: Shop, order: Document, number: int) -> int:
    """Return how many pieces of one fulfillment line item can still be returned."""
    lines = (line for _parcel, lines in returnable(shop, order) for line in lines)
    return next((left for line, left in lines if line["id"] == number), 0)


def return_status(shop: Shop, order_id: int) -> str:
    """Return the order's returnStatus: the most pressing state of its returns."""
    states = {found["status"] for found in returns_of(shop, order_id)}
    for state, shown in _SHOWN.items():
        if state in states:
            return shown
    return "NO_RETURN"


_SHOWN = {"requested": "RETURN_REQUESTED", "open": "IN_PROGRESS", "closed": "RETURNED"}


def _sent(order: Document) -> Iterator[Document]:
    return (parcel for parcel in order["fulfillments"] if parcel["status"] == "success")


def _claimed(shop: Shop, order_id: int) -> dict[int, int]:
    claimed: dict[int, int] = {}
    for found in returns_of(shop, order_id):
        if found["status"] not in UNCLAIMED:
            for line in found["lines"]:
                number = line["parcel_line_id"]
                claimed[number] = claimed.get(number, 0) + line["quantity"]
    return claimed


def _refunded_without_return(order: Document) -> dict[int, int]:
    """Pieces that were sent and refunded outside of a return; it is not known from which parcel."""
    refunded: dict[int, int] = {}
    for refund in order["refunds"]:
        for line in refund["lines"]:
            if refund["return_id"] is None and line["restock_type"] != "cancel":
                refunded[line["line_id"]] = refunded.get(line["line_id"], 0) + line["quantity"]
    return refunded
