"""Shopify's words for returns, in both directions: states, reasons, and our mark in the notes."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from app.domain.errors import BadPayload
from app.domain.returns import ReturnReason, ReturnState
from app.platforms.shopify.fields import Fields

NOTE_LENGTH = 300  # of `customerNote`
DECLINE_NOTE_LENGTH = 500

_STATES: Mapping[str, ReturnState] = MappingProxyType(
    {
        "REQUESTED": ReturnState.REQUESTED,
        "OPEN": ReturnState.APPROVED,
        "CLOSED": ReturnState.CLOSED,
        "DECLINED": ReturnState.DECLINED,
        "CANCELED": ReturnState.CANCELLED,
    }
)

# Handles of Shopify's library of reasons, the same in every shop.
OTHER = "other-reason"
HANDLES: Mapping[ReturnReason, str] = MappingProxyType(
    {
        ReturnReason.UNWANTED: "changed-my-mind",
        ReturnReason.TOO_SMALL: "too-small",
        ReturnReason.TOO_LARGE: "too-big",
        ReturnReason.LOOKS_DIFFERENT: "style",
        ReturnReason.NOT_AS_DESCRIBED: "item-not-as-described",
        ReturnReason.WRONG_ITEM: "received-the-wrong-item",
        ReturnReason.DAMAGED: "damaged-or-defective",
        ReturnReason.DEFECTIVE: "damaged-or-defective",
        ReturnReason.TOO_LATE: "arrived-late",
        ReturnReason.OTHER: OTHER,
        ReturnReason.NOT_ASKED: "unknown",
    }
)
# What other apps and customer accounts may have given. The library has some 200 reasons that belong
# to one kind of goods ("cups-too-small", "battery-life"): sizes are told by their endings.
_REASONS: Mapping[str, ReturnReason] = MappingProxyType(
    {handle: reason for reason, handle in HANDLES.items() if reason is not ReturnReason.NOT_ASKED}
    | {
        "color": ReturnReason.LOOKS_DIFFERENT,
        "pattern": ReturnReason.LOOKS_DIFFERENT,
        "finish": ReturnReason.LOOKS_DIFFERENT,
    }
)
_TOO_SMALL = ("too-small", "too-tight", "too-short")
_TOO_LARGE = ("too-big", "too-loose", "too-long")

_MARK = re.compile(r"\[(RMA-[0-9]{4,12})\]\s*")


def state_of(node: Fields) -> ReturnState:
    """The state of a return by its `status` alone."""
    word = node.text("status")
    if word not in _STATES:
        raise BadPayload("status: not a state of a return that we know")
    return _STATES[word]


def reason_of(handle: str | None) -> ReturnReason:
    """What a reason's handle means to us; what we have no word for is another reason."""
    if handle is None:
        return ReturnReason.OTHER
    if handle.endswith(_TOO_SMALL):
        return ReturnReason.TOO_SMALL
    if handle.endswith(_TOO_LARGE):
        return ReturnReason.TOO_LARGE
    return _REASONS.get(handle, ReturnReason.OTHER)


def marked(reference: str, words: str) -> str:
    """A customer's note with our reference before it; what does not fit is cut off the words."""
    mark = f"[{reference}]"
    return f"{mark} {cut(words.strip(), NOTE_LENGTH - len(mark) - 1)}".rstrip()


def unmarked(note: str | None) -> tuple[str | None, str | None]:
    """Our reference in a note, and the words without it."""
    if note is None:
        return None, None
    found = _MARK.match(note)
    if found is None:
        return None, note
    return found[1], note[found.end() :] or None


def cut(text: str, length: int) -> str:
    """At most `length` characters, never cut between a letter and its accent or inside an emoji."""
    if len(text) <= length:
        return text
    end = length - 1  # one for the ellipsis
    while end > 0 and _belong_together(text, end):
        end -= 1
    return text[:end].rstrip() + "…"


def _belong_together(text: str, at: int) -> bool:
    """Whether the characters before and behind a place make one that people see."""
    before, behind = text[at - 1], text[at]
    joined = "\u200d" in (before, behind) or "\U0001f3fb" <= behind <= "\U0001f3ff"
    flag = all("\U0001f1e6" <= half <= "\U0001f1ff" for half in (before, behind))
    return joined or flag or unicodedata.category(behind) in ("Mn", "Mc", "Me")
