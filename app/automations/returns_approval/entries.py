"""What forms and files may write into a rule, and the words of its choices."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.domain.return_words import REASONS as REASON_WORDS
from app.domain.returns import ReturnReason
from app.i18n.translator import N_

OUTCOMES = {
    "approve": N_("Approve"),
    "decline": N_("Decline"),
    "hold": N_("Leave to me"),
}
REASONS = {  # what a form offers
    reason.value: words
    for reason, words in REASON_WORDS.items()
    if reason is not ReturnReason.NOT_ASKED
}


def _parts(value: object) -> object:
    """Read "a, b" as a form sends it; names are kept once, in their order."""
    if isinstance(value, str):
        value = value.replace(";", ",").replace("\n", ",").split(",")
    if not isinstance(value, Sequence):
        return value
    words = [part.strip() if isinstance(part, str) else part for part in value]
    return list(dict.fromkeys(word for word in words if word != ""))


def _codes(value: object) -> object:
    parts = _parts(value)
    return (
        [p.upper() if isinstance(p, str) else p for p in parts]
        if isinstance(parts, list)
        else parts
    )


Names = Annotated[
    tuple[Annotated[str, Field(max_length=200)], ...],
    Field(max_length=500),
    BeforeValidator(_parts),
]
Countries = Annotated[
    tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...],
    Field(max_length=250),
    BeforeValidator(_codes),
]
Reasons = Annotated[
    tuple[ReturnReason, ...],
    Field(max_length=len(ReturnReason)),
    BeforeValidator(_parts),
]
