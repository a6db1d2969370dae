"""The app's address in the Shopify admin.

Shopify installs by itself (managed installation) and calls nothing of ours: the shop is opened
when its first page comes with an ID token (`connections.enter`).
"""

from flask import Blueprint, abort, redirect
from flask.typing import ResponseReturnValue

from app.http import current_deps
from app.shopify_frame import in_frame, own_address, shell

blueprint = Blueprint("connect_shopify", __name__)


@blueprint.get("/")
def front_door() -> ResponseReturnValue:
    """Who comes without anything is a WooCommerce merchant, or new."""
    return open_app() if in_frame() else redirect("/app/", 303)


@blueprint.get("/shopify")
@blueprint.get("/shopify/<path:path>")
def open_app(path: str = "") -> ResponseReturnValue:
    """The shell of a page, the first one unless the admin's address names another."""
    if "shopify" not in current_deps().platforms:
        abort(404)
    return shell(own_address(f"/{path}" if path.startswith("app/") else "/app/"))
