"""The online store: goods, reviews as a theme would show them, and a checkout of one form."""

import json
from typing import Any

from flask import Blueprint, abort, redirect, request
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.shopify import catalog
from twins.shopify.addresses import COUNTRY_NAMES
from twins.shopify.checkout import Checkout, create_order
from twins.shopify.errors import ActionError
from twins.shopify.formats import gid
from twins.shopify.pages import find_shop, render
from twins.shopify.return_actions import request_return
from twins.shopify.shop import Shop, Twin


def storefront_blueprint(twin: Twin) -> Blueprint:
    """Return the pages below `/store/<handle>/storefront/`."""
    blueprint = Blueprint("storefront", __name__, url_prefix="/store/<handle>/storefront")

    @blueprint.get("/")
    def goods(handle: str) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        active = [product for product in shop.all("product") if product["status"] == "active"]
        return _render("storefront.html", shop, products=active)

    @blueprint.route("/products/<name>", methods=["GET", "POST"])
    def product(handle: str, name: str) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        found = next((p for p in shop.all("product") if p["handle"] == name), None) or abort(404)
        problem = None
        if request.method == "POST":
            try:
                order = create_order(shop, _checkout(found))
                return redirect(f"/store/{handle}/storefront/orders/{order['token']}", 303)
            except ActionError as error:
                problem = str(error)
        return _render(
            "product.html",
            shop,
            product=found,
            problem=problem,
            reviews=reviews_of(shop, found),
            countries=COUNTRY_NAMES,
        )

    @blueprint.get("/orders/<token>")
    def order_status(handle: str, token: str) -> ResponseReturnValue:
        shop = find_shop(twin, handle)
        return _render("order_status.html", shop, order=_order_of(shop, token))

    @blueprint.post("/orders/<token>/returns")
    def ask_for_return(handle: str, token: str) -> ResponseReturnValue:
        """What a customer does in Shopify's customer accounts."""
        shop = find_shop(twin, handle)
        order, form = _order_of(shop, token), request.form
        given = {"order_id": order["id"], "reason": form.get("reason"), "note": form.get("note")}
        line = form.get("line", type=int)
        if line:
            given["lines"] = {line: form.get("quantity", 1, int)}
        try:
            request_return(shop, given)
        except ActionError as error:
            page = _render("order_status.html", shop, order=order, problem=str(error))
            return page, 409
        return redirect(f"/store/{handle}/storefront/orders/{token}", 303)

    return blueprint


def _order_of(shop: Shop, token: str) -> Document:
    return next((o for o in shop.all("order") if o["token"] == token), None) or abort(404)


def _render(template: str, shop: Shop, **values: Any) -> str:
    return render(template, shop, rating_of=lambda product: rating_of(shop, product), **values)


def rating_of(shop: Shop, product: Document) -> dict[str, Any] | None:
    """Return value and count from the standard metafields that themes read."""
    value = catalog.metafield(shop, product["id"], "reviews", "rating")
    count = catalog.metafield(shop, product["id"], "reviews", "rating_count")
    if value is None or count is None:
        return None
    return {"value": json.loads(value["value"])["value"], "count": int(count["value"])}


def reviews_of(shop: Shop, product: Document) -> list[dict[str, Any]]:
    """Return the app's review metaobjects of a product, newest first."""
    stored = catalog.metaobject_type(shop, "$app:review") or ""
    wanted = gid("Product", product["id"])
    return [
        entry["fields"] | {"rating": json.loads(entry["fields"]["rating"])["value"]}
        for entry in reversed(catalog.metaobjects_of(shop, stored))
        if entry["fields"].get("product") == wanted
    ]


def _checkout(product: Document) -> Checkout:
    form = request.form
    gateway = form.get("gateway", "bogus")
    return Checkout(
        items=[(product["variants"][0]["id"], form.get("quantity", 1, int))],
        email=form.get("email") or None,
        first_name=form.get("first_name") or None,
        last_name=form.get("last_name") or None,
        country=form.get("country") or None,
        locale=form.get("locale") or None,
        gateway=gateway,
        paid=gateway == "bogus",
        accepts_marketing="accepts_marketing" in form,
        discount_code=form.get("discount_code") or None,
    )
