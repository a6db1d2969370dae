"""Parcels and what the carrier reports of them."""

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.errors import ActionError
from twins.shopify.orders import changed, find_order, open_order, touch
from twins.shopify.payloads.parcel import event_body, fulfillment_body
from twins.shopify.shop import Shop

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
        order = open_order(shop, order_id)
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
        touch(shop, order)
        first = ("fulfillments/create", fulfillment_body(shop, order, parcel))
        changed(shop, order, topics, before=[first])
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
        touch(shop, order)
        before = [
            ("fulfillment_events/create", event_body(shop, order, parcel, event)),
            ("fulfillments/update", fulfillment_body(shop, order, parcel)),
        ]
        changed(shop, order, ["orders/updated"], before)
        return event
