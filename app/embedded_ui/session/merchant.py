"""From a request to its merchant, in both homes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, Literal, NoReturn, ParamSpec

import structlog
from flask import Blueprint, Response, abort, after_this_request, g, redirect, request
from flask.typing import ResponseReturnValue

from app import cookies
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.errors import MerchantMustFix, Retryable
from app.domain.returns import ReturnState
from app.http import current_deps
from app.i18n import N_
from app.logs import about_shop
from app.platforms.shopify.id_token import InvalidIdToken, MerchantIdentity, verify_id_token
from app.platforms.shopify.platform import Shopify
from app.services import connections
from app.shopify_frame import bearer, framed, in_frame, own_address, shell

log = structlog.get_logger()
blueprint = Blueprint("session", __name__)

Host = Literal["shopify", "woocommerce"]
P = ParamSpec("P")
_PROLONG_AFTER = timedelta(minutes=10)
_NAVIGATION = (  # blueprint, address, words
    ("home", "/app/", N_("Home")),
    ("returns", "/app/returns", N_("Returns")),
    ("automations", "/app/automations", N_("Automations")),
    ("activity", "/app/activity", N_("Activity")),
    ("shop", "/app/shop", N_("Shop")),
    ("setup", "/app/setup", N_("Setup")),
)


@dataclass(frozen=True, slots=True)
class MerchantSession:
    """A merchant at work in one shop. `csrf` is empty inside Shopify."""

    shop: Shop
    user: str
    host: Host
    csrf: str = ""


def merchant_page(
    view: Callable[Concatenate[MerchantSession, P], ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Give the view its merchant, or end the request."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        return view(require_merchant(), *args, **kwargs)

    return guarded


def require_merchant() -> MerchantSession:
    """The merchant of this request; otherwise the request ends (shell, 401, or /sign-in)."""
    if "merchant" not in g:
        g.merchant = _find()
        about_shop(g.merchant.shop.id)
        g.waiting = _waiting(g.merchant)
    merchant: MerchantSession = g.merchant
    return merchant


def _waiting(merchant: MerchantSession) -> dict[str, int]:
    """How much waits for the merchant, by the names in the navigation."""
    with current_deps().db.read() as uow:
        held = ShopData(uow, merchant.shop.id).returns.counts().get(ReturnState.HELD, 0)
    return {"returns": held}


def _find() -> MerchantSession:
    deps = current_deps()
    token = bearer()
    if token is not None:
        return _from_token(deps, token)
    if in_frame() and "shopify" in deps.platforms:
        abort(shell(own_address()))
    return _from_cookie(deps)


# inside Shopify


def _from_token(deps: Deps, token: str) -> MerchantSession:
    platform = deps.platforms.get("shopify")
    if not isinstance(platform, Shopify):
        abort(401)
    settings = deps.settings
    try:
        who = verify_id_token(
            token, settings.shopify_client_id, settings.shopify_secrets, deps.wall.now()
        )
    except InvalidIdToken as error:
        log.info("session.id_token_refused", code=error.code)
        _ask_for_new_token()
    g.host = "shopify"
    after_this_request(lambda response: framed(response, who.shop_domain))
    shop = _entered(deps, platform, who, token)
    return MerchantSession(shop, f"shopify:{who.user_id}", "shopify")


def _entered(deps: Deps, platform: Shopify, who: MerchantIdentity, token: str) -> Shop:
    domain = who.shop_domain
    try:
        return connections.enter(
            deps, platform.key, domain, lambda: platform.tokens.exchange(domain, token)
        )
    except Retryable as error:
        log.warning("session.exchange_failed", error=str(error))
        _ask_for_new_token()
    except MerchantMustFix as error:
        log.info("session.exchange_refused", problem=error.problem)
        abort(403)


def _ask_for_new_token() -> NoReturn:
    """App Bridge then fetches once more, with a fresh ID token."""
    response = Response(status=401)
    response.headers["X-Shopify-Retry-Invalid-Session-Request"] = "1"
    abort(framed(response))


# signed in from a WooCommerce store


def _from_cookie(deps: Deps) -> MerchantSession:
    claim = cookies.signed_in(deps)
    if claim is None:
        abort(redirect("/sign-in", 303))
    with deps.db.read() as uow:
        try:
            shop = Shops(uow).get(claim.shop_id)
        except LookupError:
            abort(redirect("/sign-in", 303))
    if not shop.connected or shop.generation != claim.generation:
        abort(redirect("/sign-in", 303))
    if deps.wall.now() - claim.at > _PROLONG_AFTER:

        @after_this_request
        def prolong(response: Response) -> Response:
            if not response.headers.getlist("Set-Cookie"):
                cookies.sign_in(
                    deps, response, shop, claim.user, csrf=claim.csrf, since=claim.since
                )
            return response

    return MerchantSession(shop, claim.user, "woocommerce", claim.csrf)


@blueprint.app_context_processor
def _for_templates() -> dict[str, Any]:
    """What layout.html needs to know of the merchant's home."""
    settings = current_deps().settings
    merchant: MerchantSession | None = g.get("merchant")
    shop = merchant.shop if merchant else None
    host = merchant.host if merchant else g.get("host", "woocommerce")
    nav = [
        {
            "href": href,
            "label": label,
            "current": request.blueprint == name,
            "count": g.get("waiting", {}).get(name, 0),
        }
        for name, href, label in _NAVIGATION
    ]
    return {
        "host": host,
        # Shopify's menu is built from the shell, before the merchant is known
        "nav": nav if merchant or host == "shopify" else [],
        "shop_name": (shop.name or shop.domain) if shop else "",
        "store_admin_url": f"{shop.domain}/wp-admin/" if shop else "",
        "shopify_api_key": settings.shopify_client_id,
        "app_bridge_url": settings.shopify_app_bridge_url,
        "csrf_token": lambda: merchant.csrf if merchant else "",
    }
