"""Lets the planned faults happen, keeps the processes running, and lets days pass."""

import heapq
import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg
import requests
from sqlalchemy.exc import DBAPIError

from faults.entry.fuse import DEATHS, FUSE
from faults.mailbox import Mailbox
from faults.plan import Event, Fuses
from faults.rest import is_behind, let_pass, somebody_died
from faults.site import WORKERS, Site
from faults.tempo import Tempo
from faults.weather import End, Weather

_NAP = timedelta(seconds=400)  # leases of five minutes have run out then
_TICK = 0.1
# Nobody is killed while still starting, or on a busy machine nothing would ever be at work.
_LIFE = 2.5  # seconds
_WORKERS = {*WORKERS, "both workers"}
_TARGETS = {
    "both workers": WORKERS,
    "nap": WORKERS,
    "deploy": (*WORKERS, "clock", "web"),
    "restore": (*WORKERS, "clock", "web"),
}


class Director:
    """One thread does all of it: what happens at once happens one after the other."""

    def __init__(self, site: Site, mailbox: Mailbox, tempo: Tempo, seed: int) -> None:
        self._site, self._tempo = site, tempo
        self.weather = Weather(site, mailbox, seed)
        self._fuses = Fuses(seed)
        self._ends: list[tuple[float, int, str, End]] = []
        self._numbers = itertools.count()
        self._deaths = 0  # lines of the file that were read
        self._next_tick = 0.0
        self._due: list[Event] = []  # their time has come, but not their victim's
        self._behind = False
        self.kills: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.steps: defaultdict[str, set[int]] = defaultdict(set)  # at which somebody died
        self.faults_on = True
        self.trouble: list[str] = []
        self.special: dict[str, Callable[[Event], None]] = {
            "kill": self._kill, "nap": self._nap, "deploy": self._deploy,
        }  # fmt: skip

    def play(self, events: Sequence[Event], seconds: float, each: Callable[[float], bool]) -> None:
        """All events at their times; `each` is called about ten times a second and says whether
        that is enough.
        """
        began = time.monotonic()
        coming = list(events)
        while (now := time.monotonic() - began) < seconds:
            while coming and coming[0].at <= now:
                self._wait_for_victim(coming.pop(0))
            self._due = [event for event in self._due if not self._happens(event)]
            self.turn()
            if each(now):
                return
            time.sleep(_TICK)
        if left := len(self._due) + len(coming):
            self.happened["left out at the end, the victim was still starting"] += left

    def turn(self) -> None:
        """What has to be done again and again."""
        now = time.monotonic()
        while self._ends and self._ends[0][0] <= now:
            _, _, kind, end = heapq.heappop(self._ends)
            self._end(kind, end)
        self._count_deaths()
        if self.faults_on and not self._clock_is_wrong:
            ended = [n for n, p in self._site.programs.items() if not p.runs]
            self._site.keep_running({name: {FUSE: self._fuses.for_start(name)} for name in ended})
        else:
            self._site.keep_running()
        if now >= self._next_tick:
            self._next_tick = now + 1
            self._let_days_pass()

    def end_all(self) -> None:
        """No fault goes on."""
        self.faults_on = False
        ends, self._ends = self._ends, []  # what they bring about comes later
        for _, _, kind, end in ends:
            self._end(kind, end, last=True)
        for name in self._site.programs:
            self._site.let_up(name)
        for attempt in range(5):
            try:
                self.weather.clear()
            except requests.RequestException as error:
                if attempt == 4:
                    self.trouble.append(f"faults did not end: {error!r}")
            else:
                return

    def goes_on(self, what: str) -> bool:
        """Whether a fault whose name begins so has not ended yet."""
        return any(kind.startswith(what) for _, _, kind, _ in self._ends)

    def later(self, seconds: float, kind: str, end: End) -> None:
        """Call it in so many seconds."""
        heapq.heappush(self._ends, (time.monotonic() + seconds, next(self._numbers), kind, end))

    @property
    def broken_off(self) -> int:
        """How often a worker may have been stopped in the middle of something, or was taken for
        stopped because a clock was wrong.
        """
        deaths = sum(
            n for what, n in self.kills.items() if what.startswith(("worker", "at a step"))
        )
        return deaths + sum(self.happened[what] for what in ("clock jumps", "deploy", "restore"))

    def _wait_for_victim(self, event: Event) -> None:
        """Two that wait for one victim would hit it at the first breath: one is enough."""
        if any(
            (e.kind, e.given.get("what")) == (event.kind, event.given.get("what"))
            for e in self._due
        ):
            self.happened["kills left out, the victim was still starting"] += 1
        else:
            self._due.append(event)

    def _happens(self, event: Event) -> bool:
        """Let it happen; False if whom it is to hit is not at work yet: then it waits."""
        if event.kind in ("kill", "nap", "deploy", "restore"):
            names = _TARGETS.get(event.given.get("what", event.kind), (event.given.get("what"),))
            programs = [self._site.programs[name] for name in names if name]
            if any(program.at_work_for() < _LIFE for program in programs):
                return False
            if self._clock_is_wrong and event.given.get("what") in _WORKERS:
                return False  # it would leave leases that run longer than the next nap
        self._happen(event)
        return True

    def _happen(self, event: Event) -> None:
        self.happened[event.kind] += 1
        try:
            end = self._begin(event)
        except (requests.RequestException, RuntimeError, OSError) as error:
            self.trouble.append(f"{event}: {error!r}")
            return
        if end is not None:
            self.later(float(event.given["lasts"]), event.kind, end)

    def _begin(self, event: Event) -> End | None:
        if event.kind in self.special:
            self.special[event.kind](event)
            return None
        return self.weather.begin(event)

    def _end(self, kind: str, end: End, *, last: bool = False) -> None:
        try:
            end()
        except psycopg.Error:  # the server is just starting: it has to be told all the same
            if not last:
                self.later(1, kind, end)
        except (requests.RequestException, RuntimeError, OSError) as error:
            self.trouble.append(f"the end of {kind}: {error!r}")

    def _kill(self, event: Event) -> None:
        names = WORKERS if event.given["what"] == "both workers" else (event.given["what"],)
        for name in names:
            if self._site.programs[name].kill():
                self.kills[name.partition("-")[0]] += 1

    @property
    def _clock_is_wrong(self) -> bool:
        return self.goes_on("clock jumps")

    def _nap(self, _event: Event) -> None:
        """The machine goes to sleep with dead workers: minutes later it goes on without them.

        Their leases have run out then, and what they were doing is looked up.
        """
        if not (self._behind or somebody_died(self._site.deps)):
            self.happened["naps left out, nobody had died"] += 1
            return
        self.kills["worker"] += sum(self._site.programs[name].kill() for name in WORKERS)
        self._wake_up()

    def _wake_up(self) -> None:
        try:
            let_pass(self._site.deps, _NAP)
        except DBAPIError:
            self.later(1, "nap", self._wake_up)

    def _deploy(self, _event: Event) -> None:
        """A new generation starts beside the old one, which is asked to stop then."""
        with suppress(RuntimeError):  # a locked database refuses the migration: deployed again
            self._site.command("migrate", seconds=30)
        for name in (*WORKERS, "clock"):
            self._site.hand_over(name)
        self._site.change_code(self._site.programs["web"])
        self._site.programs["web"].stop()

    def _let_days_pass(self) -> None:
        self._behind = is_behind(self._site.deps, self._tempo.now())
        if self._behind:
            self._tempo.skip()
            self.happened["seconds without progress of days"] += 1
        else:
            self._tempo.tick()

    def _count_deaths(self) -> None:
        with suppress(FileNotFoundError):
            lines = (self._site.world / DEATHS).read_text().splitlines()
            for line in lines[self._deaths :]:
                died: dict[str, Any] = json.loads(line)
                what = died["kind"] if died["kind"] != "any" else "a commit"
                self.kills[f"at a step of {what}"] += 1
                self.steps[what].add(died["at"])
            self._deaths = len(lines)
