"""A settings schema as a form in sections, and what is wrong with an entry in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.embedded_ui.fields import FormField
from app.i18n import N_, Translator
from app.services.switching import FieldError

# key → sections of (title, note, first field of the section); a section goes on to the next one.
_SECTIONS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "review_request": (
        (
            N_("When to ask"),
            N_("The best known fact counts: arrival, else departure, else completion."),
            "days_after_delivery",
        ),
        (
            N_("Whom to ask"),
            N_("Consent, open returns and the contact limits are checked in any case."),
            "max_age_days",
        ),
    ),
    "milestone_coupon": (
        (
            N_("Milestones"),
            N_("Each is rewarded once per customer; one order brings one coupon at most."),
            "nth_orders",
        ),
        (
            N_("Reward"),
            N_("A code for one order of this one customer. Codes made before stay as they are."),
            "reward_kind",
        ),
    ),
    "returns_approval": (
        (N_("Everything else"), N_("What happens where none of your rules decides."), "otherwise"),
        (
            N_("Withdrawal by law"),
            N_("The law excepts some goods. Only for these a rule may decline at any time."),
            "not_covered_products",
        ),
        (N_("For customers"), N_("What they see and choose on the return page."), "way_back"),
    ),
    "shop": (
        (N_("Sender"), N_("Who your customers hear from, and whom they answer."), "sender_name"),
        (N_("Looks"), N_("Of mails and of the pages that customers see."), "colour"),
        (N_("Foot of each mail"), "", "postal_address"),
    ),
    "contact": (
        (N_("Quiet hours"), "", "quiet_from_hour"),
        (N_("Contact budget"), "", "budget_messages"),
        (N_("Consent"), "", "soft_opt_in"),
    ),
}

_ERRORS = {
    "greater_than_equal": N_("“%(value)s” is too little; %(ge)s is the least."),
    "less_than_equal": N_("“%(value)s” is too much; %(le)s is the most."),
    "too_long": N_("These are too many values; %(max_length)s are the most."),
    "string_too_long": N_("This is too long; %(max_length)s characters are the most."),
    "too_short": N_("Choose at least one."),
    "enum": N_("Choose one of the values."),
    "literal_error": N_("Choose one of the values."),
    "decimal_parsing": N_("“%(value)s” is not an amount. Write it as digits, for example 4.50."),
    "int_parsing": N_("“%(value)s” is not a whole number. Write it as digits, for example 7."),
}
_ERRORS["finite_number"] = _ERRORS["decimal_parsing"]
_ERRORS["int_parsing_size"] = _ERRORS["int_parsing"]
_SHOWN = 60  # characters of an entry that an error repeats
_OTHER = N_("“%(value)s” cannot be used here; the text above says what can.")


@dataclass(frozen=True, slots=True)
class Section:
    """Some fields under a title. Title and note are message ids."""

    title: str
    note: str
    fields: tuple[FormField, ...]


def sections(key: str, fields: Iterable[FormField]) -> list[Section]:
    """The fields in their order, cut where a section begins."""
    begins = {first: (title, note) for title, note, first in _SECTIONS[key]}
    cut: list[Section] = []
    for field in fields:
        if field.name in begins:
            cut.append(Section(*begins[field.name], ()))
        last = cut.pop()
        cut.append(Section(last.title, last.note, (*last.fields, field)))
    return cut


def error_words(errors: Iterable[FieldError], words: Translator) -> dict[str, str]:
    """What is wrong, per field; under "" what concerns several."""
    return {error.field: _said(error, words) for error in errors}


def _said(error: FieldError, words: Translator) -> str:
    if error.code == "value_error":  # raised by our own schema, in words for merchants
        return words.gettext(str(error.params["error"]))
    numbers = int | Decimal
    params = {n: v for n, v in error.params.items() if isinstance(v, numbers | str)}
    shown = {n: words.number(v) if isinstance(v, numbers) else v for n, v in params.items()}
    entry = error.value if len(error.value) <= _SHOWN else error.value[: _SHOWN - 1] + "…"
    return words.gettext(_ERRORS.get(error.code, _OTHER), **{**shown, "value": entry})
