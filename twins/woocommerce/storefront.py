"""What a customer sees: the product list and product pages with their reviews."""

from flask import Blueprint, Response, make_response, render_template

from twins.woocommerce.store import Store


def storefront(store: Store) -> Blueprint:
    """Return the shop's public pages; each names the REST root in a Link header."""
    blueprint = Blueprint("storefront", __name__, template_folder="templates")

    @blueprint.after_request
    def discovery(response: Response) -> Response:
        response.headers.add("Link", f'<{store.home_url}/wp-json/>; rel="https://api.w.org/"')
        return response

    @blueprint.get("/")
    def front() -> Response:
        shown = [p for p in store.state.all("product") if p["type"] != "variation"]
        return make_response(render_template("front.html", store=store, products=shown))

    return blueprint
