"""The twin's own control API for tests, the demo and benchmarks: JSON under `/_twin/`."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.shopify import (
    catalog,
    checkout,
    customers,
    installation,
    orders,
    parcels,
    refunds,
    return_actions,
)
from twins.shopify.errors import ActionError
from twins.shopify.payloads.order import order_body
from twins.shopify.return_actions import pieces_of
from twins.shopify.shop import Shop, Twin
from twins.shopify.tokens import expire_access, id_token

Given = dict[str, Any]


def shop_control_blueprint(twin: Twin) -> Blueprint:
    """Return the actions on shops; `POST /_twin/shops/<handle>/<action>` takes a JSON object."""
    blueprint = Blueprint("shop_control", __name__, url_prefix="/_twin")

    @blueprint.get("/shops")
    def shops() -> ResponseReturnValue:
        return jsonify([shop.settings for shop in twin.shops()])

    @blueprint.post("/shops")
    def create_shop() -> ResponseReturnValue:
        given = request.get_json()
        if twin.shop(given["handle"]):
            return jsonify({"error": f"There is a shop {given['handle']} already."}), 409
        return jsonify(twin.create_shop(**given).settings), 201

    @blueprint.get("/shops/<handle>/<kind>")
    def documents(handle: str, kind: str) -> ResponseReturnValue:
        names = {
            "orders": "order",
            "customers": "customer",
            "products": "product",
            "discounts": "discount",
            "metafields": "metafield",
            "metaobjects": "metaobject",
            "returns": "return",
        }
        if kind not in names:
            abort(404)
        return jsonify(_shop(twin, handle).all(names[kind]))

    @blueprint.get("/shops/<handle>/orders/<int:order_id>/webhook-body")
    def webhook_body(handle: str, order_id: int) -> ResponseReturnValue:
        shop = _shop(twin, handle)
        return jsonify(order_body(shop, orders.find_order(shop, order_id)))

    @blueprint.get("/shops/<handle>/id-token")
    def token(handle: str) -> ResponseReturnValue:
        seconds = request.args.get("seconds", type=int)
        return jsonify({"id_token": id_token(_shop(twin, handle), seconds)})

    @blueprint.post("/shops/<handle>/<action>")
    def act(handle: str, action: str) -> ResponseReturnValue:
        if action not in ACTIONS:
            abort(404)
        result = ACTIONS[action](_shop(twin, handle), request.get_json(silent=True) or {})
        return jsonify(result if result is not None else {"ok": True})

    @blueprint.errorhandler(ActionError)
    def refused(error: ActionError) -> ResponseReturnValue:
        return jsonify({"error": str(error)}), 409

    @blueprint.errorhandler(KeyError)
    @blueprint.errorhandler(TypeError)
    def misunderstood(error: Exception) -> ResponseReturnValue:
        return jsonify({"error": f"{type(error).__name__}: {error}"}), 400

    return blueprint


def _shop(twin: Twin, handle: str) -> Shop:
    return twin.shop(handle) or abort(404)


def create_order(shop: Shop, given: Given) -> Document:
    """Place an order. `items` are `{product: handle, quantity}` or `{variant_id, quantity}`."""
    items = [(_variant(shop, item), int(item.get("quantity", 1))) for item in given["items"]]
    rest = {key: value for key, value in given.items() if key != "items"}
    entered = checkout.Checkout(items=items, **({"email": None} | rest))
    return checkout.create_order(shop, entered)


def _variant(shop: Shop, item: Given) -> int:
    if "variant_id" in item:
        return int(item["variant_id"])
    for product in shop.all("product"):
        if product["handle"] == item["product"]:
            return int(product["variants"][0]["id"])
    raise ActionError(f"The shop has no product {item['product']}.")


def _fulfill(shop: Shop, given: Given) -> Document:
    number = given.get("tracking_number")
    return parcels.fulfill_order(shop, given["order_id"], pieces_of(given), number, given.get("at"))


def _event(shop: Shop, given: Given) -> Document:
    """Report on a parcel; without `parcel_id` on the order's last one."""
    order = orders.find_order(shop, given["order_id"])
    if not order["fulfillments"]:
        raise ActionError(f"{order['name']} has no parcel yet.")
    parcel_id = given.get("parcel_id") or order["fulfillments"][-1]["id"]
    return parcels.add_fulfillment_event(
        shop, order["id"], parcel_id, given["status"], given.get("happened_at")
    )


def _refund(shop: Shop, given: Given) -> Document:
    return refunds.refund_order(
        shop, given["order_id"], pieces_of(given), given.get("amount"), given.get("note")
    )


def _scopes(shop: Shop, given: Given) -> None:
    installation.change_scopes(shop, list(given["scopes"]))


def _personal_data(shop: Shop, given: Given) -> None:
    shop.change_settings(personal_data_approved=bool(given["approved"]))


def _id_token_lifetime(shop: Shop, given: Given) -> None:
    shop.change_settings(id_token_seconds=given["seconds"])


ACTIONS: dict[str, Callable[[Shop, Given], Any]] = {
    "create-order": create_order,
    "pay": lambda shop, given: orders.pay_order(shop, given["order_id"]),
    "fulfill": _fulfill,
    "fulfillment-event": _event,
    "refund": _refund,
    **return_actions.ACTIONS,
    "cancel": lambda shop, given: refunds.cancel_order(
        shop, given["order_id"], given.get("reason", "customer")
    ),
    "tags": lambda shop, given: orders.set_order_tags(shop, given["order_id"], given["tags"]),
    "delete-order": lambda shop, given: orders.delete_order(shop, given["order_id"]),
    "consent": lambda shop, given: customers.set_consent(
        shop, given["customer_id"], given["state"], given.get("opt_in_level", "single_opt_in")
    ),
    "register": lambda shop, given: customers.register_customer(shop, given["customer_id"]),
    "change-email": lambda shop, given: customers.change_email(
        shop, given["customer_id"], given["email"]
    ),
    "merge": lambda shop, given: customers.merge_customers(
        shop, given["kept_id"], given["deleted_id"]
    ),
    "delete-customer": lambda shop, given: customers.delete_customer(shop, given["customer_id"]),
    "create-product": lambda shop, given: catalog.create_product(shop, **given),
    "change-product": lambda shop, given: catalog.change_product(shop, **given),
    "delete-product": lambda shop, given: catalog.delete_product(shop, given["product_id"]),
    "install": lambda shop, _given: installation.install(shop),
    "uninstall": lambda shop, _given: installation.uninstall(shop),
    "scopes": _scopes,
    "rename": lambda shop, given: installation.rename(shop, **given),
    "personal-data": _personal_data,
    "id-token-lifetime": _id_token_lifetime,
    "expire-access-tokens": lambda shop, _given: expire_access(shop),
    "redact-shop": lambda shop, _given: installation.redact_shop(shop),
    "redact-customer": lambda shop, given: installation.redact_customer(shop, given["customer_id"]),
    "data-request": lambda shop, given: installation.request_data(shop, given["customer_id"]),
}
