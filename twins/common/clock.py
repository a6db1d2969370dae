"""The twin's two clocks: wall time for signatures and tokens, business time for everything else."""

from datetime import UTC, datetime, timedelta

from twins.common.state import Documents

_KIND, _ID = "twin", "clock"


class ClockMovedBackError(ValueError):
    """Somebody tried to set a smaller offset; business time only moves forward."""


class TwinClock:
    """Business time is wall time plus an offset that is kept in the twin's state."""

    def __init__(self, state: Documents) -> None:
        self._state = state

    def wall(self) -> datetime:
        """Real time, for OAuth timestamps and token lifetimes (UTC)."""
        return datetime.now(UTC)  # noqa: TID251 -- the twin's only reading of the real clock

    def now(self) -> datetime:
        """Business time (UTC): what dates on orders and the Date header show."""
        return self.wall() + timedelta(seconds=self.offset_seconds)

    @property
    def offset_seconds(self) -> float:
        """Seconds that business time is ahead of wall time."""
        stored = self._state.get(_KIND, _ID)
        return float(stored["offset_seconds"]) if stored else 0.0

    def set_offset(self, seconds: float) -> None:
        """Move business time; raises ClockMovedBackError rather than go back."""
        with self._state.lock:
            if seconds < self.offset_seconds:
                raise ClockMovedBackError(
                    f"offset_seconds is {self.offset_seconds} and can only grow; got {seconds}"
                )
            self._state.put(_KIND, _ID, {"offset_seconds": seconds})
