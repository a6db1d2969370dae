"""The page `/_twin/` on which a person plays time, network and Shopify."""

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue

from twins.shopify.shop import Twin

SHOWN_ATTEMPTS = 60


def control_page_blueprint(twin: Twin, first_shop: str) -> Blueprint:
    """Return the control page, and the way from `/` into the first shop."""
    blueprint = Blueprint("control_page", __name__)

    @blueprint.get("/_twin/")
    def controls() -> ResponseReturnValue:
        return render_template(
            "control.html",
            now=twin.clock.now(),
            offset=twin.clock.offset_seconds,
            summary=twin.queue.summary(),
            faults=twin.faults.as_json(),
            shops=twin.shops(),
            attempts=twin.queue.attempts()[: -SHOWN_ATTEMPTS - 1 : -1],
        )

    @blueprint.get("/")
    def home() -> ResponseReturnValue:
        return redirect(f"/store/{first_shop}/")

    @blueprint.get("/products/<name>")
    def product(name: str) -> ResponseReturnValue:
        return redirect(f"/store/{first_shop}/storefront/products/{name}")

    return blueprint
