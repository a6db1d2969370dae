"""The leaky bucket of GraphQL points that one shop gives us, as far as its answers tell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

# Work that nobody waits for leaves half of the bucket to work that somebody waits for.
BACKGROUND_SHARE = 0.5
_PATIENCE_WITHOUT_NUMBERS = 2.0  # seconds to wait when the answer tells no costs


@dataclass(frozen=True, slots=True)
class _Level:
    available: float
    maximum: float
    per_second: float
    at: float  # monotonic seconds


class Bucket:
    """What is left of one shop's points; sizes are never assumed, only read from answers."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._level: _Level | None = None
        self._costs: dict[str, float] = {}  # by operation, as Shopify asked last

    def wait(self, operation: str) -> float:
        """Seconds until an operation fits, as far as we know: better waited than refused."""
        return self._wait_for(self._costs.get(operation, 0.0))

    def learn(self, cost: Mapping[str, Any], operation: str) -> None:
        """Take over `extensions.cost` of an answer."""
        requested = cost.get("requestedQueryCost")
        if isinstance(requested, int):
            self._costs[operation] = float(requested)
        status = cost.get("throttleStatus") or {}
        try:
            level = _Level(
                available=float(status["currentlyAvailable"]),
                maximum=float(status["maximumAvailable"]),
                per_second=float(status["restoreRate"]),
                at=self._seconds(),
            )
        except (KeyError, TypeError, ValueError):
            return
        if level.per_second > 0:
            with self._lock:
                self._level = level

    def background_wait(self) -> float:
        """Seconds until work that nobody waits for may take points."""
        with self._lock:
            level = self._level
        return self._wait_for(level.maximum * BACKGROUND_SHARE) if level else 0.0

    def throttled_wait(self, cost: Mapping[str, Any], operation: str) -> float:
        """Seconds until a query that was throttled fits."""
        self.learn(cost, operation)
        requested = cost.get("requestedQueryCost")
        if not isinstance(requested, int) or self._level is None:
            return _PATIENCE_WITHOUT_NUMBERS
        return max(self._wait_for(float(requested)), 0.1)

    def _wait_for(self, points: float) -> float:
        with self._lock:
            level = self._level
        if level is None:
            return 0.0
        refilled = level.available + (self._seconds() - level.at) * level.per_second
        return max(0.0, (points - min(refilled, level.maximum)) / level.per_second)
