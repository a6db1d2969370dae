"""Returns: asked for by a customer, made and decided by the merchant or an app.

Messages and codes of refusals are Shopify's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from twins.common.state import Document
from twins.shopify.errors import ActionError
from twins.shopify.orders import changed, find_order
from twins.shopify.payloads.returns import decline_body, lines_body, removal_body, short_body
from twins.shopify.refunds import refund_order
from twins.shopify.return_facts import (
    REASONS,
    find_parcel_line,
    note_return,
    returnable,
    returnable_quantity,
    returns_of,
)
from twins.shopify.shop import Shop

NOTE_LIMITS = {"customer_note": 300, "reason_note": 255}
DECLINE_NOTE_LIMIT = 500
DECLINE_REASONS = ("RETURN_PERIOD_ENDED", "FINAL_SALE", "OTHER")


class ReturnRefused(ActionError):
    """A user error of the returns API; `path` is inside the mutation's input."""

    def __init__(self, message: str, code: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.path = path


@dataclass(frozen=True)
class Wanted:
    """Some pieces of one fulfillment line item; `reason` is a handle."""

    parcel_line_id: int
    quantity: int
    reason: str
    customer_note: str | None = None
    reason_note: str = ""


def find_return(shop: Shop, number: int | None) -> Document:
    """Return a return; raises ReturnRefused if the shop has none of that id."""
    found = shop.get("return", number) if number else None
    if found is None:
        raise ReturnRefused("Return not found.", "NOT_FOUND", ("id",))
    return found


def wanted_of(
    shop: Shop,
    order_id: int,
    quantities: dict[int, int] | None,
    reason: str,
    customer_note: str | None = None,
) -> list[Wanted]:
    """Turn pieces per order line (all that is left if None) into pieces of parcels."""
    left = dict(quantities or {})
    wanted = []
    for _parcel, lines in returnable(shop, find_order(shop, order_id)):
        for line, number in lines:
            taken = number if quantities is None else min(number, left.get(line["line_id"], 0))
            left[line["line_id"]] = left.get(line["line_id"], 0) - taken
            if taken > 0:
                wanted.append(Wanted(line["id"], taken, reason, customer_note))
    if quantities is not None and any(number > 0 for number in left.values()):
        raise ReturnRefused("Return line item has an invalid quantity.", "INVALID", ("quantity",))
    return wanted


def request_return(shop: Shop, order_id: int, wanted: Iterable[Wanted]) -> Document:
    """A customer asks; the merchant or an app decides."""
    with shop.locked():
        made = _make(shop, order_id, list(wanted), "requested")
        return _announce(shop, made, "returns/request", lines_body(made))


def create_return(shop: Shop, order_id: int, wanted: Iterable[Wanted]) -> Document:
    """The merchant makes a return that needs no decision."""
    with shop.locked():
        made = _make(shop, order_id, list(wanted), "open")
        return _announce(shop, made, "returns/approve", lines_body(made))


def approve_return(shop: Shop, number: int | None, *, notify: bool = False) -> Document:
    """Let the customer send it back. `notify`: Shopify writes to them."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] != "requested":
            text = "Return is not approvable. Only returns with status REQUESTED can be approved."
            raise ReturnRefused(text, "INVALID_STATE", ("id",))
        found |= {"status": "open", "approved_at": shop.stamp(), "notified": notify}
        return _announce(shop, found, "returns/approve", lines_body(found))


def decline_return(
    shop: Shop, number: int | None, reason: str, note: str | None, *, notify: bool = False
) -> Document:
    """Say no; the pieces can be asked for again. `notify`: Shopify writes to the customer."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] == "declined":
            text = "The return is already declined."
            raise ReturnRefused(text, "INVALID_STATE", ("id",))
        if found["status"] != "requested":
            text = (
                "Return is not declinable. Only non-refunded returns with status REQUESTED "
                "can be declined."
            )
            raise ReturnRefused(text, "INVALID_STATE", ("id",))
        if reason not in DECLINE_REASONS:
            raise ReturnRefused("Decline reason is invalid", "INCLUSION", ("declineReason",))
        if len(note or "") > DECLINE_NOTE_LIMIT:
            text = f"Decline note is too long (maximum is {DECLINE_NOTE_LIMIT} characters)"
            raise ReturnRefused(text, "TOO_LONG", ("declineNote",))
        declined = {"reason": reason, "note": note}
        found |= {"status": "declined", "decline": declined, "notified": notify}
        return _announce(shop, found, "returns/decline", decline_body(found))


def cancel_return(shop: Shop, number: int | None) -> Document:
    """Withdraw it, before anything of it was checked in; the pieces count as sent again."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] == "canceled":
            return found
        worked_on = any(line["processed"] or line["refunded"] for line in found["lines"])
        if worked_on or found["status"] == "closed":
            raise ReturnRefused("Return is not cancelable.", "INVALID_STATE", ("id",))
        found["status"] = "canceled"
        return _announce(shop, found, "returns/cancel", short_body(found))


def close_return(shop: Shop, number: int | None) -> Document:
    """End an open return."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] == "closed":
            return found
        if found["status"] != "open":
            raise ReturnRefused("Return status is invalid.", "INVALID_STATE", ("id",))
        found |= {"status": "closed", "closed_at": shop.stamp()}
        return _announce(shop, found, "returns/close", short_body(found))


def reopen_return(shop: Shop, number: int | None) -> Document:
    """Go on with a closed return."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] == "open":
            return found
        if found["status"] != "closed":
            raise ReturnRefused("Return status is invalid.", "INVALID_STATE", ("id",))
        found |= {"status": "open", "closed_at": None}
        return _announce(shop, found, "returns/reopen", short_body(found))


def process_return(
    shop: Shop, number: int | None, pieces: dict[int, int] | None = None, *, refund: bool = False
) -> Document:
    """Check pieces in, per return line or all of them, and give their price back if wanted."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] != "open":
            raise ReturnRefused("Return status is invalid.", "INVALID_STATE", ("returnId",))
        waiting = {line["id"]: line["quantity"] - line["processed"] for line in found["lines"]}
        taken = waiting if pieces is None else pieces
        possible = all(0 <= n <= waiting.get(line, 0) for line, n in taken.items())
        if not possible or not any(taken.values()):
            raise ReturnRefused("Quantity is invalid.", "INVALID", ("returnLineItems",))
        given_back: dict[int, int] = {}
        for line in found["lines"]:
            quantity = taken.get(line["id"], 0)
            line["processed"] += quantity
            if refund:
                line["refunded"] += quantity
                given_back[line["line_id"]] = given_back.get(line["line_id"], 0) + quantity
        shop.put("return", found)
        if refund:
            refund_order(shop, found["order_id"], given_back, return_id=found["id"])
        return _announce(shop, found, "returns/process", short_body(found))


def remove_from_return(shop: Shop, number: int | None, pieces: dict[int, int]) -> Document:
    """Take pieces out of a return; without any left it is closed."""
    with shop.locked():
        found = find_return(shop, number)
        if found["status"] not in ("open", "requested"):
            raise ReturnRefused("Return status is invalid.", "INVALID_STATE", ("returnId",))
        lines = {line["id"]: line for line in found["lines"]}
        for line_id, quantity in pieces.items():
            line = lines.get(line_id)
            if line is None or not 0 < quantity <= line["quantity"] - line["processed"]:
                raise ReturnRefused("Quantity is invalid.", "INVALID", ("returnLineItems",))
            line["quantity"] -= quantity
        if not any(line["quantity"] for line in found["lines"]):
            found |= {"status": "closed", "closed_at": shop.stamp()}
        return _announce(shop, found, "returns/update", removal_body(found, pieces))


def _make(shop: Shop, order_id: int, wanted: list[Wanted], status: str) -> Document:
    order = find_order(shop, order_id)
    if not wanted:
        text = "Return must include at least one line item."
        raise ReturnRefused(text, "INVALID", ("returnLineItems",))
    made: Document = {
        "id": shop.next_id(),
        "name": f"{order['name']}-R{len(returns_of(shop, order_id)) + 1}",
        "order_id": order_id,
        "status": status,
        "created_at": shop.stamp(),
        "approved_at": None,
        "closed_at": None,
        "decline": None,
        "notified": False,
        "lines": [],
    }
    asked: dict[int, int] = {}
    for index, line in enumerate(wanted):
        path = ("returnLineItems", str(index))
        asked[line.parcel_line_id] = asked.get(line.parcel_line_id, 0) + line.quantity
        _check(shop, order, line, asked[line.parcel_line_id], path)
        parcel_line = find_parcel_line(order, line.parcel_line_id) or {}
        made["lines"].append(
            {
                "id": shop.next_id(),
                "parcel_line_id": line.parcel_line_id,
                "line_id": parcel_line["line_id"],
                "quantity": line.quantity,
                "processed": 0,
                "refunded": 0,
                "reason": line.reason,
                "reason_note": line.reason_note,
                "customer_note": line.customer_note,
            }
        )
    note_return(shop, made)
    return made


def _check(shop: Shop, order: Document, line: Wanted, together: int, path: tuple[str, ...]) -> None:
    if find_parcel_line(order, line.parcel_line_id) is None:
        path = (*path, "fulfillmentLineItemId")
        raise ReturnRefused("Fulfillment line item not found.", "NOT_FOUND", path)
    if line.reason not in REASONS:
        path = (*path, "returnReason")
        raise ReturnRefused("Return reason can't be blank", "BLANK", path)
    left = returnable_quantity(shop, order, line.parcel_line_id)
    if line.quantity <= 0 or together > left:
        path = (*path, "quantity")
        raise ReturnRefused("Return line item has an invalid quantity.", "INVALID", path)
    for name, limit in NOTE_LIMITS.items():
        if len(getattr(line, name) or "") > limit:
            text = f"Note is too long (maximum is {limit} characters)"
            raise ReturnRefused(text, "TOO_LONG", (*path, _NOTE_FIELDS[name]))


_NOTE_FIELDS = {"customer_note": "customerNote", "reason_note": "returnReasonNote"}


def _announce(shop: Shop, found: Document, topic: str, body: Document) -> Document:
    """Store a changed return, move its order's time, and tell both."""
    shop.put("return", found)
    order = find_order(shop, found["order_id"])
    changed(shop, order, ["orders/updated"], before=[(topic, body)])
    return found
