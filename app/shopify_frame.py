"""Our pages inside the Shopify admin's frame: who asks, who may frame, and the token-free shell."""

from urllib.parse import urlencode, urlsplit

from flask import Response, g, render_template, request

from app.http import allow, current_deps
from app.platforms.shopify.shop_domain import valid_shop_domain

# What the admin adds to the address of a framed app.
_ADMINS = {"embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"}


def bearer() -> str | None:
    """App Bridge's ID token, which comes with each fetch; not verified."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else None


def in_frame() -> bool:
    """Whether a request without token is a document in the admin: its first load, or a reload."""
    return (
        valid_shop_domain(request.args.get("shop")) is not None
        or request.headers.get("Sec-Fetch-Dest") == "iframe"
    )


def own_address(path: str = "") -> str:
    """The present address, or another path, with its filter; without what the admin adds, which is
    for one visit, and signed.
    """
    own = [(name, value) for name, value in request.args.items(multi=True) if name not in _ADMINS]
    path = path or request.path
    return f"{path}?{urlencode(own)}" if own else path


def shell(page_url: str) -> Response:
    """The frame of a page without anything of the shop: it fetches the page with a token."""
    g.host = "shopify"
    body = render_template("shell.html", page_url=page_url)
    return framed(Response(body, mimetype="text/html"))


def framed(response: Response, shop: str | None = None) -> Response:
    """Only this shop's admin may frame it; nothing of it is kept.

    Without a verified `shop` the address's parameter counts: such an answer holds nothing.
    """
    settings = current_deps().settings
    shop = shop or valid_shop_domain(request.args.get("shop"))
    ancestors = (
        f"https://{shop}" if shop else "",
        "https://admin.shopify.com",
        settings.shopify_origin,
    )
    bridge = urlsplit(settings.shopify_app_bridge_url)
    scripts = f"'self' {bridge.scheme}://{bridge.netloc}" if bridge.netloc else "'self'"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Authorization"
    return allow(
        response,
        frame_ancestors=" ".join(filter(None, ancestors)),
        script_src=scripts,
        style_src="'self' 'unsafe-inline'",  # App Bridge writes style elements
    )
