"""Plays many stories at once on one store, each step when its business time has come."""

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import requests

from faults.background import Background
from faults.customer import NotNow
from faults.stories import STORIES, Do, Story, Teller, Until, Wait
from faults.tempo import Tempo

_AGAIN = 0.7  # seconds until a page that could not be had is tried again
_LOOK = 0.4  # seconds between two looks at what is waited for


class Player(Background):
    """One thread per store. A store's own moves always succeed: twins are never killed."""

    def __init__(
        self, told: Teller, tempo: Tempo, each_seconds: float, only: Sequence[str] = ()
    ) -> None:
        """A new story begins every `each_seconds`; `only`: names of those to be told."""
        super().__init__(told.store.platform)
        self._kinds = {k: n for k, n in STORIES.items() if not only or k.__name__ in only}
        self._told, self._tempo, self._each = told, tempo, each_seconds
        self._numbers = itertools.count()
        # business time (or monotonic), order, story, what to send, what it wants
        self._waiting: list[tuple[datetime, int, Story]] = []
        self._trying: list[tuple[float, int, Story, Do | Until, datetime]] = []
        self.counts: Counter[str] = Counter()
        self.trouble: list[str] = []
        self._beginning = True
        self.moves = 0  # how often a story went on

    def begin_no_more(self) -> None:
        """Stories that have begun go on to their end."""
        self._beginning = False

    @property
    def open(self) -> int:
        """Stories that have not ended."""
        return len(self._waiting) + len(self._trying)

    def _work(self) -> None:
        next_story = time.monotonic()
        kinds, weights = list(self._kinds), list(self._kinds.values())
        while not self._stop.wait(0.05):
            try:
                if self._beginning and time.monotonic() >= next_story:
                    next_story += self._each
                    (kind,) = self._told.random.choices(kinds, weights)
                    self.counts["stories"] += 1
                    self._go_on(kind(self._told), None)
                self._go_on_due()
            except (requests.RequestException, ValueError, KeyError) as error:
                # A twin refused a move: the harness's own mistake, which must not stay unseen.
                self.trouble.append(f"{self._told.store.platform}: {type(error).__name__}: {error}")

    def _go_on_due(self) -> None:
        business = self._tempo.now()
        while self._waiting and self._waiting[0][0] <= business:
            self._go_on(heapq.heappop(self._waiting)[2], None)
        now = time.monotonic()
        while self._trying and self._trying[0][0] <= now:
            _, _, story, step, until = heapq.heappop(self._trying)
            self._try(story, step, until)

    def _go_on(self, story: Story, result: Any) -> None:
        self.moves += 1
        try:
            step = story.send(result)
        except StopIteration:
            self.counts["ended"] += 1
            return
        business = self._tempo.now()
        if isinstance(step, Wait):
            due = business + timedelta(days=step.days)
            heapq.heappush(self._waiting, (due, next(self._numbers), story))
        else:
            days = step.days if isinstance(step, Until) else 3650
            self._try(story, step, business + timedelta(days=days))

    def _try(self, story: Story, step: Do | Until, until: datetime) -> None:
        try:
            result = step.act() if isinstance(step, Do) else step.look()
        except NotNow as error:
            self.counts[f"not now: {error}"] += 1
            self._later(_AGAIN, story, step, until)
            return
        if isinstance(step, Until) and result is None and self._tempo.now() < until:
            self._later(_LOOK, story, step, until)
            return
        self._go_on(story, result)

    def _later(self, seconds: float, story: Story, step: Do | Until, until: datetime) -> None:
        entry = (time.monotonic() + seconds, next(self._numbers), story, step, until)
        heapq.heappush(self._trying, entry)
