"""Signing in without the plugin (WooCommerce host)."""

from urllib.parse import urlsplit

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import cookies
from app.embedded_ui.session.merchant import blueprint
from app.http import caller, current_deps
from app.services import signing_in
from app.services.rate_limits import rate_limits

OWNER = "owner"


@blueprint.get("/sign-in")
def ask() -> str:
    """Where a merchant without a session lands."""
    return render_template("session/ask.html")


@blueprint.post("/sign-in")
def send() -> ResponseReturnValue:
    """Mail a link; the answer is the same whether or not the store is known."""
    address = request.form.get("address", "").strip()[:300]
    if not address:
        return render_template("session/ask.html", missing=True), 422
    limits = rate_limits(current_deps().settings.redis_url)
    if not limits.allow("20/hour", "sign-in from", caller()):
        return render_template("session/too_often.html"), 429
    if limits.allow("5/hour", "sign-in to", _store(address)):
        signing_in.send_link(current_deps(), address)
    return render_template("session/sent.html", address=address)


@blueprint.get("/sign-in/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """A button, because mail scanners follow links."""
    shop = signing_in.shop_of_link(current_deps(), token)
    if shop is None:
        return render_template("session/gone.html"), 410
    return render_template("session/confirm.html", name=shop.name or shop.domain)


@blueprint.post("/sign-in/<token>")
def enter(token: str) -> ResponseReturnValue:
    """Use the link up and begin the session."""
    deps = current_deps()
    shop = signing_in.use_link(deps, token)
    if shop is None:
        return render_template("session/gone.html"), 410
    response = redirect("/app/", 303)
    cookies.sign_in(deps, response, shop, OWNER)
    return response


def _store(address: str) -> str:
    """One name for all spellings that find one store, so that its owner is mailed rarely."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host = parts.hostname or ""
    except ValueError:
        return address
    return host.removeprefix("www.") + parts.path.rstrip("/").removesuffix("/wp-admin").lower()
