"""What follows from an order's lines, payments, parcels and refunds: statuses and sums."""

from twins.common.state import Document

MANUAL_GATEWAYS = ("Cash on Delivery (COD)", "Bank Deposit", "manual")
COUNTED_PAYMENTS = ("sale", "capture")


def refunded_quantity(order: Document, line_id: int) -> int:
    """How many pieces of a line were refunded or removed."""
    return sum(
        line["quantity"]
        for refund in order["refunds"]
        for line in refund["lines"]
        if line["line_id"] == line_id
    )


def fulfilled_quantity(order: Document, line_id: int) -> int:
    """How many pieces of a line are in parcels."""
    return sum(
        line["quantity"]
        for parcel in order["fulfillments"]
        if parcel["status"] == "success"
        for line in parcel["lines"]
        if line["line_id"] == line_id
    )


def current_quantity(order: Document, line: Document) -> int:
    """Bought less refunded."""
    return int(line["quantity"]) - refunded_quantity(order, line["id"])


def unfulfilled_quantity(order: Document, line: Document) -> int:
    """Pieces still to send: bought less sent less refunded before they were sent."""
    cancelled: int = sum(
        refunded["quantity"]
        for refund in order["refunds"]
        for refunded in refund["lines"]
        if refunded["line_id"] == line["id"] and refunded["restock_type"] == "cancel"
    )
    waiting = int(line["quantity"]) - cancelled - fulfilled_quantity(order, line["id"])
    return max(0, waiting)


def items_total(order: Document) -> int:
    """Sum of the lines, minor units."""
    return sum(line["price"] * line["quantity"] for line in order["lines"])


def total(order: Document) -> int:
    """What was to be paid: lines, shipping, less discount; minor units."""
    return items_total(order) + int(order["shipping"]) - int(order["discount"])


def paid(order: Document) -> int:
    """Sum of successful payments."""
    return sum(
        t["amount"]
        for t in order["transactions"]
        if t["kind"] in COUNTED_PAYMENTS and t["status"] == "success"
    )


def refunded(order: Document) -> int:
    """Sum of successful refunds of money."""
    return sum(
        t["amount"]
        for t in order["transactions"]
        if t["kind"] == "refund" and t["status"] == "success"
    )


def removed(order: Document) -> int:
    """What the total fell by: money given back, and goods removed before they were paid."""
    return sum(int(refund["removed"]) for refund in order["refunds"])


def current_total(order: Document) -> int:
    """The total after refunds and removals."""
    return max(0, total(order) - removed(order))


def is_manual(transaction: Document) -> bool:
    """Tell whether the merchant handles that payment by hand."""
    return transaction["gateway"] in MANUAL_GATEWAYS


def financial_status(order: Document) -> str:
    """REST's financial_status."""
    received, returned = paid(order), refunded(order)
    if received == 0:
        return "voided" if order["cancelled_at"] else "pending"
    if returned >= received:
        return "refunded"
    if returned > 0:
        return "partially_refunded"
    return "paid" if received >= total(order) else "partially_paid"


def fulfillment_status(order: Document) -> str | None:
    """REST's fulfillment_status: None, partial or fulfilled."""
    sent = sum(fulfilled_quantity(order, line["id"]) for line in order["lines"])
    if sent == 0:
        return None
    waiting = sum(unfulfilled_quantity(order, line) for line in order["lines"])
    return "fulfilled" if waiting == 0 else "partial"


def line_fulfillment_status(order: Document, line: Document) -> str | None:
    """REST's fulfillment_status of one line."""
    if fulfilled_quantity(order, line["id"]) == 0:
        return None
    return "fulfilled" if unfulfilled_quantity(order, line) == 0 else "partial"


def refunded_line_amount(order: Document, refunded_line: Document) -> int:
    """The price of the refunded pieces of one line."""
    line = next(line for line in order["lines"] if line["id"] == refunded_line["line_id"])
    return int(line["price"]) * int(refunded_line["quantity"])
