"""Merchants' own words for a mail: subject, heading, opening and button, in Liquid.

`check` tells at saving why a text cannot be used; `written` fills it in at sending and leaves to
our words what cannot be used. Links, the way out, the law's lines and the layout stay ours.
"""

from app.channels.texts.checking import check
from app.channels.texts.filters import FILTERS
from app.channels.texts.refusals import Refusal, Why
from app.channels.texts.rich import TAGS as HTML_TAGS
from app.channels.texts.rich import Opening
from app.channels.texts.slots import SLOTS, Slot
from app.channels.texts.source import TAGS, normalised
from app.channels.texts.writing import OwnText, Sources, written

__all__ = [
    "FILTERS", "HTML_TAGS", "SLOTS", "TAGS", "Opening", "OwnText", "Refusal", "Slot", "Sources",
    "Why", "check", "normalised", "written",
]  # fmt: skip
