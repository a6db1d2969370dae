"""Merchants' own texts of mails: what is stored, checking, saving, going back to ours.

The one place for these rules. A text that cannot be used is never stored; one that stops working
later is left out at sending, and a problem tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from app.channels.messages import WITH_TEXTS
from app.channels.texts import SLOTS, Refusal, Why, check, normalised
from app.db.templates import TextVersion
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.i18n import SUPPORTED, Language, Translator
from app.pipeline.effects.mail import TEXT_REFUSED
from app.pipeline.runtime import Runtime
from app.services.mending import mended


@dataclass(frozen=True, slots=True)
class Stored:
    """Texts as they stand. Version 0: never touched, all ours."""

    texts: Mapping[str, str]
    version: int
    row: TextVersion | None


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What became of a save. Nothing was stored if there are refusals or a conflict."""

    refused: Mapping[str, Refusal] = field(default_factory=dict)  # by slot
    conflict: bool = False  # somebody else saved in the meantime

    @property
    def saved(self) -> bool:
        """Whether the texts are what is stored now."""
        return not self.refused and not self.conflict


@dataclass(frozen=True, slots=True)
class Row:
    """One mail in one language: whether any of its words are the merchant's, or cannot be used."""

    language: Language
    own: bool
    broken: bool


def stored(data: ShopData, message: str, language: Language) -> Stored:
    """What is in force."""
    row = data.templates.current(message, language)
    return Stored(row.texts if row else {}, row.version if row else 0, row)


def overview(rt: Runtime, shop_id: ShopId) -> dict[str, list[Row]]:
    """All mails that may be worded, in all languages."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        own = {(each.message, each.language): each.texts for each in data.templates.all_current()}
        noticed = {
            (each.params.get("message"), each.params.get("language"))
            for each in data.problems.all_open()
            if each.key == TEXT_REFUSED
        }
    return {
        message: [
            Row(
                language,
                own=bool(texts := own.get((message, language), {})),
                broken=bool(refusals(message, language, texts))
                or (bool(texts) and (message, language) in noticed),
            )
            for language in SUPPORTED
        ]
        for message in WITH_TEXTS
    }


def noticed(data: ShopData, message: str, language: Language) -> tuple[str, Refusal] | None:
    """The slot that a mail had to be sent without, and why; None once it was saved anew."""
    for problem in data.problems.all_open():
        told = problem.params
        if problem.key == TEXT_REFUSED and (told["message"], told["language"]) == (
            message,
            language,
        ):
            why = Refusal(Why(told["why"]), told["line"], told["column"], told["params"])
            return str(told["slot"]), why
    return None


def cleaned(entries: Mapping[str, str]) -> dict[str, str]:
    """Entries as they are stored: known slots only, none empty, one-line texts on one line."""
    texts = {name: normalised(entries.get(name, "")) for name in SLOTS}
    return {
        name: text if SLOTS[name].rich else " ".join(text.split())
        for name, text in texts.items()
        if text
    }


def refusals(message: str, language: Language, texts: Mapping[str, str]) -> dict[str, Refusal]:
    """Why texts cannot be used, by slot."""
    found = {
        name: _refusal(message, language, name, text)
        for name, text in texts.items()
        if name in SLOTS
    }
    return {name: refusal for name, refusal in found.items() if refusal}


@lru_cache(maxsize=1024)
def _refusal(message: str, language: Language, slot: str, text: str) -> Refusal | None:
    """Kept, because the list of texts asks for all of them each time; it depends on no more."""
    return check(SLOTS[slot], text, WITH_TEXTS[message].fields, Translator(language))


def save(
    rt: Runtime,
    shop_id: ShopId,
    message: str,
    language: Language,
    entries: Mapping[str, str],
    *,
    expected_version: int,
    by: str,
) -> SaveResult:
    """Store texts if they can be used and nobody saved since `expected_version` was shown.

    No texts at all means that all words are ours again.
    """
    texts = cleaned(entries)
    refused = refusals(message, language, texts)
    others_work = _all_work(rt, shop_id, besides=(message, language))
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        known = stored(data, message, language)
        if known.version != expected_version:
            return SaveResult(conflict=True)
        if refused:
            return SaveResult(refused)
        if texts == known.texts:
            return SaveResult()
        version = data.templates.save(
            message,
            language,
            texts,
            expected_version=expected_version,
            changed_by=by[:64],
            now=rt.wall.now(),
        )
        if version is None:  # on PostgreSQL, between the look above and the lock
            return SaveResult(conflict=True)
        params = {"language": language, "version": version}
        data.journal.write("text_saved", message, rt.business.now(), params=params)
        if others_work:
            mended(rt, data, [TEXT_REFUSED])
    return SaveResult()


def _all_work(rt: Runtime, shop_id: ShopId, *, besides: tuple[str, str]) -> bool:
    with rt.db.read() as uow:
        current = ShopData(uow, shop_id).templates.all_current()
    languages: dict[str, Language] = {language: language for language in SUPPORTED}
    return not any(
        refusals(each.message, languages[each.language], each.texts)
        for each in current
        if (each.message, each.language) != besides
        and each.message in WITH_TEXTS
        and each.language in languages
    )
