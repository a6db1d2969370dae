"""What all customer pages share: blueprint, signed link, language, the shop's frame, headers."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for

from app.channels.brand import DEFAULT_COLOUR
from app.channels.links import Purpose
from app.db.shops import Shop, Shops
from app.domain.colour import ColourError, parse
from app.http import allow, current_deps
from app.i18n import SUPPORTED, negotiate
from app.logs import about_shop
from app.services.rate_limits import rate_limits

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")  # what may stand in the security policy

blueprint = Blueprint("customer", __name__)

_NAMES = {"en": "English", "tr": "Türkçe", "sk": "Slovenčina"}


@blueprint.after_request
def _private(response: Response) -> Response:
    """Nobody else learns the address: no script, no framing, no referrer, no index, no cache."""
    pictures = " ".join(["'self' https: data:", *g.get("picture_origins", ())])
    allow(response, script_src="'none'", connect_src="'none'", img_src=pictures)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def read_link(purpose: Purpose, token: str) -> dict[str, str]:
    """What a link names; a page that reveals nothing if it is old, altered or not ours."""
    data = current_deps().links.read(purpose, token)
    if data is None:
        no_such_link()
    return data


def shop_of(public_ref: str) -> Shop:
    """The shop of a link or address."""
    with current_deps().db.read() as uow:
        shop = Shops(uow).by_ref(public_ref)
    if shop is None:
        no_such_link()
    about_shop(shop.id)
    return shop


def no_such_link() -> NoReturn:
    """End the request: the link does not work."""
    abort(page("no_link.html", None, 400))


def shop_gone(shop: Shop) -> NoReturn:
    """End the request: what is sent here would reach nobody."""
    abort(page("shop_gone.html", shop, 410))


def limit(rate: str, token: str) -> bool:
    """Count a change made through a link, or to what it names; False once there were too many."""
    limits = rate_limits(current_deps().settings.redis_url)
    return limits.allow(rate, str(request.endpoint), token)


def speak(*locales: str | None) -> None:
    """The page's language unless the reader chose another: the first locale that is known."""
    known = [locale for locale in locales if locale]
    if known:
        g.language = negotiate(known[0])


def page(template: str, shop: Shop | None, status: int = 200, **values: Any) -> Response:
    """A page in the shop's name and colours; without a shop in ours."""
    shared = {
        "shop": _brand(shop),
        "colour_url": _colour_url(shop),
        "languages": _languages(),
        **_rights(shop),
    }
    body = render_template(template, **{**shared, **values})
    return Response(body, status, mimetype="text/html")


def here(**more: str) -> str:
    """The present address with the reader's choice of language."""
    return _with_query(request.path, {**_chosen_language(), **more})


def address(endpoint: str, **values: Any) -> str:
    """Another customer page in the reader's language."""
    return url_for(f"customer.{endpoint}", **values, lang=_chosen_language().get("lang"))


def link_to(purpose: Purpose, data: dict[str, str], below: str = "", **query: str) -> str:
    """A page behind a signed link, or `below` it, in the reader's language."""
    path = urlsplit(current_deps().links.make(purpose, data)).path
    return _with_query(path + below, {**_chosen_language(), **query})


def go(url: str) -> Response:
    """Send the browser there, with GET."""
    return redirect(url, 303, Response)  # type: ignore[return-value]  # Flask promises werkzeug's base class only


def pictures_of(wanted: Mapping[str, str | None]) -> dict[str, str | None]:
    """Addresses of pictures by line; https is allowed anyhow, stores without it are named."""
    pictures = {line_id: web_url(url) for line_id, url in wanted.items()}
    hosts = [urlsplit(url).netloc for url in pictures.values() if url and url[:5] == "http:"]
    g.picture_origins = {f"http://{host}" for host in hosts if _HOST.fullmatch(host)}
    return pictures


def web_url(url: str | None) -> str | None:
    """The address if it leads to the web; nothing else is put into a page."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None


def _rights(shop: Shop | None) -> dict[str, str | None]:
    """Where a customer of the shop returns or withdraws; pages of an order lead there directly."""
    if shop is None or not shop.connected:
        return {"return_url": None, "withdraw_url": None}
    return {
        "return_url": address("return_lookup", shop_ref=shop.public_ref),
        "withdraw_url": address("withdraw", shop_ref=shop.public_ref),
    }


def _brand(shop: Shop | None) -> dict[str, str | None] | None:
    if shop is None:
        return None
    url, contact = web_url(shop.url), shop.postal_address
    return {"name": shop.name or shop.domain, "url": url, "contact": contact}


def colour_of(shop: Shop | None) -> str:
    """The shop's colour, or ours."""
    try:
        return parse(shop.colour) if shop and shop.colour else DEFAULT_COLOUR
    except ColourError:
        return DEFAULT_COLOUR


def _colour_url(shop: Shop | None) -> str:
    """Contains the colour, so that it can be cached for good."""
    version = colour_of(shop).removeprefix("#")
    if shop is None:
        return url_for("customer.our_colour", v=version)
    return url_for("customer.shop_colour", shop_ref=shop.public_ref, v=version)


def _languages() -> list[dict[str, str]]:
    """The same page in each language; what a mail filled in stays."""
    kept = {name: request.args[name] for name in ("item", "stars") if name in request.args}
    return [
        {
            "href": _with_query(request.path, {**kept, "lang": code}),
            "code": code,
            "label": _NAMES[code],
        }
        for code in SUPPORTED
    ]


def _chosen_language() -> dict[str, str]:
    chosen = request.args.get("lang", "")
    return {"lang": chosen} if chosen in SUPPORTED else {}


def _with_query(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
