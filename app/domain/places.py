"""Countries and languages as stores write them, in the form that we keep; None for anything else.

What is kept is short plain ASCII: columns are narrow, and rules compare.
"""

import re

_COUNTRY = re.compile(r"[A-Za-z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,2}")


def country_code(text: str | None) -> str | None:
    """An ISO 3166-1 alpha-2 code."""
    return text.upper() if text and _COUNTRY.fullmatch(text) else None


def language_tag(text: str | None) -> str | None:
    """The part of a BCP 47 tag that says language, script and country ("sk", "zh-Hant-TW")."""
    found = _LANGUAGE.match((text or "").replace("_", "-"))
    return found[0] if found else None
