"""REST `orders/<id>/refunds` and `refunds`, with the traps of the real ones.

`api_refund` and `api_restock` are true unless sent as false; refunding through a gateway that
cannot (cash on delivery, bank transfer) is 500; `amount` must be a string and wins over the
lines; there is no idempotency key.
"""

from decimal import Decimal
from typing import Any

from twins.common.state import Document
from twins.woocommerce import orders, php, refunds, stock
from twins.woocommerce.errors import bare_error, invalid_id
from twins.woocommerce.listing import selected
from twins.woocommerce.order_payload import refunds_of, render_refund
from twins.woocommerce.params import Param, collection
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import Store, set_meta

NOT_CREATED = "woocommerce_rest_cannot_create_order_refund"
REFUNDING_GATEWAYS = ("card",)


def create(store: Store, order_id: int, data: Document, user_id: int) -> Document:
    """Refund money and lines; raises WpError as WooCommerce would."""
    order = orders.read(store, order_id)
    lines = data.get("line_items") or []
    amount = php.decimal(data["amount"]) if data.get("amount") else _sum(lines)
    if amount < 0:
        message = "Refund amount must be greater than zero."
        raise bare_error("woocommerce_rest_invalid_order_refund", message, 400)
    if amount > refunds.left(store, order):
        raise bare_error(NOT_CREATED, "Invalid refund amount.", 500)
    through_gateway = data.get("api_refund", True)
    if through_gateway:
        _check_gateway(order)
    refund = refunds.keep(
        store,
        order,
        {
            "amount": php.money(amount),
            "reason": data.get("reason") or "",
            "refunded_by": user_id,
            "refunded_payment": through_gateway,
            "line_items": _refund_lines(store, order, lines),
        },
    )
    set_meta(store, refund, data.get("meta_data") or [])
    store.state.put("refund", refund["id"], refund)
    if data.get("api_restock", True):
        _restock(store, order, lines)
    if refunds.left(store, order) <= 0:
        orders.change_status(store, order, "refunded")
    else:
        orders.save(store, order)
    return refund


def share(item: Document, quantity: int) -> str:
    """Return what `quantity` pieces of a line cost after discounts."""
    return php.money(php.decimal(item["total"]) * quantity / item["quantity"])


def rest_of(store: Store, order: Document) -> str:
    """Return what has not been refunded yet, as REST wants it."""
    return php.money(refunds.left(store, order))


def _sum(lines: list[Document]) -> Decimal:
    return sum((php.decimal(line.get("refund_total", 0)) for line in lines), Decimal(0))


def _check_gateway(order: Document) -> None:
    if order["payment_method"] not in REFUNDING_GATEWAYS:
        missing = order["payment_method"] == ""
        what = "does not exist" if missing else "does not support automatic refunds"
        raise bare_error(NOT_CREATED, f"The payment gateway for this order {what}.", 500)


def _refund_lines(store: Store, order: Document, lines: list[Document]) -> list[Document]:
    by_id = {item["id"]: item for item in order["line_items"]}
    result = []
    for line in lines:
        item = by_id.get(int(line.get("id", 0)))
        if item is None:
            continue
        total = php.money(-php.decimal(line.get("refund_total", 0)))
        quantity = -int(line.get("quantity", 0))
        result.append(
            item
            | {
                "id": store.state.next_id("item"),
                "quantity": quantity,
                "subtotal": total,
                "total": total,
                "meta_data": [store.new_meta("_refunded_item_id", str(item["id"]))],
            }
        )
    return result


def _restock(store: Store, order: Document, lines: list[Document]) -> None:
    quantities = {int(line.get("id", 0)): int(line.get("quantity", 0)) for line in lines}
    stock.restock(store, order, quantities)
    for item in order["line_items"]:
        if quantities.get(item["id"]):
            value = str(quantities[item["id"]])
            set_meta(store, item, [{"key": "_restock_refunded_items", "value": value}])


def _list_of_order(store: Store, request: RestRequest) -> RestResponse:
    found = selected(store, request, refunds_of(store, request.id))
    return paged(request, found, lambda refund: render_refund(store, refund, request.base))


def _list_all(store: Store, request: RestRequest) -> RestResponse:
    found = selected(store, request, store.state.all("refund"))

    def render(refund: Document) -> Document:
        shown = render_refund(store, refund, request.base)
        return {"id": shown.pop("id"), "parent_id": refund["parent_id"], **shown}

    return paged(request, found, render)


def _get(store: Store, request: RestRequest) -> RestResponse:
    refund = store.state.get("refund", int(request.params["refund_id"]))
    if refund is None or refund["parent_id"] != request.id:
        raise invalid_id("shop_order_refund")
    return RestResponse(render_refund(store, refund, request.base))


def _create(store: Store, request: RestRequest) -> RestResponse:
    if store.state.get("order", request.id) is None:
        raise bare_error("woocommerce_rest_invalid_order_id", "Invalid order ID.", 404)
    user_id = request.user["id"] if request.user else 0
    refund = create(store, request.id, _loose(request.params), user_id)
    path = f"/wp-json/wc/v3/orders/{request.id}/refunds/{refund['id']}"
    return RestResponse(
        render_refund(store, refund, request.base), 201, [("Location", request.base + path)]
    )


def _loose(params: dict[str, Any]) -> dict[str, Any]:
    # Anything that is not a boolean counts as true for these two switches.
    switches = {name: params.get(name) is not False for name in ("api_refund", "api_restock")}
    return params | switches


_LIST = collection(("date", "id", "include", "title", "slug", "modified"))
ROUTES = [
    Route("GET", r"/wc/v3/refunds", _list_all, _LIST),
    Route("GET", r"/wc/v3/orders/(?P<id>\d+)/refunds", _list_of_order, _LIST),
    Route(
        "POST",
        r"/wc/v3/orders/(?P<id>\d+)/refunds",
        _create,
        {
            "amount": Param("string"),
            "reason": Param("string"),
            "line_items": Param("array"),
            "meta_data": Param("array"),
        },
    ),
    Route("GET", r"/wc/v3/orders/(?P<id>\d+)/refunds/(?P<refund_id>\d+)", _get),
]
