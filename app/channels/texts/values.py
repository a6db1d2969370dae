"""Values as merchants' texts get them: on one line, as the reader's language writes them."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlsplit

from app.channels.fields import Percent, Value
from app.domain.money import Money
from app.i18n import Translator

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Shown(str):
    """A value as the reader's language writes it, with what it was."""

    __slots__ = ("value",)

    value: date | Money | Percent

    @classmethod
    def of(cls, value: Value | None, words: Translator) -> Any:
        """What a text is given: words, numbers and lists as they are, the rest as it is read."""
        match value:
            case Money():
                return cls._with(words.money(value), value)
            case Percent():
                return cls._with(words.gettext("%(percent)s%%", percent=value.value), value)
            case date():
                return cls._with(words.date(value), value)
            case tuple():
                return [one_line(each) for each in value]
            case str():
                return one_line(value)
        return value

    @classmethod
    def _with(cls, text: str, value: date | Money | Percent) -> "Shown":
        shown = cls(text)
        shown.value = value
        return shown


def one_line(text: str) -> str:
    """What others typed cannot write lines of its own into a subject or a mail."""
    return " ".join(_CONTROL.sub(" ", text).split())


def web_address(url: str) -> str | None:
    """The address, written so that nothing in it can end its attribute; None if it is not one of
    https, mailto or tel (G14: escaping does not stop `javascript:`)."""
    url = one_line(url)
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    # a demo on one machine has no certificate for itself
    web = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if (web and not host) or not (web or parts.scheme in ("mailto", "tel")):
        return None
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~")


def shown(values: Mapping[str, Value | None], words: Translator) -> dict[str, object]:
    """The values as a text sees them; those that are not known are not there."""
    return {
        name: Shown.of(value, words)
        for name, value in values.items()
        if value is not None and value != ""
    }
