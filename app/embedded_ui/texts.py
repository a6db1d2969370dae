"""Merchants' own texts of mails: all of them, and one in one language beside its preview."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.channels.messages import WITH_TEXTS, OwnWords
from app.channels.render import RenderedMail
from app.channels.texts import SLOTS
from app.channels.texts.values import shown
from app.db.tenant import ShopData
from app.domain.errors import AfterglowError
from app.embedded_ui.fields import FormField
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import page, reader_of, with_mail
from app.http import current_deps
from app.i18n import N_, SUPPORTED, Language, Translator
from app.services import test_mails, texts
from app.services.rate_limits import rate_limits
from app.services.text_words import SLOT_TITLES, explain
from app.services.texts import SaveResult, Stored

blueprint = Blueprint("texts", __name__, url_prefix="/app/texts")

_HELP = {
    "subject": N_("Telephones show about 50 characters."),
    "heading": N_("Stands large at the top of the mail."),
    "intro": N_("A blank line begins a new paragraph."),
    "button": N_("Leads where ours leads; only its words are yours."),
}


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field as the page lists it. `title` is a message id."""

    code: str
    title: str
    example: str
    optional: bool


@blueprint.get("")
@merchant_page
def index(merchant: MerchantSession) -> ResponseReturnValue:
    """Which mails say something of the merchant's own, in which languages."""
    reader = reader_of(merchant)
    return page(
        "texts.html",
        reader,
        rows=texts.overview(current_deps(), merchant.shop.id),
        messages=WITH_TEXTS,
        languages=_languages(reader.words),
    )


@blueprint.get("/<message>/<language>")
@merchant_page
def text(merchant: MerchantSession, message: str, language: str) -> ResponseReturnValue:
    """The form with what is stored, and the mail as it goes out now."""
    return _form(merchant, _known(message, language))


@blueprint.post("/<message>/<language>")
@merchant_page
def save(merchant: MerchantSession, message: str, language: str) -> ResponseReturnValue:
    """Store the entries, or show them again with what is in the way."""
    which, entered = _known(message, language), _entered()
    result = _save(merchant, which, entered, _version())
    if result.saved:
        return redirect(which.address(done="saved"), 303)
    return _form(merchant, which, entered, result)


@blueprint.post("/<message>/<language>/preview")
@merchant_page
def preview(merchant: MerchantSession, message: str, language: str) -> ResponseReturnValue:
    """The mail with the entries as they are: the whole page, or its part alone for the script."""
    which, entered = _known(message, language), _entered()
    if "part" not in request.args:
        return _form(merchant, which, entered)
    words = reader_of(merchant).words
    mail, wrong = _example(merchant, which, entered, words)
    return render_template("text_preview.html", mail=mail, wrong=_listed(wrong, words))


@blueprint.get("/<message>/<language>/reset")
@merchant_page
def ask_reset(merchant: MerchantSession, message: str, language: str) -> ResponseReturnValue:
    """What going back to our words means."""
    which, reader = _known(message, language), reader_of(merchant)
    if not _stored(merchant, which).texts:
        return redirect(which.address())
    name = reader.words.locale.languages[which.language]
    return page("text_reset.html", reader, which=which, language_name=name)


@blueprint.post("/<message>/<language>/reset")
@merchant_page
def reset(merchant: MerchantSession, message: str, language: str) -> ResponseReturnValue:
    """All words are ours again."""
    which = _known(message, language)
    result = _save(merchant, which, {}, _stored(merchant, which).version)
    return redirect(which.address(done="reset" if result.saved else ""), 303)


@blueprint.post("/<message>/<language>/test")
@merchant_page
def send_test(merchant: MerchantSession, message: str, language: str) -> ResponseReturnValue:
    """The mail as it is stored, to the owner and to nobody else."""
    deps, which = current_deps(), _known(message, language)
    to = test_mails.address(deps, merchant.shop)
    limits = rate_limits(deps.settings.redis_url)
    if to is None or not limits.allow("20/hour", "test mail", str(merchant.shop.id)):
        return redirect(which.address(done="not-sent"), 303)
    try:
        test_mails.send(deps, merchant.shop, message, to, which.language)
    except AfterglowError:
        return redirect(which.address(done="not-sent"), 303)
    return redirect(which.address(done="sent"), 303)


@dataclass(frozen=True, slots=True)
class _Which:
    """A mail in a language."""

    message: str
    language: Language

    @property
    def mail(self) -> type[OwnWords]:
        """Its class: title and fields."""
        return WITH_TEXTS[self.message]

    def address(self, *, view: str = "text", done: str = "") -> str:
        """Of its page, or of another view of it."""
        return url_for(
            f"texts.{view}", message=self.message, language=self.language, done=done or None
        )


def _known(message: str, language: str) -> _Which:
    """404 for a language that we do not speak and for a mail that is not to be worded."""
    found = next((each for each in SUPPORTED if each == language), None)
    if message not in WITH_TEXTS or found is None:
        abort(404)
    return _Which(message, found)


def _stored(merchant: MerchantSession, which: _Which) -> Stored:
    with current_deps().db.read() as uow:
        return texts.stored(ShopData(uow, merchant.shop.id), which.message, which.language)


def _save(
    merchant: MerchantSession, which: _Which, entries: Mapping[str, str], version: int
) -> SaveResult:
    return texts.save(
        current_deps(),
        merchant.shop.id,
        which.message,
        which.language,
        entries,
        expected_version=version,
        by=merchant.user,
    )


def _version() -> int:
    """The version that the form was filled with."""
    return request.form.get("version", type=int, default=0)


def _entered() -> dict[str, str]:
    return {name: request.form.get(name, "").replace("\r\n", "\n") for name in SLOTS}


def _languages(words: Translator) -> dict[Language, str]:
    """The languages as the reader calls them, written as at the beginning of a line."""
    names = {each: str(words.locale.languages[each]) for each in SUPPORTED}
    return {each: name[:1].upper() + name[1:] for each, name in names.items()}


def _form(
    merchant: MerchantSession,
    which: _Which,
    entered: dict[str, str] | None = None,
    result: SaveResult | None = None,
) -> ResponseReturnValue:
    reader, known = reader_of(merchant), _stored(merchant, which)
    values = dict(known.texts) if entered is None else entered
    mail, wrong = _example(merchant, which, values, reader.words)
    if entered is None and not wrong:  # the newest order goes well, another one did not
        wrong = _noticed(merchant, which, reader.words)
    refused = bool(result and result.refused)
    conflict = bool(result and result.conflict)
    errors = wrong if refused else {}
    fields = _fields(known, entered, errors, mail)
    body = page(
        "text.html",
        reader,
        which=which,
        languages=_languages(reader.words),
        language_name=reader.words.locale.languages[which.language],
        known=known,
        # a look at the preview must not hide that somebody else saved meanwhile
        version=known.version if entered is None or result else _version(),
        fields=fields,
        named=_named(which),
        errors=[(f"f-{n}", f"{_title(n, reader.words)}: {why}") for n, why in errors.items()],
        error_count=len(errors),
        conflict=conflict,
        changes=sum(field.was is not None for field in fields) if entered is not None else None,
        mail=mail,
        wrong=[] if errors else _listed(wrong, reader.words),
        test_address=test_mails.address(current_deps(), merchant.shop),
    )
    return with_mail(merchant, body, 409 if conflict else 422 if refused else 200)


def _example(
    merchant: MerchantSession, which: _Which, entries: Mapping[str, str], words: Translator
) -> tuple[RenderedMail, dict[str, str]]:
    """The mail with those of the entries that can be used, and why the others cannot."""
    own = texts.cleaned(entries)
    refused = texts.refusals(which.message, which.language, own)
    usable = {name: source for name, source in own.items() if name not in refused}
    mail = test_mails.example(current_deps(), merchant.shop, which.message, which.language, usable)
    if mail is None:
        raise LookupError(f"{which.message} has no example")
    every = {**mail.refused, **refused}
    return mail, {name: explain(why, which.mail.fields, words) for name, why in every.items()}


def _noticed(merchant: MerchantSession, which: _Which, words: Translator) -> dict[str, str]:
    """What a mail had to be sent without, and why."""
    with current_deps().db.read() as uow:
        found = texts.noticed(ShopData(uow, merchant.shop.id), which.message, which.language)
    return {found[0]: explain(found[1], which.mail.fields, words)} if found else {}


def _listed(wrong: Mapping[str, str], words: Translator) -> list[tuple[str, str]]:
    return [(_title(name, words), text) for name, text in wrong.items()]


def _title(slot: str, words: Translator) -> str:
    return words.gettext(SLOT_TITLES[slot])


def _fields(
    known: Stored,
    entered: Mapping[str, str] | None,
    errors: Mapping[str, str],
    mail: RenderedMail,
) -> list[FormField]:
    """The parts of the mail that have words: no button where the mail has none."""
    fields = []
    for name, slot in SLOTS.items():
        if name == "button" and mail.ours.button is None:
            continue
        was = known.texts.get(name, "")
        value = was if entered is None else entered.get(name, "")
        fields.append(
            FormField(
                name=name,
                kind="text" if slot.rich else "line",
                label=SLOT_TITLES[name],
                value=value,
                help=_HELP[name],
                error=errors.get(name, ""),
                was=was if value != was else None,
            )
        )
    return fields


def _named(which: _Which) -> list[NamedField]:
    """What a text may name, with examples as the mail's language writes them."""
    fields = which.mail.fields
    examples = shown({each.name: each.example for each in fields}, Translator(which.language))
    return [
        NamedField(
            code=f"{{{{ {each.name} }}}}",
            title=each.title,
            example=_plain(examples[each.name]),
            optional=each.optional,
        )
        for each in fields
    ]


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
