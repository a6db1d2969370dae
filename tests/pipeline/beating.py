"""The clock's beats as time passes: each when it is due, as the clock process would."""

from collections.abc import Callable
from datetime import timedelta

from app.clock import Ticker
from tests.support import Harness


class Beats:
    """One clock process over a harness; everything that it asks for is done at once."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._ticker = Ticker(harness.deps)

    def go_on(self, *, minutes: int) -> None:
        """Let so many minutes pass, with a look each minute."""
        for _ in range(minutes):
            self._harness.wall.advance(minutes=1)
            self._harness.business.advance(minutes=1)
            self._harness._tell_twins()
            self._ticker.tick()
            self._harness.run_jobs()

    def minutes_until(self, condition: Callable[[], bool], *, at_most: int) -> int:
        """How many minutes pass until something is so."""
        for passed in range(at_most + 1):
            if condition():
                return passed
            self.go_on(minutes=1)
        raise AssertionError(f"not within {timedelta(minutes=at_most)}")
