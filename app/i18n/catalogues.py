"""The .po files: where they are, how they are read, and one merged catalogue per language."""

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.i18n.negotiation import Language

LOCALES = Path(__file__).parent / "locales"

# Babel believes that Turkish has one form; CLDR has two ("1 gün", "2 gün" are written alike, but
# a sentence around them need not be).
PLURAL_FORMS: dict[Language, str] = {
    "tr": "nplurals=2; plural=(n != 1);",
    "sk": "nplurals=3; plural=((n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2);",
}


def new_catalogue(language: Language) -> Catalog:
    """An empty catalogue with our plural rule for the language."""
    catalogue = Catalog(locale=language, fuzzy=False)
    catalogue.mime_headers = [("Plural-Forms", PLURAL_FORMS[language])]
    return catalogue


def read_catalogue(path: Path, language: Language) -> Catalog:
    """Read one .po file. Raises babel's PoFileError where it is malformed."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    catalogue.mime_headers = [("Plural-Forms", PLURAL_FORMS[language])]
    return catalogue


@cache
def translations(language: Language) -> gettext.NullTranslations:
    """All surfaces of a language in one; read from the .po files at the first call.

    English is the language of the message ids and has no files. A text without a translation, or
    with a fuzzy one, comes out in English.
    """
    if language == "en":
        return gettext.NullTranslations()
    merged = new_catalogue(language)
    for path in sorted((LOCALES / language).glob("*.po")):
        for message in read_catalogue(path, language):
            if message.id and message.string and not message.fuzzy:
                merged.add(message.id, message.string, context=message.context)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
