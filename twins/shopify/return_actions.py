"""Returns in the control API and on the admin's pages: what a customer and the merchant can do."""

from collections.abc import Callable
from typing import Any

from twins.common.state import Document
from twins.shopify import returns
from twins.shopify.shop import Shop

Given = dict[str, Any]
USUAL_REASON = "changed-my-mind"


def pieces_of(given: Given) -> dict[int, int] | None:
    """Read `{"lines": {"<line id>": quantity}}`; None means all of them."""
    lines = given.get("lines")
    return {int(line): int(number) for line, number in lines.items()} if lines else None


def _wanted(shop: Shop, given: Given) -> list[returns.Wanted]:
    """`lines` are order lines; `reason` a handle of Shopify's library; `note` the customer's."""
    reason = given.get("reason") or USUAL_REASON
    return returns.wanted_of(
        shop, given["order_id"], pieces_of(given), reason, given.get("note") or None
    )


def request_return(shop: Shop, given: Given) -> Document:
    """A customer asks in the shop's customer accounts."""
    return returns.request_return(shop, given["order_id"], _wanted(shop, given))


def _decline(shop: Shop, given: Given) -> Document:
    reason = given.get("reason") or "OTHER"
    note = given.get("note") or None
    return returns.decline_return(shop, given["return_id"], reason, note, notify=True)


def _process(shop: Shop, given: Given) -> Document:
    refund = bool(given.get("refund"))
    return returns.process_return(shop, given["return_id"], pieces_of(given), refund=refund)


ACTIONS: dict[str, Callable[[Shop, Given], Any]] = {
    "request-return": request_return,
    "create-return": lambda shop, given: returns.create_return(
        shop, given["order_id"], _wanted(shop, given)
    ),
    "approve-return": lambda shop, given: returns.approve_return(
        shop, given["return_id"], notify=True
    ),
    "decline-return": _decline,
    "cancel-return": lambda shop, given: returns.cancel_return(shop, given["return_id"]),
    "close-return": lambda shop, given: returns.close_return(shop, given["return_id"]),
    "reopen-return": lambda shop, given: returns.reopen_return(shop, given["return_id"]),
    "process-return": _process,
    "remove-from-return": lambda shop, given: returns.remove_from_return(
        shop, given["return_id"], pieces_of(given) or {}
    ),
}
