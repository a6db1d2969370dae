"""Words, dates and money in English, Turkish and Slovak.

English texts in the code are the message ids; translations are `locales/<language>/<surface>.po`.
`python -m app.i18n.update` brings those files up to date with the code.
"""

from app.i18n.negotiation import SUPPORTED, Language, negotiate
from app.i18n.templates import install
from app.i18n.translator import N_, Translator

__all__ = ["N_", "SUPPORTED", "Language", "Translator", "install", "negotiate"]
