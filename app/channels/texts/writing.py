"""A merchant's words for one mail, filled in; what cannot be used is left to ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.channels.fields import TextField
from app.channels.messages import Mail
from app.channels.texts.environment import filled, parsed
from app.channels.texts.refusals import Refusal, TextRefused, Why, refused
from app.channels.texts.rich import Opening, opening
from app.channels.texts.slots import SLOTS, Slot
from app.channels.texts.values import one_line, shown
from app.i18n import Language, Translator

Sources = Mapping[str, str]
"""A merchant's texts by slot; what is not there, or empty, is ours."""


@dataclass(frozen=True, slots=True)
class OwnText:
    """What a merchant's texts came to. A slot that is None is written in our words; `refused` says
    why, where the merchant has written something."""

    subject: str | None = None
    heading: str | None = None
    intro: Opening | None = None
    button: str | None = None
    refused: Mapping[str, Refusal] = field(default_factory=dict)


def written(
    mail: Mail, sources: Sources, words: Translator, *, nowhere: str | None = None
) -> OwnText:
    """Fill in the texts of a mail. Never raises for what a text says or does."""
    fields: tuple[TextField, ...] = getattr(mail, "fields", ())
    values = shown({each.name: each.read(mail) for each in fields}, words)
    done: dict[str, str | Opening] = {}
    refusals: dict[str, Refusal] = {}
    for slot in SLOTS.values():
        if not (source := sources.get(slot.name, "")):
            continue
        try:
            done[slot.name] = _slot(slot, source, values, mail.lang, nowhere)
        except TextRefused as error:
            refusals[slot.name] = error.refusal
    return OwnText(**done, refused=refusals)  # type: ignore[arg-type]  # each slot has its own type


def try_out(slot: Slot, source: str, values: Mapping[str, object], language: Language) -> None:
    """Raises TextRefused if the text cannot be used with these values."""
    _slot(slot, source, values, language, None)


def _slot(
    slot: Slot,
    source: str,
    values: Mapping[str, object],
    language: Language,
    nowhere: str | None,
) -> str | Opening:
    text = filled(parsed(source, language, rich=slot.rich), source, values)
    result = opening(text, nowhere=nowhere) if slot.rich else one_line(text)
    plain = result.flat if isinstance(result, Opening) else result
    if not plain:
        raise refused(Why.EMPTY)
    if len(plain) > slot.shown:
        raise refused(Why.RESULT_TOO_LONG, most=str(slot.shown))
    return result
