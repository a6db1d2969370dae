"""Automations: what is on, how each is set, what a change would do; and the contact policy."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.automations.base import SettingsModel
from app.automations.registry import RETURNS
from app.automations.words import ABOUT, AUTOMATIONS
from app.db.tenant import ShopData
from app.domain.errors import AfterglowError
from app.domain.reason_words import WORDS
from app.embedded_ui.fields import FormField, as_entered, entries, form_fields
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.settings_form import error_words, sections
from app.embedded_ui.view import page, reader_of, with_mail
from app.http import current_deps
from app.i18n import N_, Translator
from app.pipeline.context import CONTACT
from app.services import foresight, reports, switching, test_mails
from app.services.rate_limits import rate_limits
from app.services.switching import SaveResult, Stored

blueprint = Blueprint("automations", __name__, url_prefix="/app/automations")

_NAMES = {**AUTOMATIONS, CONTACT: N_("Contact limits")}
_ABOUT = {
    **ABOUT,
    CONTACT: N_("How often and when a customer hears from you, over all automations together."),
}


@blueprint.get("")
@merchant_page
def index(merchant: MerchantSession) -> ResponseReturnValue:
    """All automations with what they do and do not do."""
    deps, reader = current_deps(), reader_of(merchant)
    with deps.db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        rows = reports.automations(deps, data)
        contact = switching.stored(data, CONTACT).values
    return page(
        "automations.html",
        reader,
        rows=rows,
        names=AUTOMATIONS,
        about=ABOUT,
        contact=contact,
        reason_words=WORDS,
    )


@blueprint.get("/<key>")
@merchant_page
def settings(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """The form with what is stored."""
    if key == RETURNS.key:
        return redirect(_home(key))
    return _form(merchant, key, _stored(merchant, key))


@blueprint.post("/<key>")
@merchant_page
def save(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """Store the entries, or show them again with what is in the way."""
    deps, shop_id = current_deps(), merchant.shop.id
    known, entered = _stored(merchant, key, by_form=True), _entered(key)
    wanted = switching.check(key, known.values, entered)
    moved = 0
    if isinstance(wanted, SettingsModel) and known.enabled and key != CONTACT:
        moved = foresight.moves(deps, shop_id, key, wanted).moved
    version = request.form.get("version", type=int, default=0)
    result = switching.save(deps, shop_id, key, entered, expected_version=version, by=merchant.user)
    if result.saved:
        address = url_for("automations.settings", key=key, done="saved", moved=moved or None)
        return redirect(address, 303)
    return _form(merchant, key, _stored(merchant, key), entered, result)


@blueprint.post("/<key>/effect")
@merchant_page
def effect(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """A part of the form's page: what saving these entries would do."""
    known = _stored(merchant, key, by_form=True)
    wanted = switching.check(key, known.values, _entered(key))
    reader_of(merchant)
    if not isinstance(wanted, SettingsModel) or wanted == known.values or key == CONTACT:
        return render_template("effect.html", moves=None)
    moves = foresight.moves(current_deps(), merchant.shop.id, key, wanted)
    return render_template("effect.html", moves=moves)


@blueprint.get("/<key>/on")
@merchant_page
def ask_on(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """What the automation would do, before it does anything."""
    deps, known = current_deps(), _stored(merchant, key, automation=True)
    if known.enabled:
        return redirect(_home(key))
    if key == RETURNS.key:
        return redirect(url_for("returns.ask_on"))
    body = page(
        "automation_on.html",
        reader_of(merchant),
        key=key,
        name=_NAMES[key],
        about=_ABOUT[key],
        fields=form_fields(switching.schema_of(key), known.values),
        rehearsal=foresight.rehearse(deps, merchant.shop.id, key, known.values),
        example=test_mails.example(deps, merchant.shop, key),
        reason_words=WORDS,
        days=foresight.SPAN.days,
    )
    return with_mail(merchant, body)


@blueprint.post("/<key>/on")
@merchant_page
def switch_on(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """Answer events from now on."""
    _stored(merchant, key, automation=True)
    switching.switch_on(current_deps(), merchant.shop.id, key, merchant.user)
    return redirect(_home(key, done="on"), 303)


@blueprint.get("/<key>/off")
@merchant_page
def ask_off(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """What switching off withdraws."""
    if not _stored(merchant, key, automation=True).enabled:
        return redirect(_home(key))
    waiting = reports.waiting(current_deps(), merchant.shop.id, key)
    reader = reader_of(merchant)
    back = _home(key)
    return page(
        "automation_off.html", reader, key=key, name=_NAMES[key], waiting=waiting, back=back
    )


@blueprint.post("/<key>/off")
@merchant_page
def switch_off(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """Plan nothing more and withdraw what waits."""
    _stored(merchant, key, automation=True)
    switching.switch_off(current_deps(), merchant.shop.id, key, merchant.user)
    return redirect(_home(key, done="off"), 303)


@blueprint.post("/<key>/test")
@merchant_page
def send_test(merchant: MerchantSession, key: str) -> ResponseReturnValue:
    """An example to whoever is signed in, and to nobody else."""
    deps = current_deps()
    _stored(merchant, key, automation=True)
    to = test_mails.address(deps, merchant.shop)
    limits = rate_limits(deps.settings.redis_url)
    if to is None or not limits.allow("20/hour", "test mail", str(merchant.shop.id)):
        return redirect(url_for("automations.settings", key=key, done="not-sent"), 303)
    try:
        test_mails.send(deps, merchant.shop, key, to)
    except AfterglowError:
        return redirect(url_for("automations.settings", key=key, done="not-sent"), 303)
    return redirect(url_for("automations.settings", key=key, done="sent"), 303)


def _stored(
    merchant: MerchantSession, key: str, *, automation: bool = False, by_form: bool = False
) -> Stored:
    """What is stored under a key; 404 for one that is unknown, or no automation's, or whose form
    is elsewhere.
    """
    if key not in (AUTOMATIONS if automation else _NAMES) or (by_form and key == RETURNS.key):
        abort(404)
    with current_deps().db.read() as uow:
        return switching.stored(ShopData(uow, merchant.shop.id), key)


def _entered(key: str) -> dict[str, Any]:
    """The form as it came."""
    return entries(switching.schema_of(key), request.form)


def _home(key: str, **values: Any) -> str:
    """The page of an automation; that of returns has their rules."""
    if key == RETURNS.key:
        return url_for("returns.rules", **values)
    return url_for("automations.settings", key=key, **values)


def _form(
    merchant: MerchantSession,
    key: str,
    known: Stored,
    entered: dict[str, Any] | None = None,
    result: SaveResult | None = None,
) -> Response:
    deps, reader = current_deps(), reader_of(merchant)
    errors = error_words(result.errors, reader.words) if result else {}
    form = None if entered is None else as_entered(entered)
    fields = form_fields(switching.schema_of(key), known.values, form, errors)
    is_automation = key in AUTOMATIONS
    body = page(
        "automation.html",
        reader,
        key=key,
        name=_NAMES[key],
        about=_ABOUT[key],
        known=known,
        sections=sections(key, fields),
        errors=_summary(fields, errors, reader.words),
        error_count=len(errors),
        conflict=bool(result and result.conflict),
        moves=None,
        changes=sum(field.was is not None for field in fields) if entered is not None else None,
        moved=request.args.get("moved", type=int, default=0),
        is_automation=is_automation,
        waiting=reports.waiting(deps, merchant.shop.id, key) if is_automation else 0,
        test_address=test_mails.address(deps, merchant.shop) if is_automation else None,
        example=test_mails.example(deps, merchant.shop, key) if is_automation else None,
        from_order=test_mails.has_order(deps, merchant.shop),
    )
    status = 200 if result is None else 409 if result.conflict else 422
    return with_mail(merchant, body, status)


def _summary(
    fields: list[FormField], errors: Mapping[str, str], words: Translator
) -> list[tuple[str, str]]:
    """Where each error is, and its words with the field's name in front."""
    labels = {field.name: f"{words.gettext(field.label)}: " for field in fields}
    return [
        (f"f-{name}" if name else "settings", labels.get(name, "") + text)
        for name, text in errors.items()
    ]
