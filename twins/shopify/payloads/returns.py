"""The bodies of returns/*: five shapes for eight topics.

`returns/process` has no documented example at all; the twin sends the short shape.
"""

from typing import Any

from twins.common.state import Document
from twins.shopify.formats import gid
from twins.shopify.return_facts import REASONS


def lines_body(found: Document) -> dict[str, Any]:
    """Return the body of returns/request and returns/approve."""
    lines = [line for line in found["lines"] if line["quantity"]]
    return _head(found) | {
        "status": found["status"],
        "order": {
            "id": found["order_id"],
            "admin_graphql_api_id": gid("Order", found["order_id"]),
        },
        "total_return_line_items": sum(line["quantity"] for line in lines),
        "name": found["name"],
        "return_line_items": [_line(line) for line in lines],
        "return_shipping_fees": [],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
    }


def decline_body(found: Document) -> dict[str, Any]:
    """Return the body of returns/decline."""
    decline = found["decline"]
    return _head(found) | {
        "status": found["status"],
        "order": {
            "id": found["order_id"],
            "admin_graphql_api_id": gid("Order", found["order_id"]),
        },
        "decline": {"reason": decline["reason"].lower(), "note": decline["note"] or ""},
    }


def short_body(found: Document) -> dict[str, Any]:
    """Return the body of returns/cancel, close and reopen."""
    return _head(found) | {"order_id": found["order_id"], "status": found["status"]}


def removal_body(found: Document, pieces: dict[int, int]) -> dict[str, Any]:
    """Return the body of returns/update: only what changed, and no number of the return."""
    removals = [
        {"admin_graphql_api_id": gid("ReturnLineItem", line), "delta": quantity}
        for line, quantity in pieces.items()
    ]
    nothing: dict[str, list[Any]] = {"updates": [], "removals": []}
    return {
        "admin_graphql_api_id": gid("Return", found["id"]),
        "return_line_items": {"removals": removals},
        "restocking_fees": nothing,
        "return_shipping_fees": nothing,
    }


def _head(found: Document) -> dict[str, Any]:
    return {"id": found["id"], "admin_graphql_api_id": gid("Return", found["id"])}


def _line(line: Document) -> dict[str, Any]:
    return {
        "id": line["id"],
        "admin_graphql_api_id": gid("ReturnLineItem", line["id"]),
        "fulfillment_line_item": {
            "id": line["parcel_line_id"],
            "admin_graphql_api_id": gid("FulfillmentLineItem", line["parcel_line_id"]),
            "line_item": {
                "id": line["line_id"],
                "admin_graphql_api_id": gid("LineItem", line["line_id"]),
            },
        },
        "quantity": line["quantity"],
        "return_reason": REASONS[line["reason"]][2],
        "return_reason_note": line["reason_note"],
        "customer_note": line["customer_note"],
    }
