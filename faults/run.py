"""One run: set the stage, let it rain, let all come to rest, compare."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random

from app.channels.links import Links, Purpose
from app.cli.demo.drivers import Store
from app.cli.demo.stores import shop_of, stores_of
from faults import plan, report
from faults.deliveries import Deliveries
from faults.director import Director
from faults.findings import UNEXPLAINED, Verdict
from faults.mailbox import Mailbox
from faults.merchants import Merchants
from faults.plan import Event
from faults.rest import come_to_rest, let_pass
from faults.restore import Backups
from faults.site import WORKERS, CannotStart, Site
from faults.stage import set_up
from faults.stories import Expected, Teller
from faults.tempo import Tempo
from faults.traffic import Player
from faults.verdict import Judge

_REST_SECONDS = 120.0
_LONG_NAP = timedelta(hours=4)  # outlasts leases of a clock that was ahead by two
_STORY_SECONDS = 150.0  # without a step of any story: they do not end any more
_HURRIED_DAY_SECONDS = 1.5
_UNDER_WAY_SECONDS = 6.0
_LAST_DAYS = 9  # of business time: whatever was begun falls due in them
_USUAL_START_SECONDS = 20.0
_MERCHANTS_EACH = 10.0  # seconds


@dataclass(frozen=True)
class Options:
    """What is to be run."""

    seconds: float
    seed: int
    database: str = "sqlite"
    day_seconds: float = 4.0
    story_seconds: float = 2.0  # a new story per store
    pace: plan.Pace = field(default_factory=plan.Pace)
    extra: tuple[Event, ...] = ()  # faults besides those of the seed
    before: str = ""  # a commit whose code runs beside the present one
    broken: str = ""  # a guard
    mail_seconds: float = 0  # that the mail server takes over each mail
    fuse: str = ""  # of the first workers
    stories: tuple[str, ...] = ()  # names; all of them without
    until_doubled: bool = False  # end without rest at the first marketing mail that came twice
    keep: bool = False
    say: Callable[[str], None] = print


@dataclass
class Result:
    """How it went."""

    verdict: Verdict
    kills: Counter[str]


class Run:
    """Everything of one run; `play` may be called once."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._began = time.monotonic()
        self._ledger: list[Expected] = []
        self._players: list[Player] = []

    def play(self) -> Result:
        """Play and judge. Raises CannotStart or NotReady if the stage could not be set."""
        options = self._options
        minutes = f"{options.seconds / 60:.1f}"
        self._say(f"seed {options.seed}, {options.database}, {minutes} minutes of faults")
        with ExitStack() as stack:
            self._mailbox = stack.enter_context(Mailbox(seconds_each=options.mail_seconds))
            self._site = stack.enter_context(
                Site(
                    options.database,
                    self._mailbox.port,
                    before=options.before,
                    broken=options.broken,
                    fuse=options.fuse,
                    keep=options.keep,
                )
            )
            events = plan.make(options.seed, options.seconds, options.database, options.pace)
            events = sorted([*events, *options.extra], key=lambda event: event.at)
            (self._site.root / "plan.jsonl").write_text(plan.as_json(events))
            set_up(self._site.deps)
            # On a busy machine days and stories take longer: what is due must have a chance.
            slow = max(1.0, (time.monotonic() - self._began) / _USUAL_START_SECONDS)
            options = replace(
                options,
                day_seconds=options.day_seconds * slow,
                story_seconds=options.story_seconds * slow,
            )
            self._options = options
            self._stores: tuple[Store, ...] = stores_of(self._site.settings)
            self._say(
                f"the stores are connected; the machine is {slow:.1f} times slower than usual; "
                f"files of the run: {self._site.root}"
            )
            self._tempo = Tempo(self._site.deps, options.day_seconds)
            urls = {store.platform: store.url for store in self._stores}
            self._deliveries = stack.enter_context(Deliveries(urls))
            self._director = Director(self._site, self._mailbox, self._tempo, options.seed)
            self._backups = Backups(self._site, self._tempo)
            self._director.special["restore"] = self._restore
            self._merchants = Merchants(self._site.deps, self._stores, self._mailbox, self._ledger)
            self._merchants_look()
            self._begin_stories(stack)
            self._director.play(events, options.seconds, self._each_minute())
            return self._end()

    def _end(self) -> Result:
        """There is a verdict whatever happens: what the harness runs into is a finding, too."""
        restless = [] if self._options.until_doubled else self._rest()
        self._say("the ledgers are compared")
        judge = Judge(
            self._site.deps, self._ledger, self._mailbox, self._deliveries, self._backups.windows,
            broken_off=self._director.broken_off + self._mailbox.cut,
        )  # fmt: skip
        verdict = judge.judge(self._stores, self._site.logs, restless)
        for player in self._players:
            for trouble in player.trouble:
                verdict.add(UNEXPLAINED, f"the harness could not play: {trouble}")
        for trouble in self._director.trouble:
            verdict.add(UNEXPLAINED, f"the harness could not do a fault: {trouble}")
        director = self._director
        told = report.table(
            self._options, director, self._deliveries, self._players,
            backups=self._backups, merchants=self._merchants,
        )  # fmt: skip
        self._options.say(told + report.told(verdict))
        return Result(verdict, director.kills)

    def _each_minute(self) -> Callable[[float], bool]:
        next_line = 60.0

        def each(now: float) -> bool:
            nonlocal next_line
            if now >= next_line:
                next_line += 60
                self._say(
                    report.progress(self._director, self._deliveries, self._mailbox, self._ledger)
                )
            return self._options.until_doubled and self._mailbox.doubled

        return each

    def _begin_stories(self, stack: ExitStack) -> None:
        for store in self._stores:
            shop = shop_of(self._site.deps, store)
            if shop is None:
                raise CannotStart(f"{store.platform} is not connected")
            link = partial(_return_link, self._site.deps.links, shop.public_ref)
            random = Random(f"{self._options.seed}:stories:{store.platform}")
            told = Teller(store, self._mailbox, link, self._ledger, random)
            player = Player(told, self._tempo, self._options.story_seconds, self._options.stories)
            self._players.append(stack.enter_context(player))

    def _restore(self, event: Event) -> None:
        """A backup now, put back after a while."""
        director, backups = self._director, self._backups

        def put_back() -> None:
            if not director.faults_on:
                return  # put back when all comes to rest
            if director.goes_on("database"):  # locked, full, read-only: nothing can be put back
                director.later(1, "restore", put_back)
                return
            backups.put_back()

        if backups.make():
            director.later(float(event.given["after"]), "restore", put_back)

    def _merchants_look(self) -> None:
        self._merchants.look()
        self._director.later(_MERCHANTS_EACH, "merchants look", self._merchants_look)

    # the end

    def _rest(self) -> list[str]:
        """Faults end; stories end; what waits falls due; all is read once more.

        Returns what does not come to rest.
        """
        self._say("faults end; everything comes to rest")
        director, tempo = self._director, self._tempo
        for player in self._players:
            player.begin_no_more()
        director.end_all()
        try:
            self._backups.put_back()
        except CannotStart as error:
            director.trouble.append(f"the last restore: {error}")
        self._fresh_start()
        director.weather.release()
        tempo.hurry(_HURRIED_DAY_SECONDS)
        open_stories = self._end_stories()
        tempo.stand_still(still=True)
        going_on = self._settle(_REST_SECONDS)
        for day in range(_LAST_DAYS):
            if going_on:
                self._say(f"day {day}: still at it: {', '.join(going_on)}"[:300])
                going_on = self._settle(_REST_SECONDS)
            if not going_on and tempo.advance(timedelta(days=1)):
                going_on = self._settle(_REST_SECONDS)
        self._fresh_start()
        restless = self._settle(_REST_SECONDS)
        if open_stories:
            restless.append(f"{open_stories} stories have not ended")
        return restless

    def _end_stories(self) -> int:
        """Days pass quickly until all have ended; returns how many stand still."""
        before = last = sum(player.moves for player in self._players)
        ends = time.monotonic() + 5 * _STORY_SECONDS + self._options.seconds / 2
        deadline = time.monotonic() + _STORY_SECONDS
        while any(p.open for p in self._players) and time.monotonic() < min(deadline, ends):
            self._director.turn()
            time.sleep(0.1)
            last = sum(player.moves for player in self._players)
            if last != before:
                before, deadline = last, time.monotonic() + _STORY_SECONDS
        return sum(player.open for player in self._players)

    def _settle(self, seconds: float) -> list[str]:
        return come_to_rest(self._site.deps, self._tempo.now, seconds, self._director.turn)

    def _fresh_start(self) -> None:
        """Leases of the dead have run out, the queue is empty, and the clock looks at all."""
        site = self._site
        for name in (*WORKERS, "clock", "web"):
            site.programs[name].stop()
        for server in ("postgres", "valkey"):
            if server in site.programs:
                if not site.programs[server].runs:
                    site.programs[server].start()
                site.programs[server].wait_until_ready(30)
        site.flush_redis()
        let_pass(site.deps, _LONG_NAP)
        site.keep_running()
        site.programs["web"].wait_until_ready(60)
        # What the clock asks for at its start (polling, too) is under way before anybody looks.
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and any(
            site.programs[name].at_work_for() < _UNDER_WAY_SECONDS for name in (*WORKERS, "clock")
        ):
            site.keep_running()
            time.sleep(0.2)

    def _say(self, line: str) -> None:
        self._options.say(f"{time.monotonic() - self._began:7.1f} s  {line}")


def _return_link(links: Links, shop: str, order: str) -> str:
    """What a customer finds in the account or in a mail."""
    return links.make(Purpose.RETURN, {"s": shop, "o": order})
