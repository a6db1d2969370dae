"""The clock process: enqueues what is due. It only ever enqueues; missing a beat loses nothing.

Two clocks do no harm (jobs are coalesced, rows are claimed), but a lease lets only one tick.
"""

import signal
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import FrameType

import structlog

from app.bootstrap import build_deps
from app.config import load_settings
from app.db.actions import (
    RESTORED,
    shops_with_due_actions,
    shops_with_expired_leases,
    shops_with_older_plans,
)
from app.db.credentials import shops_with_idle_tokens
from app.db.inbox import shops_with_pending
from app.db.privacy import shops_with_open_requests
from app.db.problems import shops_with_problem
from app.db.refresh import shops_with_due_refreshes
from app.db.session import DatabaseUnavailable, UnitOfWork
from app.db.shops import Shops, ShopState
from app.db.webhooks import shops_with_webhooks
from app.deps import Deps
from app.domain.ids import ShopId
from app.jobs.queues import connect
from app.jobs.witness import RedisWitness
from app.logs import configure_logging
from app.services import housekeeping
from app.services.continuity import FileWitness, Watch, Witness

log = structlog.get_logger()

TICK_SECONDS = 1.0
STRANDED_AFTER = timedelta(seconds=5)
IDLE_TOKEN = timedelta(days=7)


@dataclass(frozen=True)
class Beat:
    """A job for each shop that `due` names, looked at every `every`."""

    job: str
    every: timedelta
    due: Callable[[UnitOfWork, datetime, datetime], list[ShopId]]  # business, wall → shops


def _active(uow: UnitOfWork, _business: datetime, _wall: datetime) -> list[ShopId]:
    return [shop.id for shop in Shops(uow).in_state(ShopState.ACTIVE)]


def _importing(uow: UnitOfWork, _business: datetime, _wall: datetime) -> list[ShopId]:
    shops = Shops(uow).in_state(ShopState.ACTIVE)
    return [shop.id for shop in shops if not shop.history_complete]


BEATS = (
    Beat("drain", timedelta(seconds=5), lambda u, _b, w: shops_with_pending(u, w - STRANDED_AFTER)),
    Beat("perform", timedelta(seconds=1), shops_with_due_actions),
    Beat("recover", timedelta(seconds=10), lambda u, _b, w: shops_with_expired_leases(u, w)),
    Beat("refresh", timedelta(seconds=2), lambda u, _b, w: shops_with_due_refreshes(u, w)),
    Beat("import_history", timedelta(seconds=30), _importing),
    Beat("reconcile", timedelta(minutes=10), _active),
    Beat("check_connection", timedelta(minutes=60), _active),
    Beat("subscribe", timedelta(minutes=5), lambda u, _b, _w: shops_with_webhooks(u)),
    Beat("replan", timedelta(minutes=5), lambda u, _b, _w: shops_with_older_plans(u)),
    Beat("recount", timedelta(minutes=1), lambda u, _b, _w: shops_with_problem(u, RESTORED)),
    Beat("privacy", timedelta(minutes=5), lambda u, _b, _w: shops_with_open_requests(u)),
    Beat(
        "renew_token",
        timedelta(hours=1),
        lambda u, _b, w: shops_with_idle_tokens(u, w - IDLE_TOKEN),
    ),
)


class Ticker:
    """Looks at each beat when its time has come (wall time)."""

    def __init__(self, deps: Deps, witnesses: Sequence[Witness] = ()) -> None:
        self._deps = deps
        self._watch = Watch(deps, witnesses)
        self._holder = uuid.uuid4().hex
        self._next: dict[str, datetime] = {}

    def tick(self) -> None:
        """One look at everything; an unreachable database is tried again at the next."""
        wall = self._deps.wall.now()
        try:
            if not self._watch.beat(self._holder):
                return
            for beat in BEATS:
                if self._is_time(beat.job, beat.every, wall):
                    self._enqueue(beat, wall)
            if self._is_time("housekeeping", timedelta(hours=1), wall):
                housekeeping.tidy(self._deps)
        except DatabaseUnavailable as error:
            log.warning("clock.database_unavailable", error=type(error).__name__)

    def _is_time(self, name: str, every: timedelta, wall: datetime) -> bool:
        """Whether a beat's time has come; then its next one is set.

        One further away than a beat lasts was set while the machine's clock was ahead.
        """
        due = self._next.get(name, wall)
        if wall < due <= wall + every:
            return False
        self._next[name] = wall + every
        return True

    def _enqueue(self, beat: Beat, wall: datetime) -> None:
        with self._deps.db.read() as uow:
            shops = beat.due(uow, self._deps.business.now(), wall)
        for shop_id in shops:
            self._deps.dispatch((beat.job, (shop_id,)))


def main() -> None:
    """Tick until told to stop."""
    settings = load_settings()
    configure_logging(settings, "clock")
    witnesses = (FileWitness(settings.data_dir), RedisWitness(connect(settings.redis_url)))
    ticker = Ticker(build_deps(settings), witnesses)
    stop = threading.Event()

    def finish(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    while not stop.wait(TICK_SECONDS):
        ticker.tick()


if __name__ == "__main__":
    main()
