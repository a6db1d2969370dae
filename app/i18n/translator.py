"""One language's words and formats."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from babel import Locale, dates, numbers

from app.domain.money import Money, exponent
from app.i18n.catalogues import translations
from app.i18n.negotiation import Language

# British English: day before month and a 24-hour clock, as in the two other languages.
_LOCALES: dict[Language, str] = {"en": "en_GB", "tr": "tr_TR", "sk": "sk_SK"}

# Ours, because CLDR's puts the sign before Turkish amounts, and nothing between a code and digits.
_SIGN_FIRST: dict[Language, bool] = {"en": True, "tr": False, "sk": False}

# Between date and time in a sentence.
_DATE_TIME: dict[Language, str] = {"en": "{}, {}", "tr": "{} {}", "sk": "{} o {}"}


_PLACE = re.compile(r"%%|%\((?P<name>\w+)\)s")


def N_(message: str) -> str:  # noqa: N802 -- the name that gettext tools know
    """Mark a text for translation where it is declared; it is translated where it is shown."""
    return message


def fill(text: str, params: Mapping[str, object]) -> str:
    """Put parameters in the place of `%(name)s`. Raises KeyError if one is missing.

    Any other percent sign is text ("10 % off"), so that no translation can break a page; `%%` is
    one too, because Jinja writes it so in `{% trans %}` blocks.
    """

    def value(place: re.Match[str]) -> str:
        name = place["name"]
        return str(params[name]) if name else "%"

    return _PLACE.sub(value, text)


class Translator:
    """Texts, dates, numbers and money for readers of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.locale = Locale.parse(_LOCALES[language])
        self.translations = translations(language)

    def template(self, message: str) -> str:
        """The message in this language with its `%(name)s` still in it."""
        # gettext keeps a catalogue's header under the empty message
        return self.translations.gettext(message) if message else ""

    def gettext(self, message: str, **params: object) -> str:
        """The message in this language. Raises KeyError if a parameter is missing."""
        return fill(self.template(message), params)

    def ngettext(self, singular: str, plural: str, n: int, **params: object) -> str:
        """The form that fits the number, which stands in the message as `%(n)s`."""
        text = self.translations.ngettext(singular, plural, n)
        return fill(text, {**params, "n": self.number(n)})

    def date(
        self, day: dt.date, *, tz: dt.tzinfo | None = None, style: Literal["long", "short"] = "long"
    ) -> str:
        """`23 November 2026`; short: `23 Nov 2026`. A datetime is shown as the day in `tz`."""
        if isinstance(day, dt.datetime):
            day = _in_zone(day, tz).date()
        size: Literal["long", "medium"] = "long" if style == "long" else "medium"
        return dates.format_date(day, size, locale=self.locale)

    def datetime(
        self, moment: dt.datetime, tz: dt.tzinfo, *, style: Literal["long", "short"] = "long"
    ) -> str:
        """Date and time of day in a time zone: `23 November 2026, 10:00`."""
        local = _in_zone(moment, tz)
        return _DATE_TIME[self.language].format(self.date(local, tz=tz, style=style), _clock(local))

    def zoned(self, moment: dt.datetime, tz: dt.tzinfo) -> str:
        """For readers in any zone: `23 November 2026, 10:00 (UTC+01:00)`."""
        offset = _in_zone(moment, tz).isoformat()[-6:]
        return f"{self.datetime(moment, tz)} (UTC{offset})"

    def exact(self, moment: dt.datetime, tz: dt.tzinfo) -> str:
        """For what must be provable: `23 November 2026, 10:00:42 (UTC+01:00)`."""
        local = _in_zone(moment, tz)
        offset = local.isoformat()[-6:]
        said = _DATE_TIME[self.language].format(self.date(local, tz=tz), f"{local:%H:%M:%S}")
        return f"{said} (UTC{offset})"

    def time(self, moment: dt.datetime, tz: dt.tzinfo) -> str:
        """Time of day in a time zone: `10:00`."""
        return _clock(_in_zone(moment, tz))

    def ago(self, moment: dt.datetime, now: dt.datetime) -> str:
        """How far a moment is from now: `4 minutes ago`, `in 2 days`."""
        distance = moment - now
        if abs(distance) < dt.timedelta(minutes=1):
            return self.gettext(N_("just now"))
        return dates.format_timedelta(distance, add_direction=True, locale=self.locale)

    def number(self, value: int | Decimal) -> str:
        """A number with the language's separators: `1,204` or `1.204`."""
        return numbers.format_decimal(value, locale=self.locale)

    def money(self, amount: Money) -> str:
        """An amount with its currency: `€76.00`, `76,00 €`."""
        # the digits are the currency's own as `exponent` has them; Babel's table differs for some
        digits = exponent(amount.currency)
        figure = "#,##0" + ("." + "0" * digits if digits else "")
        sign = numbers.get_currency_symbol(amount.currency, self.locale)
        if not _SIGN_FIRST[self.language]:
            pattern = f"{figure}\N{NO-BREAK SPACE}¤"
        elif sign[-1].isalpha():
            pattern = f"¤\N{NO-BREAK SPACE}{figure}"
        else:
            pattern = f"¤{figure}"
        return numbers.format_currency(
            amount.decimal(), amount.currency, pattern, locale=self.locale, currency_digits=False
        )


def _in_zone(moment: dt.datetime, tz: dt.tzinfo | None) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("A time without a zone cannot be shown; pass a UTC-aware datetime.")
    if tz is None:
        raise ValueError("A moment has a date only in a time zone; pass tz.")
    return moment.astimezone(tz)


def _clock(local: dt.datetime) -> str:
    return f"{local:%H:%M}"
