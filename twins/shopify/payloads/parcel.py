"""fulfillments/* and fulfillment_events/create."""

from typing import Any

from twins.common.state import Document
from twins.shopify.formats import gid, shop_time
from twins.shopify.payloads.address import address_body, without_personal_data
from twins.shopify.payloads.line import line_body
from twins.shopify.shop import Shop


def parcel_body(shop: Shop, order: Document, parcel: Document) -> dict[str, Any]:
    """Return a fulfilment as orders carry it."""
    zone = shop.settings["timezone"]
    number, url = parcel["tracking_number"], parcel["tracking_url"]
    return {
        "id": parcel["id"],
        "admin_graphql_api_id": gid("Fulfillment", parcel["id"]),
        "created_at": shop_time(parcel["created_at"], zone),
        "location_id": None,
        "name": parcel["name"],
        "order_id": order["id"],
        "origin_address": {},
        "receipt": {},
        "service": "manual",
        "shipment_status": parcel["events"][-1]["status"] if parcel["events"] else None,
        "status": parcel["status"],
        "tracking_company": parcel["tracking_company"],
        "tracking_number": number,
        "tracking_numbers": [number],
        "tracking_url": url,
        "tracking_urls": [url],
        "updated_at": shop_time(parcel["updated_at"], zone),
        "line_items": [
            line_body(order, line) | {"quantity": sent["quantity"]}
            for sent in parcel["lines"]
            for line in order["lines"]
            if line["id"] == sent["line_id"]
        ],
    }


def fulfillment_body(shop: Shop, order: Document, parcel: Document) -> dict[str, Any]:
    """Return the body of fulfillments/create and fulfillments/update."""
    body = parcel_body(shop, order, parcel) | {
        "email": order["email"],
        "destination": address_body(order["shipping_address"]),
        "origin_address": None,
    }
    return body if shop.settings["personal_data_approved"] else without_personal_data(body)


def event_body(shop: Shop, order: Document, parcel: Document, event: Document) -> dict[str, Any]:
    """Return the body of fulfillment_events/create."""
    settings = shop.settings
    zone = settings["timezone"]
    return {
        "id": event["id"],
        "fulfillment_id": parcel["id"],
        "status": event["status"],
        "message": event["message"],
        "happened_at": shop_time(event["happened_at"], zone),
        "city": None,
        "province": None,
        "country": (order["shipping_address"] or {}).get("country_code"),
        "zip": None,
        "address1": None,
        "latitude": None,
        "longitude": None,
        "shop_id": settings["id"],
        "created_at": shop_time(event["created_at"], zone),
        "updated_at": shop_time(event["created_at"], zone),
        "estimated_delivery_at": None,
        "order_id": order["id"],
        "admin_graphql_api_id": gid("FulfillmentEvent", event["id"]),
    }
