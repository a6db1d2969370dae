"""Bring the .po files up to date with the code: `python -m app.i18n.update [surface …]`.

New texts come in untranslated, unused ones stay as comments, and a text that was translated before,
on any surface, is filled in again. Afterwards it lists what is left to translate.
"""

import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

from app.i18n.catalogues import LOCALES, PLURAL_FORMS, new_catalogue, read_catalogue
from app.i18n.negotiation import Language

APP = Path(__file__).parents[1]

# Which readers see the texts of which packages: one .po file per surface and language.
SURFACES: dict[str, tuple[str, ...]] = {
    "reasons": ("domain", "automations"),
    "merchant": ("embedded_ui", "installers", "services", "pipeline", "platforms", "i18n"),
    "customer": ("customer_pages",),
    "mail": ("channels",),
}

_TEMPLATE_SUFFIXES = {".html", ".txt", ".mjml", ".xml"}
_KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
}


def extract(surface: str, root: Path = APP) -> Catalog:
    """All texts of a surface in Python sources and templates under the application's root."""
    catalogue = Catalog(fuzzy=False)
    for package in SURFACES[surface]:
        for path in sorted((root / package).rglob("*")):
            for message in _messages(path):
                catalogue.add(message, locations=[(path.relative_to(root.parent).as_posix(), 0)])
    return catalogue


def _messages(path: Path) -> Iterator[str | tuple[str, ...]]:
    if path.suffix == ".py":
        method, options = "python", {}
    elif path.suffix in _TEMPLATE_SUFFIXES and "templates" in path.parts:
        method = "jinja2.ext:babel_extract"
        options = {"silent": "false", "trimmed": "true", "newstyle_gettext": "true"}
    else:
        return
    for _, message, _, _ in extract_from_file(method, path, keywords=_KEYWORDS, options=options):
        yield message


def updated(surface: str, language: Language, locales: Path = LOCALES) -> Catalog:
    """The surface's catalogue with today's texts and every translation there ever was."""
    path = locales / language / f"{surface}.po"
    catalogue = read_catalogue(path, language) if path.exists() else new_catalogue(language)
    catalogue.update(extract(surface), no_fuzzy_matching=True, update_creation_date=False)
    remembered = _remembered(language, locales)
    for message in catalogue:
        if message.id and not is_translated(message):
            message.string = remembered.get(_key(message), message.string)
    return catalogue


def _remembered(language: Language, locales: Path) -> dict[str | tuple[str, ...], Any]:
    """Every translation of a language on any surface, unused ones included."""
    memory: dict[str | tuple[str, ...], Any] = {}
    for path in sorted((locales / language).glob("*.po")):
        catalogue = read_catalogue(path, language)
        for message in [*catalogue.obsolete.values(), *catalogue]:
            if message.id and is_translated(message):
                memory[_key(message)] = message.string
    return memory


def _key(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def is_translated(message: Message) -> bool:
    """Whether every form of a message has been written and confirmed."""
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms) and not message.fuzzy


def write(catalogue: Catalog, language: Language, path: Path) -> None:
    """Write a .po file that changes only with its messages: no dates, no line numbers."""
    body = BytesIO()
    write_po(body, catalogue, width=98, omit_header=True, sort_output=True, include_lineno=False)
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {PLURAL_FORMS[language]}\\n"\n\n'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + body.getvalue())


def main(surfaces: Sequence[str]) -> int:
    """Update the named surfaces, or all; the exit code says whether anything lacks translation."""
    lacking = 0
    for surface in surfaces or SURFACES:
        for language in PLURAL_FORMS:
            catalogue = updated(surface, language)
            write(catalogue, language, LOCALES / language / f"{surface}.po")
            for message in catalogue:
                if message.id and not is_translated(message):
                    lacking += 1
                    sys.stdout.write(f"{language}/{surface}.po: not translated: {message.id!r}\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
