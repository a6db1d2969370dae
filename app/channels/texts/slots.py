"""The parts of a mail that a merchant may word, and how long each may be."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One part. `longest` counts the characters that the merchant writes, `shown` those of the
    result; `rich`: several lines, links and emphasis.
    """

    name: str
    longest: int
    shown: int
    rich: bool = False


SLOTS: Mapping[str, Slot] = {
    slot.name: slot
    for slot in (
        Slot("subject", longest=500, shown=150),
        Slot("heading", longest=500, shown=150),
        Slot("intro", longest=4000, shown=4000, rich=True),
        Slot("button", longest=300, shown=60),
    )
}
