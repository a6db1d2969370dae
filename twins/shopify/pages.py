"""What the twin's pages share: templates, static files, money for people."""

from pathlib import Path
from typing import Any

from flask import Blueprint, abort, render_template, send_from_directory
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.shopify import order_facts, return_facts
from twins.shopify.customers import amount_spent, orders_of
from twins.shopify.formats import decimal_text
from twins.shopify.shop import Shop, Twin

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
SYMBOLS = {"EUR": "€"}


def static_blueprint() -> Blueprint:
    """Return `/_twin/static/…`: style sheet, scripts, pictures, the stand-in App Bridge."""
    blueprint = Blueprint("static_files", __name__, url_prefix="/_twin")

    @blueprint.get("/static/<path:name>")
    def file(name: str) -> ResponseReturnValue:
        return send_from_directory(STATIC, name)

    @blueprint.get("/app-bridge.js")
    def app_bridge() -> ResponseReturnValue:
        return send_from_directory(STATIC, "app-bridge.js")

    return blueprint


def render(template: str, shop: Shop, **values: Any) -> str:
    """Render a page of one shop."""

    def money(minor: int) -> str:
        currency = shop.currency
        return f"{SYMBOLS.get(currency, currency)}\N{NO-BREAK SPACE}{decimal_text(minor, currency)}"

    return render_template(
        template,
        shop=shop,
        app=shop.twin.app,
        facts=order_facts,
        money=money,
        orders_of=orders_of,
        returns_of=lambda order: return_facts.returns_of(shop, order["id"]),
        returnable_of=lambda order: _returnable(shop, order),
        return_reasons={key: name for key, (_n, name, _w) in return_facts.REASONS.items()},
        amount_spent=amount_spent,
        **values,
    )


def _returnable(shop: Shop, order: Document) -> dict[int, int]:
    """How many pieces of each order line can still be returned."""
    left: dict[int, int] = {}
    for _parcel, lines in return_facts.returnable(shop, order):
        for line, number in lines:
            left[line["line_id"]] = left.get(line["line_id"], 0) + number
    return left


def find_shop(twin: Twin, handle: str) -> Shop:
    """Return the shop or answer 404."""
    return twin.shop(handle) or abort(404)
