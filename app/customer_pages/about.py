"""What needs no signed link: the shop's colours, and how its reviews are handled."""

from flask import Response, render_template, request

from app.customer_pages.frame import blueprint, colour_of, page, shop_of, speak
from app.db.shops import Shop
from app.domain.colour import shop_colours

_FOR_GOOD = "public, max-age=31536000, immutable"


@blueprint.get("/c/colour.css")
def our_colour() -> Response:
    """Our own colours, for pages without a shop."""
    return _stylesheet(None)


@blueprint.get("/c/<shop_ref>/colour.css")
def shop_colour(shop_ref: str) -> Response:
    """The shop's colours, made legible."""
    return _stylesheet(shop_of(shop_ref))


def _stylesheet(shop: Shop | None) -> Response:
    colour = colour_of(shop)
    body = render_template("colour.css", colours=shop_colours(colour))
    response = Response(body, mimetype="text/css")
    if request.args.get("v") == colour.removeprefix("#"):
        response.headers["Cache-Control"] = _FOR_GOOD
    return response


@blueprint.get("/c/<shop_ref>/reviews")
def review_handling(shop_ref: str) -> Response:
    """How it is checked that reviews come from buyers, and what is done with them.

    Consumers must be told: Directive 2005/29/EC art. 7(6) as amended by (EU) 2019/2161.
    """
    shop = shop_of(shop_ref)
    speak(shop.language)
    return page("review_handling.html", shop)
