"""The review form behind the link of a review request."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request

from app.channels.links import Purpose
from app.customer_pages.frame import (
    address,
    blueprint,
    go,
    here,
    limit,
    link_to,
    page,
    pictures_of,
    read_link,
    shop_of,
    speak,
)
from app.customer_pages.review_form import Form, known, sent
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.parcels import last_arrival
from app.http import current_deps
from app.i18n import Translator, negotiate
from app.services import reviews
from app.services.reviews import Closed, Reviewable

_LARGEST_FORM = 4_000_000  # bytes: an order of sixty items with the longest texts
_RATE = "20/hour"


@blueprint.get("/r/<token>")
def review(token: str) -> Response:
    """The form; a tapped star is filled in, nothing is stored."""
    shop, order = _open(token)
    if isinstance(order, Closed):
        return _sorry(shop, order)
    return _form(shop, order, known(order, _anonymous(shop), request.args))


@blueprint.post("/r/<token>")
def submit_review(token: str) -> Response:
    """Keep what was written, then show what becomes of it."""
    request.max_content_length = request.max_form_memory_size = _LARGEST_FORM
    shop, order = _open(token)
    if isinstance(order, Closed):
        return _sorry(shop, order)
    form = sent(order, _anonymous(shop), request.form)
    if form.errors:
        return _form(shop, order, form, 422)
    if not limit(_RATE, token):
        return _form(shop, order, form, 429, too_often=True)
    closed = reviews.submit(current_deps(), shop.id, order.order.order_id, form.reviews())
    if closed:
        return _sorry(shop, closed)
    return go(address("review_thanks", token=token))


@blueprint.get("/r/<token>/thanks")
def review_thanks(token: str) -> Response:
    """What was written and whether the store shows it."""
    shop, order = _open(token)
    if isinstance(order, Closed):
        return _sorry(shop, order)
    if not order.written:
        return go(address("review", token=token))
    return page(
        "review_thanks.html",
        shop,
        order=order,
        pictures=_pictures(order),
        first_name=order.order.person.first_name,
        change_url=address("review", token=token),
        **_footer(shop, order),
    )


def _open(token: str) -> tuple[Shop, Reviewable | Closed]:
    data = read_link(Purpose.REVIEW, token)
    shop = shop_of(data.get("s", ""))
    order = reviews.find(current_deps(), shop.id, data.get("o", ""))
    speak(order.order.locale if isinstance(order, Reviewable) else None, shop.language)
    return shop, order


def _form(
    shop: Shop, order: Reviewable, form: Form, status: int = 200, *, too_often: bool = False
) -> Response:
    arrived = last_arrival(order.order)
    return page(
        "review.html",
        shop,
        status,
        form=form,
        error_count=len(form.errors),
        too_often=too_often,
        action=here(),
        pictures=_pictures(order),
        order_number=order.order.number,
        delivered_on=arrived.astimezone(ZoneInfo(shop.timezone)).date() if arrived else None,
        first_name=order.order.person.first_name,
        written=bool(order.written),
        **_footer(shop, order),
    )


def _pictures(order: Reviewable) -> dict[str, str | None]:
    return pictures_of({item.line_id: item.image_url for item in order.items})


def _sorry(shop: Shop, closed: Closed) -> Response:
    return page("review_closed.html", shop, 410, closed=closed)


def _footer(shop: Shop, order: Reviewable) -> dict[str, Any]:
    with current_deps().db.read() as uow:
        who = ShopData(uow, shop.id).customers.email_hash(order.order.person.email)
    return {
        "preferences_url": link_to(Purpose.PREFERENCES, {"s": shop.public_ref, "h": who})
        if who
        else None,
        "handling_url": address("review_handling", shop_ref=shop.public_ref),
    }


def _anonymous(shop: Shop) -> str:
    """The name of those who give none, in the language of the shop's visitors."""
    return Translator(negotiate(shop.language)).gettext("A customer")
