"""A backup that took the place of a newer database is noticed, and what it may do twice is held.

What was mailed or made after the backup is not in it, so a restored database would do it again.
Three ways to notice, the surest first:
- A copy made by `afterglow backup` carries its moment. Whoever starts on it knows.
- The clock's beats are written into the database and beside it (Redis, DATA_DIR). A database whose
  last beat is older than a witness has seen went back in time.
- The operator says so: `afterglow restored`.

Held is what was due until then; `pipeline.plan` holds what reading the lost days anew would do.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from app.db import clock as business_offset
from app.db import continuity
from app.db.actions import RESTORED
from app.db.continuity import BEAT_LASTS, CLOCK, Restoration
from app.db.leases import acquire
from app.db.session import UnitOfWork
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.ids import ShopId

log = structlog.get_logger()

# How far a witness may be ahead: a beat that was written beside the database but, because a
# machine lost its power in between, not into it. What is lost by less is not noticed.
TOLERANCE = timedelta(seconds=5)
# What a beat may be ahead of this machine's clock: the clocks of two machines differ a little.
_WRONG = timedelta(seconds=30)
COPY, WITNESS, OPERATOR = "copy", "witness", "operator"


class Witness(Protocol):
    """Remembers, beside the database, how far its clock has come. Never raises."""

    def saw(self, identity: str) -> datetime | None:
        """Until when the clock's lease ran when it was last written; None if unknown."""
        ...

    def write(self, identity: str, until: datetime) -> bool:
        """Remember it; whether that was possible."""
        ...


class FileWitness:
    """A small file in DATA_DIR."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "last-beat.json"

    def saw(self, identity: str) -> datetime | None:
        """What the file says of this database."""
        try:
            told = json.loads(self._path.read_text())
            return datetime.fromisoformat(told["until"]) if told["identity"] == identity else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, identity: str, until: datetime) -> bool:
        """Replaced in one step, so that nobody reads half of it."""
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps({"identity": identity, "until": until.isoformat()}))
            new.replace(self._path)
        except OSError as error:
            log.warning("continuity.not_written", error=type(error).__name__)
            return False
        return True


@dataclass(frozen=True, slots=True)
class Held:
    """What became of a restoration: rows held back, per shop."""

    found: Restoration
    rows: Mapping[ShopId, int]


class Watch:
    """Beats with the clock, and looks back at each start."""

    def __init__(self, deps: Deps, witnesses: Sequence[Witness] = ()) -> None:
        self._deps = deps
        self._witnesses = witnesses

    def look_back(self) -> Held | None:
        """Hold what has to be held if this is a restored backup. Called before any work."""
        with self._deps.db.read() as uow:
            known = continuity.known(uow)
            until = continuity.beats_until(uow)
        if known is None:
            return None
        seen = self._seen(known.identity)
        gone_back = seen is not None and (until is None or seen - until > TOLERANCE)
        if not gone_back and known.copied_at is None:
            return None

        def still_so(uow: UnitOfWork) -> bool:  # another process may have been faster
            now_known, now_until = continuity.known(uow), continuity.beats_until(uow)
            return now_known == known and now_until == until

        found_by = COPY if known.copied_at else WITNESS
        return _hold(self._deps, found_by, seen, still_so)

    def beat(self, holder: str) -> bool:
        """One beat of the clock; False while another clock process beats, or while a witness
        cannot hear that the machine's clock was ahead and is right again.
        """
        self.look_back()
        now = self._deps.wall.now()
        with self._deps.db.read() as uow:
            known, until = continuity.known(uow), continuity.beats_until(uow)
        # Written while the clock was ahead: it is nobody's any more.
        wrong = until if until and until > now + BEAT_LASTS + _WRONG else None
        # All witnesses hear of it before the database: one that is told later, or never, would
        # seem to have seen a newer one.
        if wrong and known and not self._tell(known.identity, now):
            return False
        with self._deps.db.write() as uow:
            if wrong:
                continuity.forget_beat(uow, wrong)
            identity = continuity.identified(uow).identity  # first, as whoever holds takes them
            if not acquire(uow, CLOCK, holder, now, now + BEAT_LASTS):
                return False
        self._tell(identity, now)
        return True

    def _tell(self, identity: str, now: datetime) -> bool:
        told = [witness.write(identity, now + BEAT_LASTS) for witness in self._witnesses]
        return all(told)

    def _seen(self, identity: str) -> datetime | None:
        """The latest that a witness can have seen: what is still to come was written by a clock
        that was ahead, and says nothing of this database.
        """
        latest = self._deps.wall.now() + BEAT_LASTS + _WRONG
        told = [witness.saw(identity) for witness in self._witnesses]
        return max((at for at in told if at and at <= latest), default=None)


def announce(deps: Deps) -> Held:
    """The operator says that this database is a restored backup."""
    held = _hold(deps, OPERATOR, None, lambda _: True)
    if held is None:  # pragma: no cover - nothing can be in the way
        raise AssertionError
    return held


def _hold(
    deps: Deps, found_by: str, seen: datetime | None, still_so: Callable[[UnitOfWork], bool]
) -> Held | None:
    """One transaction: it is held whole, or noticed again."""
    wall, business = deps.wall.now(), deps.business.now()
    with deps.db.write() as uow:
        continuity.identified(uow)
        if not still_so(uow):
            return None
        for shop in Shops(uow).in_state(*ShopState):
            Shops(uow).hold(shop.id)
        since = min(_moment(uow) or business, business)
        found = continuity.record(uow, found_by, since, business, wall)
        continuity.jump_return_numbers(uow, wall)
        rows = continuity.hold_due(uow, found)
        for shop_id, count in rows.items():
            ShopData(uow, shop_id).problems.count(RESTORED, count, business)
        for shop in Shops(uow).in_state(ShopState.ACTIVE):
            uow.after_commit("reconcile", shop.id)
            uow.after_commit("check_connection", shop.id)
        if seen is not None:
            continuity.catch_up(uow, seen)
    log.error("continuity.restored", found_by=found_by, since=since.isoformat(),
              until=business.isoformat(), held=sum(rows.values()))  # fmt: skip
    return Held(found, rows)


def _moment(uow: UnitOfWork) -> datetime | None:
    """The business time of the backup: told by the copy, else the last trace of life in it."""
    offset, known = business_offset.offset(uow), continuity.known(uow)
    if known and known.copied_at:
        return known.copied_at + offset
    wall, business = continuity.last_sign(uow)
    return max((at for at in (wall + offset if wall else None, business) if at), default=None)
