"""The filters of merchants' texts: few, in the reader's language, each bounded.

Liquid's own limits do not bound a single filter (`{{ a | replace: … }}` nested ten times fills any
memory), so each looks at what goes in and at what comes out, and counts as a step of its text.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any, Protocol

from babel import dates
from liquid.exceptions import FilterArgumentError, OutputStreamLimitError, UndefinedError
from liquid.filter import with_context
from liquid.undefined import Undefined

from app.channels.texts.values import Shown, web_address
from app.domain.money import Money
from app.i18n import Translator

CHARACTERS = 5_000
"""Of one value, going in or coming out."""
ITEMS = 200
_LARGEST = 10**15

Filter = Callable[..., Any]


class _Budgeted(Protocol):
    def spend(self, steps: int) -> None: ...


def filters_for(words: Translator) -> Mapping[str, Filter]:
    """Every filter there is, for readers of one language."""

    def date_(value: object, style: object = "long") -> str:
        day = getattr(value, "value", None)
        if not isinstance(day, date):
            raise TypeError("not a date")
        if style in ("long", "short"):
            return words.date(day, style="short" if style == "short" else "long")
        return dates.format_date(day, _cldr(_text(style)), locale=words.locale)

    def money(value: object) -> str:
        if not isinstance(getattr(value, "value", None), Money):
            raise TypeError("not an amount")
        return _text(value)

    def upcase(value: object) -> str:
        return _upper(_text(value), words.language)

    def downcase(value: object) -> str:
        return _lower(_text(value), words.language)

    def capitalize(value: object) -> str:
        text = _text(value)
        return _upper(text[:1], words.language) + text[1:]

    in_language = {
        "date": date_,
        "money": money,
        "upcase": upcase,
        "downcase": downcase,
        "capitalize": capitalize,
    }
    return {name: _bounded(name, each) for name, each in {**_PLAIN, **in_language}.items()}


def _bounded(name: str, plain: Filter) -> Filter:
    @with_context
    @wraps(plain)
    def call(value: object, *given: object, context: _Budgeted, **named: object) -> Any:
        context.spend(1)
        for each in (value, *given, *named.values()):
            if isinstance(each, Undefined) and (name != "default" or each is not value):
                raise UndefinedError(each.name, token=each.token)
            _within(each)
        try:
            result = plain(value, *given, **named)
        except (TypeError, ValueError, ArithmeticError, IndexError, LookupError) as error:
            raise FilterArgumentError(name, token=None) from error
        _within(result)
        return result

    return call


def _within(value: object) -> None:
    match value:
        case str():
            fits = len(value) <= CHARACTERS
        case list():
            fits = len(value) <= ITEMS and sum(len(str(each)) for each in value) <= CHARACTERS
        case bool() | None | Undefined():
            fits = True
        case int():
            fits = abs(value) < _LARGEST
        case float():
            fits = math.isfinite(value) and abs(value) < _LARGEST
        case _:  # nothing else comes from a text; a range of millions would
            fits = False
    if not fits:
        raise OutputStreamLimitError("filter", token=None)


# values


def _text(value: object) -> str:
    """Plain text, so that it is escaped when it is written, whatever it was before."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, bool | list):
        raise TypeError("not a text")
    return str(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, Shown | bool):
        raise TypeError("not a number")
    if isinstance(value, int | float):
        return value
    text = _text(value)[:20]
    return float(text) if "." in text else int(text)


# filters, alike in all languages


def _default(value: object, otherwise: object = "") -> object:
    empty = value is None or value is False or value in ("", [])
    return otherwise if isinstance(value, Undefined) or empty else value


def _replace(value: object, old: object, new: object = "") -> str:
    text, gone, put = _text(value), _text(old), _text(new)
    if not gone:
        raise ValueError("nothing to replace")
    if len(text) + text.count(gone) * (len(put) - len(gone)) > CHARACTERS:
        raise OutputStreamLimitError("replace", token=None)
    return text.replace(gone, put)


def _remove(value: object, gone: object) -> str:
    return _replace(value, gone)


def _join(value: object, glue: object = ", ") -> str:
    items, between = [_text(each) for each in _list(value)], _text(glue)
    if sum(map(len, items)) + len(between) * len(items) > CHARACTERS:
        raise OutputStreamLimitError("join", token=None)
    return between.join(items)


def _split(value: object, by: object) -> list[str]:
    text, between = _text(value), _text(by)
    return [part for part in text.split(between) if part] if between else list(text)


def _slice(value: object, start: object, length: object = 1) -> object:
    sliced = value if isinstance(value, list) else _text(value)
    first, count = int(_number(start)), int(_number(length))
    first = max(first + len(sliced), 0) if first < 0 else first
    return sliced[first : first + max(count, 0)]


def _truncate(value: object, most: object = 50, end: object = "…") -> str:
    text, size, tail = _text(value), int(_number(most)), _text(end)
    return text if len(text) <= size else text[: max(size - len(tail), 0)].rstrip() + tail


def _truncatewords(value: object, most: object = 15, end: object = "…") -> str:
    words, count = _text(value).split(), max(int(_number(most)), 1)
    return " ".join(words) if len(words) <= count else " ".join(words[:count]) + _text(end)


def _divided(value: object, by: object) -> int | float:
    number, divisor = _number(value), _number(by)
    whole = isinstance(number, int) and isinstance(divisor, int)
    return number // divisor if whole else number / divisor


def _round(value: object, digits: object = 0) -> int | float:
    places = min(max(int(_number(digits)), 0), 10)
    return round(_number(value), places) if places else round(_number(value))


def _url(value: object) -> str:
    address = web_address(_text(value))
    if address is None:
        raise ValueError("not a web address")
    return address


_PLAIN: Mapping[str, Filter] = {
    "append": lambda value, more: _text(value) + _text(more),
    "prepend": lambda value, before: _text(before) + _text(value),
    "default": _default,
    "divided_by": _divided,
    "escape": _text,  # done anyway where it is needed
    "first": lambda value: _list(value)[0],
    "join": _join,
    "last": lambda value: _list(value)[-1],
    "minus": lambda value, other: _number(value) - _number(other),
    "modulo": lambda value, other: _number(value) % _number(other),
    "plus": lambda value, other: _number(value) + _number(other),
    "remove": _remove,
    "replace": _replace,
    "round": _round,
    "size": lambda value: len(value if isinstance(value, list) else _text(value)),
    "slice": _slice,
    "split": _split,
    "strip": lambda value: _text(value).strip(),
    "times": lambda value, other: _number(value) * _number(other),
    "truncate": _truncate,
    "truncatewords": _truncatewords,
    "uniq": lambda value: list(dict.fromkeys(_list(value))),
    "url": _url,
}

FILTERS = frozenset({*_PLAIN, "date", "money", "upcase", "downcase", "capitalize"})
"""Their names, for the words of an error and for the documentation."""


# languages

# Turkish has a dotted and a dotless i; Python knows only the first one's capital.
_TO_UPPER, _TO_LOWER = str.maketrans("iı", "İI"), str.maketrans("İI", "iı")


def _upper(text: str, language: str) -> str:
    return (text.translate(_TO_UPPER) if language == "tr" else text).upper()


def _lower(text: str, language: str) -> str:
    return (text.translate(_TO_LOWER) if language == "tr" else text).lower()


_DIRECTIVES = {
    "%d": "dd", "%e": "d", "%-d": "d", "%m": "MM", "%-m": "M", "%B": "MMMM", "%b": "MMM",
    "%Y": "y", "%y": "yy", "%A": "EEEE", "%a": "EEE", "%%": "'%'",
}  # fmt: skip
_PATTERN = re.compile(r"%-?[A-Za-z%]|[^%]+|%")


def _cldr(pattern: str) -> str:
    """`%d %B %Y`, as Liquid has it, in the terms of the language's own calendar."""
    if not 0 < len(pattern) <= 40:
        raise ValueError("too long a pattern")
    parts = []
    for part in _PATTERN.findall(pattern):
        if part.startswith("%"):
            parts.append(_DIRECTIVES[part])
        else:
            parts.append("'" + part.replace("'", "''") + "'")
    return "".join(parts)
