"""A clock for tests of what needs no more than one moment."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Stands still."""

    at: datetime

    def now(self) -> datetime:
        return self.at
