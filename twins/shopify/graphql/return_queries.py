"""Queries about returns: one return, what can still come back, the library of reasons."""

from collections.abc import Callable
from typing import Any

from twins.common.state import Document
from twins.shopify.formats import gid, number_of
from twins.shopify.graphql.order_objects import parcel_line_object, reason_object, return_object
from twins.shopify.graphql.paging import Connection, connection
from twins.shopify.graphql.values import Value
from twins.shopify.return_facts import REASONS, returnable
from twins.shopify.shop import Shop


def _return(shop: Shop, id: str) -> Value | None:  # noqa: A002 -- GraphQL's name
    number = number_of("Return", id)
    found = shop.get("return", number) if number else None
    order = shop.get("order", found["order_id"]) if found else None
    return return_object(shop, order, found) if found and order else None


def _returnable_fulfillments(
    shop: Shop,
    orderId: str,  # noqa: N803 -- GraphQL's name
    **page: Any,
) -> Connection:
    number = number_of("Order", orderId)
    order = shop.get("order", number) if number else None
    return _page(_parcels(shop, order) if order else {}, page)


def _returnable_fulfillment(shop: Shop, id: str) -> Value | None:  # noqa: A002 -- GraphQL's name
    number = number_of("ReturnableFulfillment", id)
    for order in shop.all("order"):
        if any(parcel["id"] == number for parcel in order["fulfillments"]):
            return _parcels(shop, order).get(number or 0)
    return None


def _parcels(shop: Shop, order: Document) -> dict[int, Value]:
    """Return the ReturnableFulfillments of an order; each has the number of its parcel."""
    return {
        parcel["id"]: _parcel(shop, order, parcel, lines)
        for parcel, lines in returnable(shop, order)
    }


def _parcel(
    shop: Shop, order: Document, parcel: Document, lines: list[tuple[Document, int]]
) -> Value:
    items: dict[int, Value] = {
        line["id"]: {
            "quantity": left,
            "fulfillmentLineItem": parcel_line_object(shop, order, line),
        }
        for line, left in lines
    }
    return {
        "id": gid("ReturnableFulfillment", parcel["id"]),
        "returnableFulfillmentLineItems": lambda **page: _page(items, page),
    }


def _return_reasons(
    shop: Shop,  # noqa: ARG001 -- the library is the same everywhere
    handles: list[str] | None = None,
    ids: list[str] | None = None,
    **arguments: Any,
) -> Connection:
    found = {
        number: reason_object(handle, number, name)
        for handle, (number, name, _word) in REASONS.items()
        if (handles is None or handle in handles)
        and (ids is None or gid("ReturnReasonDefinition", number) in ids)
    }
    return _page(found, {k: v for k, v in arguments.items() if k not in ("query", "sortKey")})


def _page(by_number: dict[int, Value], page: dict[str, Any]) -> Connection:
    numbers: list[Document] = [{"id": number} for number in by_number]
    return connection(numbers, lambda n: (n["id"],), lambda n: by_number[n["id"]], **page)


RETURN_QUERIES: dict[str, Callable[..., Any]] = {
    "return": _return,
    "returnableFulfillments": _returnable_fulfillments,
    "returnableFulfillment": _returnable_fulfillment,
    "returnReasonDefinitions": _return_reasons,
}
