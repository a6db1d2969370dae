"""The WordPress plugin's texts: .pot and .po brought up to date with its PHP, .mo compiled.

Run it after a change of texts, translate what it lists, run it again. WordPress reads the .mo
files, so they are kept in the repository: a plugin is installed by unpacking it.
"""

import io
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from app.i18n.catalogues import PLURAL_FORMS, new_catalogue, read_catalogue
from app.i18n.negotiation import Language
from app.i18n.update import is_translated, write

PLUGIN = Path(__file__).resolve().parent.parent / "wordpress" / "afterglow"
LANGUAGES = PLUGIN / "languages"
LOCALES: dict[Language, str] = {"sk": "sk_SK", "tr": "tr_TR"}
_TEXT = r"'((?:[^'\\]|\\.)*)'"
_SINGLE = re.compile(rf"(?:__|esc_html__|esc_html_e|esc_attr__)\( {_TEXT}, 'afterglow' \)")
_PLURAL = re.compile(rf"_n\( {_TEXT}, {_TEXT}, [^,]+, 'afterglow' \)")


def main() -> int:
    """Update the files; the exit code says whether anything lacks translation."""
    template = extract()
    (LANGUAGES / "afterglow.pot").write_bytes(_pot(template))
    lacking = 0
    for language, locale in LOCALES.items():
        path = LANGUAGES / f"afterglow-{locale}.po"
        catalogue = read_catalogue(path, language) if path.exists() else new_catalogue(language)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        write(catalogue, language, path)
        path.with_suffix(".mo").write_bytes(compiled(catalogue, language))
        for message in catalogue:
            if message.id and not is_translated(message):
                lacking += 1
                print(f"{path.name}: not translated: {message.id!r}")
    return 1 if lacking else 0


def extract() -> Catalog:
    """All texts in the plugin's PHP."""
    catalogue = Catalog(fuzzy=False)
    for path in sorted(PLUGIN.rglob("*.php")):
        source = path.read_text()
        where = [(path.relative_to(PLUGIN).as_posix(), 0)]
        for text in _SINGLE.findall(source):
            catalogue.add(_plain(text), locations=where)
        for single, plural in _PLURAL.findall(source):
            catalogue.add((_plain(single), _plain(plural)), locations=where)
    return catalogue


def compiled(catalogue: Catalog, language: Language) -> bytes:
    """The .mo file; it changes only with the messages."""
    always = datetime(2026, 1, 1, tzinfo=UTC)
    bare = Catalog(locale=language, project="Afterglow", creation_date=always, fuzzy=False)
    for message in catalogue:
        if message.id and is_translated(message):
            bare.add(message.id, message.string)
    bare.mime_headers = [("Plural-Forms", PLURAL_FORMS[language])]
    lean = io.BytesIO()
    write_mo(lean, bare)
    return lean.getvalue()


def _pot(template: Catalog) -> bytes:
    body = io.BytesIO()
    write_po(body, template, width=98, omit_header=True, sort_output=True, include_lineno=False)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    return header.encode() + body.getvalue()


def _plain(text: str) -> str:
    """As PHP reads it between single quotes."""
    return text.replace("\\'", "'").replace("\\\\", "\\")


if __name__ == "__main__":
    sys.exit(main())
