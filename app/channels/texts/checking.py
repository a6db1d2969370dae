"""Whether a text can be used: looked at, then tried out with everything known and with less."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from liquid import BoundTemplate
from liquid.static_analysis import Variable

from app.channels.fields import TextField
from app.channels.texts.environment import parsed
from app.channels.texts.filters import FILTERS
from app.channels.texts.refusals import Refusal, TextRefused, Why, refused
from app.channels.texts.rich import check_html
from app.channels.texts.slots import Slot
from app.channels.texts.values import shown
from app.channels.texts.writing import try_out
from app.i18n import Translator

_OF_LISTS = ("size", "first", "last")


def check(
    slot: Slot, source: str, fields: Sequence[TextField], words: Translator
) -> Refusal | None:
    """Why a text cannot be used for a mail with these fields; None if it can."""
    try:
        _check(slot, source, fields, words)
    except TextRefused as error:
        return error.refusal
    return None


def _check(slot: Slot, source: str, fields: Sequence[TextField], words: Translator) -> None:
    if len(source) > slot.longest:
        raise refused(Why.TOO_LONG, most=str(slot.longest))
    if slot.rich:
        check_html(source)
    template = parsed(source, words.language, rich=slot.rich)
    _check_names(template, source, fields)
    for without in _lacks(fields):
        known = {each.name: each.example for each in fields if each.name not in without}
        try:
            try_out(slot, source, shown(known, words), words.language)
        except TextRefused as error:
            raise _explained(error, without) from error


def _check_names(template: BoundTemplate, source: str, fields: Sequence[TextField]) -> None:
    used = template.analyze(include_partials=False)
    for name, spans in used.filters.items():
        if name not in FILTERS:
            raise refused(Why.FILTER, source, spans[0].index, name=name, **_nearest(name, FILTERS))
    known = {each.name: each for each in fields}
    for variable in sorted(_all(used.globals), key=lambda each: each.span.index):
        name = str(variable.segments[0])
        if name not in known:
            at = variable.span.index
            raise refused(Why.FIELD, source, at, name=name, **_nearest(name, known))
        if not _exists(variable, known[name]):
            raise refused(Why.FIELD_PART, source, variable.span.index, name=name)


def _all(found: Mapping[str, list[Variable]]) -> Iterator[Variable]:
    for variables in found.values():
        yield from variables


def _exists(variable: Variable, field: TextField) -> bool:
    match variable.segments[1:]:
        case []:
            return True
        case [part] if isinstance(field.example, tuple):
            return isinstance(part, int) or part in _OF_LISTS
    return False


def _nearest(name: str, known: Mapping[str, object] | frozenset[str]) -> dict[str, str]:
    close = get_close_matches(name, sorted(known), 1, 0.6)
    return {"nearest": close[0]} if close else {}


def _lacks(fields: Sequence[TextField]) -> list[frozenset[str]]:
    """What may be unknown: nothing, each alone, everything that may be, all but each."""
    optional = [each.name for each in fields if each.optional]
    every = frozenset(optional)
    alone = [frozenset({name}) for name in optional]
    return list(dict.fromkeys([frozenset(), *alone, every, *(every - one for one in alone)]))


def _explained(error: TextRefused, without: frozenset[str]) -> TextRefused:
    """A text that is empty only because something is not known says so."""
    refusal = error.refusal
    if refusal.why is Why.EMPTY and without:
        names = ", ".join(sorted(without))
        return TextRefused(replace(refusal, why=Why.EMPTY_WITHOUT, params={"names": names}))
    return error
