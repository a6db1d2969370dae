"""A reason as a merchant reads it, and as a customer does."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from app.domain.money import Money
from app.domain.reason_words import DETAILED, UNKNOWN_COUNTRY, WORDS, Text
from app.domain.reasons import Reason
from app.domain.return_words import REASONS
from app.domain.returns import ReturnReason
from app.i18n.translator import Translator

_TIMES = {"date", "since", "until"}
_PLACE = re.compile(r"%\((\w+)\)s")


def explain(reason: Reason, translator: Translator, tz: tzinfo) -> str:
    """The words after "Not asked:", without a full stop: `the order was cancelled on 21 November`.

    `tz` is the zone in which days are named: the shop's.
    """
    detailed = DETAILED.get(reason.code)
    if detailed is None or not _names(detailed) <= reason.params.keys():
        return translator.gettext(WORDS[reason.code])
    shown = {name: _shown(name, value, translator, tz) for name, value in reason.params.items()}
    if isinstance(detailed, str):
        return translator.gettext(detailed, **shown)
    shown.pop("n")
    return translator.ngettext(*detailed, int(reason.params["n"]), **shown)


def told(text: Text, reason: Reason, translator: Translator, tz: tzinfo) -> str:
    """A customer's sentence (`domain/return_words.py`) with the reason's facts; empty if they lack.

    A reason stored by another release may not have them.
    """
    if not _names(text) <= reason.params.keys():
        return ""
    shown = {name: _shown(name, value, translator, tz) for name, value in reason.params.items()}
    if isinstance(text, str):
        return translator.gettext(text, **shown)
    shown.pop("n")
    return translator.ngettext(*text, int(reason.params["n"]), **shown)


def _names(text: Text) -> set[str]:
    return set(_PLACE.findall(text if isinstance(text, str) else text[1]))


def _shown(name: str, value: Any, translator: Translator, tz: tzinfo) -> str:
    if isinstance(value, Mapping):
        return translator.money(Money(value["minor"], value["currency"]))
    if name in _TIMES:
        return translator.date(datetime.fromisoformat(value), tz=tz)
    if name == "country":
        country = translator.locale.territories.get(value)
        return str(country or translator.gettext(UNKNOWN_COUNTRY))
    if name == "reason":
        return translator.gettext(REASONS[ReturnReason(value)])
    return translator.number(value) if isinstance(value, int) else str(value)
