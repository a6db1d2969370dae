"""Control API for the merchant's and the customer's moves: `/_twin/orders`, `/_twin/keys`, ….

Every move takes the same way as the REST API or the checkout would, so the webhooks fire.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.woocommerce import (
    auth,
    checkout,
    customers,
    fulfilments,
    orders,
    refund_routes,
    withdrawal,
)
from twins.woocommerce.errors import WpError
from twins.woocommerce.order_payload import render_order
from twins.woocommerce.store import Store, set_meta

TRACKING = "_wc_shipment_tracking_items"


def woocommerce_control(store: Store) -> Blueprint:
    """Return the control API that only this twin has."""
    blueprint = Blueprint("woocommerce_control", __name__, url_prefix="/_twin")

    @blueprint.errorhandler(WpError)
    def refused(error: WpError) -> ResponseReturnValue:
        return jsonify(error.body()), error.status

    _people_routes(blueprint, store)
    _order_routes(blueprint, store)
    return blueprint


def _body() -> dict[str, Any]:
    return request.get_json(silent=True) or {}


def _people_routes(blueprint: Blueprint, store: Store) -> None:
    @blueprint.post("/home")
    def change_home() -> ResponseReturnValue:
        store.home_url = str(_body()["home_url"])
        return jsonify({"home_url": store.home_url})

    @blueprint.post("/keys")
    def create_key() -> ResponseReturnValue:
        data = _body()
        permissions = str(data.get("permissions", "read_write"))
        with store.locked():
            key = auth.create_key(store, int(data.get("user_id", 1)), "control", permissions)
        names = ("key_id", "consumer_key", "consumer_secret", "permissions")
        return jsonify({name: key[name] for name in names} | {"store_url": store.home_url}), 201

    @blueprint.delete("/keys/<int:key_id>")
    def delete_key(key_id: int) -> ResponseReturnValue:
        return "", 204 if auth.delete_key(store, key_id) else 404

    @blueprint.post("/users/<int:user_id>")
    def change_user(user_id: int) -> ResponseReturnValue:
        with store.locked():
            user = (store.state.get("user", user_id) or {"id": user_id}) | _body()
            store.state.put("user", user_id, user)
        return jsonify(user)

    @blueprint.delete("/users/<int:user_id>")
    def delete_user(user_id: int) -> ResponseReturnValue:
        store.state.delete("user", user_id)
        return "", 204

    @blueprint.post("/customers")
    def create_customer() -> ResponseReturnValue:
        with store.locked():
            return jsonify(customers.create(store, _body())), 201

    @blueprint.post("/customers/<int:customer_id>/consent")
    def set_consent(customer_id: int) -> ResponseReturnValue:
        value = "1" if _body().get("consent", True) else "0"
        meta = {"meta_data": [{"key": checkout.CONSENT, "value": value}]}
        with store.locked():
            return jsonify(customers.update(store, customer_id, meta))


def _order_routes(blueprint: Blueprint, store: Store) -> None:
    def shown(order: Document, status: int = 200) -> Response:
        response = jsonify(render_order(store, order, store.home_url))
        response.status_code = status
        return response

    @blueprint.get("/orders")
    def list_orders() -> ResponseReturnValue:
        with store.locked():
            found = store.state.all("order")
            return jsonify([render_order(store, order, store.home_url) for order in found])

    @blueprint.post("/orders")
    def create_order() -> ResponseReturnValue:
        with store.locked():
            return shown(buy(store, _body()), 201)

    @blueprint.post("/orders/<int:order_id>/<move>")
    def move_order(order_id: int, move: str) -> ResponseReturnValue:
        if move not in MOVES:
            return jsonify({"error": f"one of {', '.join(MOVES)}"}), 404
        with store.locked():
            order = MOVES[move](store, order_id, _body())
            return shown(order) if order else ("", 204)


def buy(store: Store, data: dict[str, Any]) -> Document:
    """Place an order through the checkout.

    `items` [{product_id or sku, variation_id, quantity}], `email`, `first_name`, `last_name`,
    `country`, `language`, `payment_method`, `customer_id`, `consent`, `coupon`.
    """
    by_sku = {product["sku"]: product["id"] for product in store.state.all("product")}
    items = [
        {
            "product_id": item.get("product_id") or by_sku.get(item.get("sku"), 0),
            "variation_id": item.get("variation_id", 0),
            "quantity": item.get("quantity", 1),
        }
        for item in data["items"]
    ]
    country = data.get("country", store.config.country)
    names = ("email", "first_name", "last_name", "city", "postcode", "address_1", "phone")
    billing = {name: data.get(name, "") for name in names} | {"country": country}
    order = checkout.draft(store, items, country)
    return checkout.place(store, order["id"], data | {"billing": billing})


def _fulfil(store: Store, order_id: int, data: Document) -> Document:
    order = orders.read(store, order_id)
    item = {
        "tracking_provider": data.get("provider", "Packeta"),
        "tracking_number": data.get("number", f"Z{order_id:010d}"),
        "date_shipped": str(int(store.clock.now().timestamp())),
        "tracking_id": f"{order_id:032x}",
    }
    set_meta(store, order, [{"key": TRACKING, "value": [item]}])
    unpaid_cod = order["payment_method"] == "cod" and order["date_paid_gmt"] is None
    return orders.change_status(store, order, order["status"] if unpaid_cod else "completed")


def _refund(store: Store, order_id: int, data: Document) -> Document:
    """Refund `lines` [{id, quantity}] at their price, or `amount`, or all that is left."""
    order = orders.read(store, order_id)
    by_id = {item["id"]: item for item in order["line_items"]}
    lines = [
        {
            "id": line["id"],
            "quantity": line["quantity"],
            "refund_total": refund_routes.share(by_id[line["id"]], line["quantity"]),
        }
        for line in data.get("lines", [])
    ]
    amount = data.get("amount")
    if not lines and not amount:
        amount = refund_routes.rest_of(store, order)
    by_gateway = order["payment_method"] in refund_routes.REFUNDING_GATEWAYS
    refund_routes.create(
        store,
        order_id,
        {
            "amount": amount,
            "reason": data.get("reason", ""),
            "line_items": lines,
            "api_refund": by_gateway,
        },
        user_id=1,
    )
    return orders.read(store, order_id)


def _withdraw(store: Store, order_id: int, data: Document) -> Document:
    return withdrawal.withdraw(store, order_id, data.get("type", "full_order"))


def _to(status: str) -> Callable[[Store, int, Document], Document]:
    return lambda store, order_id, _data: orders.change_status(
        store, orders.read(store, order_id), status
    )


MOVES: dict[str, Callable[[Store, int, Document], Document | None]] = {
    "pay": lambda store, order_id, _data: orders.pay(store, order_id),
    "process": _to("processing"),
    "fulfil": _fulfil,
    "fulfil-core": fulfilments.fulfil,
    "deliver": _to("delivered"),
    "complete": _to("completed"),
    "cancel": _to("cancelled"),
    "refund": _refund,
    "withdraw": _withdraw,
    "touch": lambda store, order_id, _data: orders.update(store, order_id, {}),
    "trash": lambda store, order_id, _data: orders.trash(store, order_id),
    "restore": lambda store, order_id, _data: orders.restore(store, order_id),
    "delete": lambda store, order_id, _data: orders.delete(store, order_id),
}
