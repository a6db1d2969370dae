"""The stand-in for the merchant's admin: orders, customers, discounts, and the framed app."""

import base64
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import NAMESPACE_URL, uuid5

from flask import Blueprint, abort, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from twins.shopify import discounts
from twins.shopify.control import ACTIONS
from twins.shopify.errors import ActionError
from twins.shopify.pages import find_shop, render
from twins.shopify.shop import Shop, Twin
from twins.shopify.tokens import id_token
from twins.shopify.webhooks import app_page_signature


def admin_blueprint(twin: Twin) -> Blueprint:
    """Return the pages below `/store/<handle>/`."""
    blueprint = Blueprint(
        "admin", __name__, url_prefix="/store/<handle>", template_folder="templates"
    )

    @blueprint.get("/")
    def orders(handle: str) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        newest_first = shop.all("order")[::-1]
        return render("orders.html", shop, active="Orders", orders=newest_first)

    @blueprint.get("/orders/<int:order_id>")
    def order(handle: str, order_id: int) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        found = shop.get("order", order_id) or abort(404)
        return render("order.html", shop, active="Orders", order=found)

    @blueprint.get("/customers")
    def customers(handle: str) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        return render("customers.html", shop, active="Customers", customers=shop.all("customer"))

    @blueprint.get("/discounts")
    def discount_list(handle: str) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        newest_first = shop.all("discount")[::-1]
        return render(
            "discounts.html",
            shop,
            active="Discounts",
            discounts=newest_first,
            status=discounts.status,
        )

    @blueprint.get("/session-token")
    def session_token(handle: str) -> ResponseReturnValue:
        return jsonify({"id_token": id_token(find_shop(twin, handle))})

    @blueprint.get("/apps/<app_handle>")
    @blueprint.get("/apps/<app_handle>/<path:path>")
    def app(handle: str, app_handle: str, path: str = "") -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        if app_handle != twin.app.handle:
            abort(404)
        return render("app.html", shop, active="app", src=_app_page(shop, path))

    @blueprint.post("/do/<action>")
    def act(handle: str, action: str) -> ResponseReturnValue:
        if action not in ACTIONS:
            abort(404)
        shop = find_shop(twin, handle)
        try:
            ACTIONS[action](shop, _form_values())
        except ActionError as error:
            return render("refused.html", shop, active="Orders", problem=str(error)), 409
        gone = action == "delete-order"
        return redirect(f"/store/{handle}/" if gone else _back(handle), 303)

    return blueprint


def _app_page(shop: Shop, path: str) -> str:
    """Return the framed address: the app's own query and what Shopify adds, signed."""
    admin = f"{urlsplit(shop.twin.url).netloc}/store/{shop.handle}"
    query = request.args.to_dict() | {
        "embedded": "1",
        "host": base64.urlsafe_b64encode(admin.encode()).decode().rstrip("="),
        "id_token": id_token(shop),
        "locale": "en",
        "session": uuid5(NAMESPACE_URL, shop.domain).hex,
        "shop": shop.domain,
        "timestamp": str(int(shop.twin.clock.wall().timestamp())),
    }
    query["hmac"] = app_page_signature(shop.twin.app.client_secret, query)
    below = f"/{path}" if path else ""
    return f"{shop.twin.app.application_url}{below}?{urlencode(query)}"


def _form_values() -> dict[str, Any]:
    """Turn a form into what the control API takes."""
    given: dict[str, Any] = {}
    for name, value in request.form.items():
        if name.endswith("_id"):
            given[name] = int(value)
        elif name == "tags":
            given[name] = [tag.strip() for tag in value.split(",") if tag.strip()]
        elif name == "line":
            given["lines"] = {value: 1}
        else:
            given[name] = value
    return given


def _back(handle: str) -> str:
    """Return the page that the form was on; only paths of this shop."""
    path = urlsplit(request.referrer or "").path
    return path if path.startswith(f"/store/{handle}/") else f"/store/{handle}/"
