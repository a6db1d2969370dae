"""What a customer wants to hear about, behind the links at the foot of every mail."""

from collections.abc import Iterable

from flask import Response, request

from app.channels.links import Purpose
from app.customer_pages.frame import (
    blueprint,
    here,
    limit,
    link_to,
    no_such_link,
    page,
    read_link,
    shop_of,
    speak,
)
from app.db.shops import Shop, ShopState
from app.http import current_deps
from app.services import preferences
from app.services.preferences import EVERYTHING, SCOPES

_RATE = "60/hour"


@blueprint.get("/u/<token>")
def unsubscribe(token: str) -> Response:
    """One button; scanners that follow the link change nothing."""
    shop, who, scope = _scoped(token)
    return _unsubscribe_page(shop, who, scope)


@blueprint.post("/u/<token>")
def unsubscribe_now(token: str) -> Response:
    """Stop at once. The button, and mail programs' own one (RFC 8058), which sends no `do`."""
    shop, who, scope = _scoped(token)
    if not limit(_RATE, token):
        return page("too_often.html", shop, 429)
    wish = request.form.get("do", "stop")
    if wish == "undo":
        _change(shop, who, resume={scope})
    else:
        _change(shop, who, stop=EVERYTHING if wish == "all" else {scope})
    return _unsubscribe_page(shop, who, scope)


@blueprint.get("/p/<token>")
def choose(token: str) -> Response:
    """All kinds of mail with what is chosen now."""
    shop, who = _somebody(Purpose.PREFERENCES, token)
    return _preferences_page(shop, who)


@blueprint.post("/p/<token>")
def choose_now(token: str) -> Response:
    """Keep the choice."""
    shop, who = _somebody(Purpose.PREFERENCES, token)
    if not limit(_RATE, token):
        return page("too_often.html", shop, 429)
    if request.form.get("do") == "all":
        _change(shop, who, stop=EVERYTHING)
    else:
        wanted = SCOPES.keys() & set(request.form.getlist("wanted"))
        _change(shop, who, stop=SCOPES.keys() - wanted, resume=wanted)
    return _preferences_page(shop, who, saved=True)


def _somebody(purpose: Purpose, token: str) -> tuple[Shop, str]:
    """The shop and the hash of the address. The link outlives the customer's record."""
    data = read_link(purpose, token)
    shop, who = shop_of(data.get("s", "")), data.get("h", "")
    if not who or shop.state == ShopState.ERASED:
        no_such_link()
    speak(preferences.reader(current_deps(), shop.id, who).locale, shop.language)
    return shop, who


def _scoped(token: str) -> tuple[Shop, str, str]:
    shop, who = _somebody(Purpose.UNSUBSCRIBE, token)
    scope = read_link(Purpose.UNSUBSCRIBE, token).get("k", "")
    if scope not in SCOPES:
        no_such_link()
    return shop, who, scope


def _change(shop: Shop, who: str, **wish: Iterable[str]) -> None:
    preferences.change(current_deps(), shop.id, who, **wish)


def _unsubscribe_page(shop: Shop, who: str, scope: str) -> Response:
    wanted = preferences.wanted(current_deps(), shop.id, who)
    return page(
        "unsubscribe.html",
        shop,
        scope=scope,
        stopped=scope not in wanted,
        anything_wanted=bool(wanted),
        action=here(),
        preferences_url=link_to(Purpose.PREFERENCES, {"s": shop.public_ref, "h": who}),
    )


def _preferences_page(shop: Shop, who: str, *, saved: bool = False) -> Response:
    deps = current_deps()
    return page(
        "preferences.html",
        shop,
        wanted=preferences.wanted(deps, shop.id, who),
        masked=preferences.reader(deps, shop.id, who).address,
        saved=saved,
        action=here(),
    )
