"""One run: set the stage, let it rain, let all come to rest, compare."""

import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from app.channels.links import Purpose
from app.cli.demo.stores import shop_of, stores_of
from faults import plan, report
from faults.deliveries import Deliveries
from faults.director import NAP_SECONDS, Director
from faults.mailbox import Mailbox
from faults.rest import come_to_rest
from faults.site import WORKERS, CannotStart, Site
from faults.stage import set_up
from faults.stories import Expected, Teller
from faults.tempo import Tempo
from faults.traffic import Player
from faults.verdict import UNEXPLAINED, Judge, Verdict, Window

_REST_SECONDS = 90.0
_HURRIED_DAY_SECONDS = 1.5
_LAST_DAYS = 9  # of business time: whatever was begun falls due in them


@dataclass(frozen=True)
class Options:
    """What is to be run."""

    seconds: float
    seed: int
    database: str = "sqlite"
    day_seconds: float = 4.0
    story_seconds: float = 2.0  # a new story per store
    pace: plan.Pace = field(default_factory=plan.Pace)
    broken: str = ""
    mail_seconds: float = 0
    fuses: tuple[str, ...] = ()
    keep: bool = False
    quiet: bool = False


@dataclass
class Result:
    """How it went."""

    verdict: Verdict
    kills: Counter[str]


class Run:
    """Everything of one run."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._began = time.monotonic()
        self._ledger: list[Expected] = []
        self._windows: list[Window] = []
        self._players: list[Player] = []

    def run(self) -> Result:
        """Play and judge. Raises CannotStart or NotReady if the stage could not be set."""
        options = self._options
        self._say(
            f"seed {options.seed}, {options.database}, {options.seconds / 60:.1f} minutes of faults"
        )
        with ExitStack() as stack:
            mailbox = stack.enter_context(Mailbox(seconds_each=options.mail_seconds))
            site = stack.enter_context(
                Site(options.database, mailbox.port, broken=options.broken, keep=options.keep)
            )
            events = plan.make(options.seed, options.seconds, options.database, options.pace)
            (site.root / "plan.jsonl").write_text(plan.as_json(events))
            set_up(site.deps)
            self._say(f"connected; files of the run: {site.root}")
            tempo = Tempo(site.deps, options.day_seconds)
            names = ("shopify", "woocommerce")
            deliveries = stack.enter_context(
                Deliveries(dict(zip(names, site.settings.twins, strict=True)))
            )
            director = Director(site, mailbox, tempo, options.seed, options.fuses)
            self._begin_stories(stack, site, mailbox, tempo)
            next_line = 60.0

            def each(now: float) -> None:
                nonlocal next_line
                if now >= next_line:
                    next_line += 60
                    self._say(report.progress(director, deliveries, mailbox, self._ledger))

            director.play(events, options.seconds, each)
            restless = self._rest(site, director, tempo)
            deliveries.read()
            self._say("compares")
            judge = Judge(
                site.deps,
                stores_of(site.settings),
                self._ledger,
                mailbox,
                deliveries,
                self._windows,
            )
            verdict = judge.judge(site.logs, restless)
            for player in self._players:
                for trouble in player.trouble:
                    verdict.add(UNEXPLAINED, f"the harness could not play: {trouble}")
            print(report.table(options, director, deliveries, self._players, verdict), flush=True)
            return Result(verdict, director.kills)

    def _begin_stories(self, stack: ExitStack, site: Site, mailbox: Mailbox, tempo: Tempo) -> None:
        for store in stores_of(site.settings):
            shop = shop_of(site.deps, store)
            if shop is None:
                raise CannotStart(f"{store.platform} is not connected")
            ref, links = shop.public_ref, site.deps.links

            def link(order: str, ref: str = ref) -> str:
                return links.make(Purpose.RETURN, {"s": ref, "o": order})

            random = Random(f"{self._options.seed}:stories:{store.platform}")
            told = Teller(store, mailbox, link, self._ledger, random)
            player = Player(told, tempo, self._options.story_seconds)
            self._players.append(stack.enter_context(player))

    # the end

    def _rest(self, site: Site, director: Director, tempo: Tempo) -> list[str]:
        """Faults end; stories end; what waits falls due; all is read once more."""
        self._say("faults end; everything comes to rest")
        for player in self._players:
            player.begin_no_more()
        director.end_all()
        self._fresh_start(site)
        tempo.hurry(_HURRIED_DAY_SECONDS)
        deadline = time.monotonic() + 150
        while any(player.open for player in self._players) and time.monotonic() < deadline:
            director.turn()
            time.sleep(0.1)
        self._say("stories have ended")
        tempo.stand_still(still=True)
        come_to_rest(site.deps, tempo.now, _REST_SECONDS, director.turn)
        for _ in range(_LAST_DAYS):
            tempo.advance(timedelta(days=1))
            restless = come_to_rest(site.deps, tempo.now, _REST_SECONDS / 3, director.turn)
        self._fresh_start(site)
        restless = come_to_rest(site.deps, tempo.now, _REST_SECONDS, director.turn)
        site.tell_world("clock", "0")
        return restless

    def _fresh_start(self, site: Site) -> None:
        """Leases of the dead have run out, the queue is empty, and the clock looks at everything."""
        for name in (*WORKERS, "clock", "web"):
            site.programs[name].stop()
        for server in ("postgres", "valkey"):
            if server in site.programs:
                if not site.programs[server].runs:
                    site.programs[server].start()
                site.programs[server].wait_until_ready(30)
        site.flush_redis()
        site.tell_world("clock", str(NAP_SECONDS))
        site.keep_running()
        site.programs["web"].wait_until_ready(60)

    def _say(self, line: str) -> None:
        if not self._options.quiet:
            print(f"{time.monotonic() - self._began:7.1f} s  {line}", flush=True)
            sys.stdout.flush()
