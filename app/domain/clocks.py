"""Two clocks: wall time for tokens, leases, signatures; business time for what is due when.

Nothing else in the product reads the time: a clock is an argument everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells an aware UTC time."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that reads the machine's clock


@dataclass(frozen=True, slots=True)
class BusinessClock:
    """Wall time plus an offset kept in the database: zero in production, moved in the demo."""

    wall: Clock
    offset: Callable[[], timedelta]

    def now(self) -> datetime:
        """The moment by which due dates, windows and quiet hours are judged."""
        return self.wall.now() + self.offset()
