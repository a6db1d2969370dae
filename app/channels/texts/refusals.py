"""Why a merchant's text cannot be used: a code, a place and what it names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Why(StrEnum):
    """One reason each; the merchant's words for them stand in app/services/text_words.py.

    Members are stored with problems: add, never rename.
    """

    TOO_LONG = "too_long"  # most
    PART_TOO_LONG = "part_too_long"  # most
    NOT_CLOSED = "not_closed"  # opening, closing
    NO_NAME = "no_name"
    TAG = "tag"  # name
    BLOCK_OPEN = "block_open"  # name
    BLOCK_STRAY = "block_stray"  # name
    SYNTAX = "syntax"  # near
    RANGE = "range"
    FIELD = "field"  # name, and nearest where one is near
    FIELD_PART = "field_part"  # name
    MISSING = "missing"  # name
    FILTER = "filter"  # name, and nearest where one is near
    FILTER_USE = "filter_use"  # name
    COMPARED = "compared"
    TOO_MUCH = "too_much"
    EMPTY = "empty"
    EMPTY_WITHOUT = "empty_without"  # names
    RESULT_TOO_LONG = "result_too_long"  # most
    HTML_TAG = "html_tag"  # name
    HTML_OPEN = "html_open"  # name
    HTML_ATTRIBUTE = "html_attribute"  # name
    LINK = "link"  # url
    LINK_FILTER = "link_filter"
    LAYOUT = "layout"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why, and where: line and column count from 1; line 0 means the text as a whole."""

    why: Why
    line: int = 0
    column: int = 0
    params: Mapping[str, str] = field(default_factory=dict)


class TextRefused(Exception):
    """A text that cannot be used as it is."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


def refused(why: Why, source: str = "", at: int | None = None, **params: str) -> TextRefused:
    """The error for a place in a source."""
    if at is None or not 0 <= at <= len(source):
        return TextRefused(Refusal(why, params=params))
    line = source.count("\n", 0, at) + 1
    column = at - source.rfind("\n", 0, at)
    return TextRefused(Refusal(why, line, column, params))
