"""The shop: what customers see of it, its data, and customers to hand over or forget."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.channels.brand import DEFAULT_COLOUR
from app.channels.links import Purpose
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.colour import ColourError, parse, shop_colours
from app.domain.ids import CustomerId
from app.domain.snapshots import Person
from app.embedded_ui.activity.listing import LARGEST_ID, full_name
from app.embedded_ui.fields import FormField, form_fields
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.settings_form import error_words, sections
from app.embedded_ui.view import Reader, page, places_of, reader_of
from app.http import current_deps
from app.i18n import Translator
from app.pipeline.context import CONTACT
from app.services import privacy, shop_settings, switching
from app.services.export import ShopFile
from app.services.rate_limits import rate_limits
from app.services.shop_settings import Saved, ShopSettings

blueprint = Blueprint("shop", __name__)

_FILES = "10/hour"
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour as customers will see it. `used` differs where the wanted one is hard to read."""

    wanted: str
    used: str
    dark: str
    adjusted: bool


@blueprint.get("/app/shop")
@merchant_page
def index(merchant: MerchantSession) -> ResponseReturnValue:
    """The form with what is in force, and the data."""
    return _form(merchant)


@blueprint.post("/app/shop")
@merchant_page
def save(merchant: MerchantSession) -> ResponseReturnValue:
    """Store the entries, or show them again with what is in the way."""
    entered = {name: request.form.get(name, "") for name in ShopSettings.model_fields}
    seen = request.form.get("seen", "")
    result = shop_settings.save(current_deps(), merchant.shop.id, entered, seen=seen)
    if result.done:
        return redirect(url_for("shop.index", done="saved"), 303)
    return _form(merchant, entered, result), 409 if result.conflict else 422


@blueprint.get("/app/shop/colour")
@merchant_page
def colour(merchant: MerchantSession) -> ResponseReturnValue:
    """A part of the page: how a colour will look, before it is saved."""
    reader_of(merchant)
    return render_template("colour_note.html", shade=_shade(request.args.get("colour", "")[:20]))


@blueprint.post("/app/shop/export")
@merchant_page
def export(merchant: MerchantSession) -> ResponseReturnValue:
    """A page with a link to the file; it leads there for some minutes, whatever the home."""
    deps = current_deps()
    if not _allowed(merchant):
        return redirect(url_for("shop.index", done="too-often"), 303)
    link = deps.links.make(Purpose.SHOP_EXPORT, {"s": merchant.shop.public_ref})
    return page("shop_export.html", reader_of(merchant), link=link)


@blueprint.get("/shop-export/<token>")
def download(token: str) -> ResponseReturnValue:
    """The whole shop, which is read before it is sent: a receiver may take his time."""
    deps = current_deps()
    named = deps.links.read(Purpose.SHOP_EXPORT, token) or abort(404)
    with deps.db.read() as uow:
        shop = Shops(uow).by_ref(named.get("s", "")) or abort(404)
    response = Response(mimetype="application/json")
    if request.method == "GET":
        # Each fills a thread and a file meanwhile; others are to be shown pages and to find room.
        if not _one_at_a_time.acquire(blocking=False):
            abort(503)
        try:
            response.response = file = ShopFile(deps, [shop.id], deps.settings.data_dir)
        finally:
            _one_at_a_time.release()
        response.content_length = file.size  # a file that was cut off is not taken for whole
    response.headers["Content-Disposition"] = 'attachment; filename="afterglow.json"'
    return response


# one customer


@blueprint.post("/app/customers/<int:customer_id>/export")
@merchant_page
def hand_over(merchant: MerchantSession, customer_id: int) -> ResponseReturnValue:
    """All that is known of one customer, as a file by mail to the owner."""
    found, _ = _customer(merchant, customer_id)
    done = "too-often"
    if _allowed(merchant):
        privacy.hand_over_customer(current_deps(), merchant.shop.id, found)
        done = "file"
    return redirect(url_for("activity.customer", customer_id=found, done=done), 303)


@blueprint.get("/app/customers/<int:customer_id>/forget")
@merchant_page
def ask_forget(merchant: MerchantSession, customer_id: int) -> ResponseReturnValue:
    """What forgetting means. To confirm it, the customer's address is typed."""
    found, person = _customer(merchant, customer_id)
    return _forget_page(reader_of(merchant), found, person)


@blueprint.post("/app/customers/<int:customer_id>/forget")
@merchant_page
def forget(merchant: MerchantSession, customer_id: int) -> ResponseReturnValue:
    """Erase the person, if what was typed names them."""
    found, person = _customer(merchant, customer_id)
    typed = request.form.get("typed", "").strip()
    if typed.casefold() != _word(found, person).casefold():
        return _forget_page(reader_of(merchant), found, person, typed), 422
    privacy.erase_customer(current_deps(), merchant.shop.id, found)
    return redirect(url_for("activity.customer", customer_id=found, done="forgetting"), 303)


def _customer(merchant: MerchantSession, customer_id: int) -> tuple[CustomerId, Person]:
    if customer_id > LARGEST_ID:
        abort(404)
    with current_deps().db.read() as uow:
        customers = ShopData(uow, merchant.shop.id).customers
        found = customers.canonical(CustomerId(customer_id)) or abort(404)
        return found, customers.person(found)


def _word(customer_id: CustomerId, person: Person) -> str:
    """What has to be typed."""
    return (person.email or "").strip() or f"#{customer_id}"


def _forget_page(
    reader: Reader, customer_id: CustomerId, person: Person, typed: str | None = None
) -> str:
    return page(
        "forget.html",
        reader,
        customer_id=customer_id,
        name=full_name(person),
        word=_word(customer_id, person),
        typed=typed,
        error_count=0 if typed is None else 1,
    )


# the form


def _form(
    merchant: MerchantSession, entered: dict[str, Any] | None = None, result: Saved | None = None
) -> str:
    deps, reader = current_deps(), reader_of(merchant)
    known = shop_settings.stored(deps, merchant.shop.id)
    errors = error_words(result.errors, reader.words) if result else {}
    fields = form_fields(ShopSettings, known, entered, errors)
    with deps.db.read() as uow:
        contact = switching.stored(ShopData(uow, merchant.shop.id), CONTACT).values
        owner = Shops(uow).owner_email(merchant.shop.id)
    return page(
        "shop.html",
        reader,
        sections=sections("shop", fields),
        seen=shop_settings.state_of(known),
        errors=_summary(fields, errors, reader.words),
        error_count=len(errors),
        conflict=bool(result and result.conflict),
        changes=sum(field.was is not None for field in fields) if entered is not None else None,
        shade=_shade((entered or {}).get("colour", known.colour)),
        logo=known.logo_url,
        contact=contact,
        owner=owner,
        mail_from=deps.mail_from,
        places=places_of(merchant),
    )


def _summary(
    fields: list[FormField], errors: dict[str, str], words: Translator
) -> list[tuple[str, str]]:
    labels = {field.name: words.gettext(field.label) for field in fields}
    return [(f"f-{name}", f"{labels[name]}: {text}") for name, text in errors.items()]


def _shade(wanted: str) -> Shade | None:
    """None for what is no colour; ours where none is wanted."""
    try:
        colours = shop_colours(wanted or DEFAULT_COLOUR)
        return Shade(
            parse(wanted or DEFAULT_COLOUR),
            colours.light.shop,
            colours.dark.shop,
            adjusted=bool(wanted) and colours.adjusted,
        )
    except ColourError:
        return None


def _allowed(merchant: MerchantSession) -> bool:
    limits = rate_limits(current_deps().settings.redis_url)
    return limits.allow(_FILES, "data files", str(merchant.shop.id))
