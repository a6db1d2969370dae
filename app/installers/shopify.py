"""The app's address in the Shopify admin.

Shopify installs by itself (managed installation) and calls nothing of ours: the shop is opened
when its first page comes with an ID token (`connections.enter`).
"""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from app.http import current_deps
from app.shopify_frame import in_frame, shell

blueprint = Blueprint("connect_shopify", __name__)


@blueprint.get("/")
def open_app() -> ResponseReturnValue:
    """Inside the Shopify admin the shell of the first page; elsewhere the dashboard."""
    if in_frame() and "shopify" in current_deps().platforms:
        return shell("/app/")
    return redirect("/app/", 303)
