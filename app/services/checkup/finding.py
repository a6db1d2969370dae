"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How it stands."""

    OK = "ok"
    ATTENTION = "attention"  # works, but not as it should
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, what follows from it, what to do; the last two only where it is not OK."""

    area: str
    level: Level
    what: str
    consequence: str = ""
    remedy: str = ""
    shop: int | None = None

    @classmethod
    def ok(cls, area: str, what: str, shop: int | None = None) -> "Finding":
        """Nothing to do."""
        return cls(area, Level.OK, what, shop=shop)

    @classmethod
    def attention(
        cls, area: str, what: str, consequence: str, remedy: str, shop: int | None = None
    ) -> "Finding":
        """It works, but not as it should."""
        return cls(area, Level.ATTENTION, what, consequence, remedy, shop)

    @classmethod
    def broken(
        cls, area: str, what: str, consequence: str, remedy: str, shop: int | None = None
    ) -> "Finding":
        """It does not work."""
        return cls(area, Level.BROKEN, what, consequence, remedy, shop)
