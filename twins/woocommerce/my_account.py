"""A customer's view of an order, where plugins may add to it. Its key stands in for a log-in."""

import secrets

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from twins.common.state import Document
from twins.woocommerce.order_payload import render_order
from twins.woocommerce.plugin_host import PluginHost
from twins.woocommerce.store import Store


def my_account(store: Store, host: PluginHost) -> Blueprint:
    """Return the page of one order."""
    blueprint = Blueprint("my_account", __name__, template_folder="templates")

    @blueprint.get("/my-account/view-order/<int:order_id>/")
    def view_order(order_id: int) -> ResponseReturnValue:
        order = store.state.get("order", order_id)
        key = request.args.get("key", "")
        if order is None or not secrets.compare_digest(order["order_key"], key):
            abort(404)
        added = _added(host, order) if host.active else {"actions": {}, "below": ""}
        shown = render_order(store, order, store.home_url)
        return render_template("view_order.html", store=store, order=shown, **added)

    return blueprint


def _added(host: PluginHost, order: Document) -> Document:
    """What the plugin puts beside the order in the list, and below its table."""
    known = {
        "id": order["id"],
        "status": order["status"],
        "meta": {m["key"]: m["value"] for m in order["meta_data"] if isinstance(m["value"], str)},
    }
    return {
        "actions": host.run("order_actions", order=known)["answer"],
        "below": Markup(host.run("order_page", order=known)["body"]),  # noqa: S704 - the plugin's
    }
