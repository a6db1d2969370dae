"""REST `orders` and `orders/<id>/notes`."""

from twins.common.state import Document
from twins.woocommerce import orders
from twins.woocommerce.errors import WpError, invalid_id
from twins.woocommerce.listing import selected
from twins.woocommerce.order_payload import render_note, render_order
from twins.woocommerce.params import MODIFIED, Param, Schema, collection
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import ORDER_STATUSES, Store

WRITABLE: Schema = {
    "status": Param("string", enum=("auto-draft", *ORDER_STATUSES)),
    "currency": Param("string"),
    "customer_id": Param("integer"),
    "customer_note": Param("string"),
    "billing": Param("address"),
    "shipping": Param("object"),
    "payment_method": Param("string"),
    "payment_method_title": Param("string"),
    "transaction_id": Param("string"),
    "meta_data": Param("array"),
    "line_items": Param("array"),
    "shipping_lines": Param("array"),
    "fee_lines": Param("array"),
    "coupon_lines": Param("array"),
    "set_paid": Param("boolean"),
}


def _list(store: Store, request: RestRequest) -> RestResponse:
    # `search` looks into names and addresses, so it is done here and not by `selected`.
    needle = str(request.params.pop("search", "")).lower()
    found = [
        order
        for order in store.state.all("order")
        if needle in _searchable(order) and _matches(order, request)
    ]
    found = selected(store, request, found)
    return paged(request, found, lambda order: render_order(store, order, request.base))


def _matches(order: Document, request: RestRequest) -> bool:
    params = request.params
    statuses = params["status"]
    is_any = "any" in statuses and order["status"] != "trash"
    product = params.get("product")
    return (
        (is_any or order["status"] in statuses)
        and params.get("customer") in (None, order["customer_id"])
        and (not product or any(i["product_id"] == product for i in order["line_items"]))
    )


def _searchable(order: Document) -> str:
    names = [item["name"] for item in order["line_items"]]
    return "\n".join([str(order["id"]), *order["billing"].values(), *names]).lower()


def _get(store: Store, request: RestRequest) -> RestResponse:
    return RestResponse(render_order(store, orders.read(store, request.id), request.base))


def _create(store: Store, request: RestRequest) -> RestResponse:
    order = orders.create(store, request.params, "rest-api")
    path = f"/wp-json/wc/v3/orders/{order['id']}"
    return RestResponse(
        render_order(store, order, request.base), 201, [("Location", request.base + path)]
    )


def _update(store: Store, request: RestRequest) -> RestResponse:
    if store.state.get("order", request.id) is None:
        raise invalid_id("shop_order", 400, "ID is invalid.")
    order = orders.update(store, request.id, request.params)
    return RestResponse(render_order(store, order, request.base))


def _delete(store: Store, request: RestRequest) -> RestResponse:
    order = orders.read(store, request.id)
    if request.params["force"]:
        shown = render_order(store, order, request.base)
        orders.delete(store, request.id)
        return RestResponse(shown)
    if order["status"] == "trash":
        raise WpError(
            "woocommerce_rest_already_trashed", "The shop_order has already been deleted.", 410
        )
    return RestResponse(render_order(store, orders.trash(store, request.id), request.base))


def _check_order(store: Store, order_id: int, kind: str = "order") -> None:
    if store.state.get("order", order_id) is None:
        raise invalid_id(kind, message="Invalid order ID.")


def _list_notes(store: Store, request: RestRequest) -> RestResponse:
    _check_order(store, request.id, "shop_order")
    kind = request.params["type"]
    notes = [
        note
        for note in store.state.all("note")
        if note["order_id"] == request.id
        and (kind == "any" or note["customer_note"] == (kind == "customer"))
    ]
    return RestResponse([render_note(store, note, request.base) for note in notes[::-1]])


def _create_note(store: Store, request: RestRequest) -> RestResponse:
    _check_order(store, request.id)
    by_user = request.params["added_by_user"] and request.user
    note = orders.add_note(
        store,
        request.id,
        request.params["note"],
        request.params["customer_note"],
        request.user["display_name"] if by_user and request.user else "system",
    )
    path = f"/wp-json/wc/v3/orders/{request.id}/notes/{note['id']}"
    return RestResponse(
        render_note(store, note, request.base), 201, [("Location", request.base + path)]
    )


def _read_note(store: Store, request: RestRequest) -> Document:
    _check_order(store, request.id)
    note = store.state.get("note", int(request.params["note_id"]))
    if note is None or note["order_id"] != request.id:
        raise WpError("woocommerce_rest_invalid_id", "Invalid resource ID.", 404)
    return note


def _get_note(store: Store, request: RestRequest) -> RestResponse:
    return RestResponse(render_note(store, _read_note(store, request), request.base))


def _delete_note(store: Store, request: RestRequest) -> RestResponse:
    if not request.params["force"]:
        # The words are WooCommerce's own.
        message = "Webhooks do not support trashing."
        raise WpError("woocommerce_rest_trash_not_supported", message, 501)
    note = _read_note(store, request)
    store.state.delete("note", note["id"])
    return RestResponse(render_note(store, note, request.base))


ROUTES = [
    Route(
        "GET",
        r"/wc/v3/orders",
        _list,
        collection(("date", "id", "include", "title", "slug", "modified"))
        | MODIFIED
        | {
            "status": Param(
                "array", default=["any"], enum=("any", "trash", "auto-draft", *ORDER_STATUSES)
            ),
            "customer": Param("integer"),
            "product": Param("integer"),
        },
    ),
    Route("POST", r"/wc/v3/orders", _create, WRITABLE),
    Route("GET", r"/wc/v3/orders/(?P<id>\d+)", _get),
    Route("PUT", r"/wc/v3/orders/(?P<id>\d+)", _update, WRITABLE),
    Route(
        "DELETE",
        r"/wc/v3/orders/(?P<id>\d+)",
        _delete,
        {"force": Param("boolean", default=False)},
    ),
    Route(
        "GET",
        r"/wc/v3/orders/(?P<id>\d+)/notes",
        _list_notes,
        {"type": Param("string", default="any", enum=("any", "customer", "internal"))},
    ),
    Route(
        "POST",
        r"/wc/v3/orders/(?P<id>\d+)/notes",
        _create_note,
        {
            "note": Param("string", required=True),
            "customer_note": Param("boolean", default=False),
            "added_by_user": Param("boolean", default=False),
        },
    ),
    Route("GET", r"/wc/v3/orders/(?P<id>\d+)/notes/(?P<note_id>\d+)", _get_note),
    Route(
        "DELETE",
        r"/wc/v3/orders/(?P<id>\d+)/notes/(?P<note_id>\d+)",
        _delete_note,
        {"force": Param("boolean", default=False)},
    ),
]
