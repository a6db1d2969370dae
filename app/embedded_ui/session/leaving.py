"""Signing out, and disconnecting the store."""

from flask import Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import cookies
from app.embedded_ui.session.merchant import MerchantSession, blueprint, merchant_page
from app.http import current_deps
from app.services import connections


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session in this browser."""
    response = redirect("/sign-in", 303)
    cookies.drop(current_deps(), response, cookies.SESSION)
    return response


@blueprint.get("/app/disconnect")
@merchant_page
def ask_to_disconnect(_merchant: MerchantSession) -> ResponseReturnValue:
    """What it means, and what becomes of the data. Inside Shopify: where to uninstall."""
    return render_template("session/disconnect.html")


@blueprint.post("/app/disconnect")
@merchant_page
def disconnect(merchant: MerchantSession) -> ResponseReturnValue:
    """Leave the store."""
    if merchant.host == "shopify":
        return redirect("/app/disconnect", 303)
    deps, erase = current_deps(), request.form.get("data") == "erase"
    connections.disconnect(deps, merchant.shop.id, erase=erase)
    del g.merchant
    page = Response(
        render_template("session/disconnected.html", erased=erase), mimetype="text/html"
    )
    cookies.drop(deps, page, cookies.SESSION)
    return page
