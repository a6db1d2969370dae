"""What a customer sees: products with their reviews, and a checkout like the block checkout."""

import secrets
from pathlib import Path

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.woocommerce import checkout, orders, reviews
from twins.woocommerce.errors import WpError
from twins.woocommerce.order_payload import render_order
from twins.woocommerce.pictures import picture
from twins.woocommerce.store import Store

HERE = Path(__file__).parent
COUNTRIES = ("SK", "CZ", "TR", "DE", "AT")
LANGUAGES = ("sk", "tr", "en")


def storefront(store: Store) -> Blueprint:
    """Return the shop's public pages; each names the REST root in a Link header."""
    blueprint = Blueprint("storefront", __name__, template_folder="templates")

    @blueprint.after_request
    def discovery(response: Response) -> Response:
        response.headers.add("Link", f'<{store.home_url}/wp-json/>; rel="https://api.w.org/"')
        return response

    @blueprint.get("/")
    def front() -> ResponseReturnValue:
        return render_template("front.html", store=store, products=_shown(store))

    @blueprint.get("/product/<slug>/")
    def product_page(slug: str) -> ResponseReturnValue:
        product = next((p for p in _shown(store) if p["slug"] == slug), None)
        if product is None:
            abort(404)
        found = reviews.of_product(store, product["id"])[::-1]
        return render_template("product.html", store=store, product=product, reviews=found)

    @blueprint.get("/_twin/pictures/<name>.svg")
    def show_picture(name: str) -> ResponseReturnValue:
        return Response(picture(name), mimetype="image/svg+xml")

    @blueprint.get("/_twin/<any('twin.css', 'wp-admin.css'):name>")
    def stylesheet(name: str) -> ResponseReturnValue:
        return Response((HERE / "static" / name).read_bytes(), mimetype="text/css")

    _checkout_routes(blueprint, store)
    return blueprint


def _checkout_routes(blueprint: Blueprint, store: Store) -> None:
    @blueprint.get("/checkout/")
    def open_checkout() -> ResponseReturnValue:
        product_id = request.args.get("add-to-cart", type=int) or 0
        if store.state.get("product", product_id) is None:
            return redirect("/")
        quantity = max(1, request.args.get("quantity", 1, type=int))
        with store.locked():
            item = {"product_id": product_id, "quantity": quantity}
            order = checkout.draft(store, [item], store.config.country)
        return _checkout_page(store, order, {})

    @blueprint.post("/checkout/<int:order_id>/")
    def place_order(order_id: int) -> ResponseReturnValue:
        form = request.form
        billing = {name: form.get(name, "").strip() for name in ("email", "first_name", "city")}
        billing |= {"last_name": form.get("last_name", ""), "country": form["country"]}
        wishes = {
            "billing": billing | {"address_1": form.get("address_1", ""), "postcode": "040 01"},
            "payment_method": form["payment_method"],
            "language": form["language"],
            "consent": "consent" in form,
            "coupon": form.get("coupon", "").strip(),
            "customer_id": _account(store, billing["email"], "log_in" in form),
        }
        with store.locked():
            order = orders.read(store, order_id)
            if order["status"] != "checkout-draft":
                return redirect(f"/checkout/order-received/{order_id}/?key={order['order_key']}")
            try:
                order = checkout.place(store, order_id, wishes)
            except WpError as error:
                return _checkout_page(store, order, form.to_dict(), error.message), 400
        return redirect(f"/checkout/order-received/{order_id}/?key={order['order_key']}")

    @blueprint.get("/checkout/order-received/<int:order_id>/")
    def received(order_id: int) -> ResponseReturnValue:
        order = store.state.get("order", order_id)
        key = request.args.get("key", "")
        if order is None or not secrets.compare_digest(order["order_key"], key):
            abort(404)
        shown = render_order(store, order, store.home_url)
        return render_template("received.html", store=store, order=shown)


def _checkout_page(
    store: Store, order: Document, form: dict[str, str], problem: str = ""
) -> Response:
    page = render_template(
        "checkout.html",
        store=store,
        order=render_order(store, order, store.home_url),
        form=form,
        problem=problem,
        shipping=checkout.SHIPPING_PRICE,
        gateways=checkout.GATEWAYS,
        countries=COUNTRIES,
        languages=LANGUAGES,
    )
    return make_response(page)


def _account(store: Store, email: str, wanted: bool) -> int:
    found = [c for c in store.state.all("customer") if c["email"].lower() == email.lower()]
    return int(found[0]["id"]) if found and wanted else 0


def _shown(store: Store) -> list[Document]:
    return [p for p in store.state.all("product") if p["type"] != "variation"]
