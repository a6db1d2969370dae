"""Whether this database is the one that ran last: its identity, its last beat, its restorations.

The only module that changes rows of all shops at once: what a restored backup may do twice is held
back in one transaction, before anybody can perform it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, or_, select, update

from app.db.actions.holding import RESTORED
from app.db.models import (
    actions,
    continuity,
    inbox,
    journal,
    leases,
    messages,
    restorations,
    shops,
)
from app.db.session import UnitOfWork
from app.domain.actions import HARMLESS_TWICE, WAITING, ActionState
from app.domain.ids import ShopId
from app.domain.reasons import Reason, ReasonCode

CLOCK = "clock"  # the lease of the ticking clock process
BEAT_LASTS = timedelta(seconds=15)
# Numbers of returns that a restored database gives out begin with the minutes since then.
_NUMBERS_FROM = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Continuity:
    """Which database this is. `copied_at` (wall): it is a copy that was never used."""

    identity: str
    copied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Restoration:
    """A backup took the place of a newer database. Business times."""

    id: int
    lost_since: datetime
    lost_until: datetime


def identified(uow: UnitOfWork) -> Continuity:
    """Which database this is; it gets its identity when it is asked for the first time.

    Kept from others until this transaction ends, so that of two processes which notice a
    restoration the second sees what the first did. (SQLite: the write transaction is the lock.)
    """
    uow.connection.execute(
        uow.insert(continuity)
        .values(id=1, identity=secrets.token_hex(16))
        .on_conflict_do_nothing(index_elements=["id"])
    )
    row = uow.connection.execute(select(continuity).with_for_update()).one()
    return Continuity(row.identity, row.copied_at)


def known(uow: UnitOfWork) -> Continuity | None:
    """The same without writing; None where no process ever ran on it."""
    row = uow.connection.execute(select(continuity)).first()
    return Continuity(row.identity, row.copied_at) if row else None


def mark_as_copy(uow: UnitOfWork, copied_at: datetime) -> None:
    """Called on a fresh copy: whoever uses it will know from when it is."""
    identified(uow)
    uow.connection.execute(update(continuity).values(copied_at=copied_at))


def beats_until(uow: UnitOfWork) -> datetime | None:
    """Until when the clock's lease runs (wall time): its last beat and `BEAT_LASTS`."""
    query = select(leases.c.until).where(leases.c.name == CLOCK)
    return uow.connection.execute(query).scalar()


def forget_beat(uow: UnitOfWork, until: datetime) -> None:
    """The clock's lease is free, if it still runs until then."""
    uow.connection.execute(delete(leases).where(leases.c.name == CLOCK, leases.c.until == until))


def catch_up(uow: UnitOfWork, until: datetime) -> None:
    """What was noticed is not noticed again: the clock's last beat is as the witness saw it."""
    values = {"holder": "", "until": until}
    uow.connection.execute(
        uow.insert(leases)
        .values(name=CLOCK, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values, where=leases.c.until < until)
    )


def last_sign(uow: UnitOfWork) -> tuple[datetime | None, datetime | None]:
    """The latest traces of life that the database holds: in wall time, and in business time."""
    wall = [
        until - BEAT_LASTS if (until := beats_until(uow)) else None,
        uow.connection.execute(select(func.max(inbox.c.received_at))).scalar(),
    ]
    business = uow.connection.execute(select(func.max(journal.c.at))).scalar()
    return max((at for at in wall if at), default=None), business


def latest(uow: UnitOfWork) -> Restoration | None:
    """The newest restoration, if there ever was one."""
    query = (
        select(restorations.c.id, restorations.c.lost_since, restorations.c.lost_until)
        .order_by(restorations.c.id.desc())
        .limit(1)
    )
    row = uow.connection.execute(query).first()
    return Restoration(*row) if row else None


def record(
    uow: UnitOfWork, found_by: str, lost_since: datetime, lost_until: datetime, noticed_at: datetime
) -> Restoration:
    """Remember a restoration; a copy is now the database itself."""
    result = uow.connection.execute(
        insert(restorations).values(
            found_by=found_by,
            lost_since=lost_since,
            lost_until=lost_until,
            noticed_at=noticed_at,
        )
    )
    uow.connection.execute(update(continuity).values(copied_at=None))
    (key,) = result.inserted_primary_key or (0,)
    return Restoration(key, lost_since, lost_until)


def hold_reason(found: Restoration) -> Reason:
    """Why something waits that may have been done already."""
    return Reason.of(ReasonCode.RESTORED_BACKUP, since=found.lost_since, until=found.lost_until)


def hold_due(uow: UnitOfWork, found: Restoration) -> Mapping[ShopId, int]:
    """Block everything that was due or begun before the restoration; returns how much, per shop.

    Nothing is assumed of what the lost days did with it: a row that was late already when the
    backup was made, or waited for a problem to be mended, may have been done as well.
    """
    _keep_in_the_budget(uow)
    _write_journal(uow, found)
    reason = hold_reason(found)
    uow.connection.execute(
        update(actions)
        .where(*_at_risk(found))
        .values(
            state=ActionState.BLOCKED,
            problem=RESTORED,
            reason=reason.code,
            reason_params=dict(reason.params),
            lease_until=None,
            # As after a first try: the effect is looked up before it is done.
            attempt=case((actions.c.attempt < 1, 1), else_=actions.c.attempt),
            revision=actions.c.revision + 1,
        )
    )
    held = (
        select(actions.c.shop_id, func.count())
        .where(actions.c.state == ActionState.BLOCKED, actions.c.problem == RESTORED)
        .group_by(actions.c.shop_id)
    )
    return {ShopId(shop_id): count for shop_id, count in uow.connection.execute(held)}


def jump_return_numbers(uow: UnitOfWork, noticed_at: datetime) -> None:
    """Returns that were asked for after the backup have numbers that nobody here knows of, and
    stand in mails: they are not given to others.

    The new ones follow from the time, so that the same backup put back twice gives out no number
    twice either. At least a thousand are left out, for shops with more returns than minutes.
    """
    minutes = max(0, (noticed_at - _NUMBERS_FROM) // timedelta(minutes=1))
    far = shops.c.return_count + 1_000
    uow.connection.execute(
        update(shops).values(return_count=case((far < minutes, minutes), else_=far))
    )


def _at_risk(found: Restoration) -> tuple[ColumnElement[bool], ...]:
    return (
        actions.c.state.in_((*WAITING, ActionState.PERFORMING)),
        actions.c.due_at <= found.lost_until,
        actions.c.kind.not_in(HARMLESS_TWICE),
        or_(actions.c.problem.is_(None), actions.c.problem != RESTORED),
    )


def _keep_in_the_budget(uow: UnitOfWork) -> None:
    """A mail that was being sent counts as one that may have been."""
    begun = select(actions.c.id).where(
        actions.c.state == ActionState.PERFORMING, actions.c.kind.not_in(HARMLESS_TWICE)
    )
    uow.connection.execute(
        update(messages).where(messages.c.action_id.in_(begun)).values(state="uncertain")
    )


def _write_journal(uow: UnitOfWork, found: Restoration) -> None:
    reason = hold_reason(found)
    rows = select(
        actions.c.shop_id,
        literal("blocked"),
        actions.c.id,
        actions.c.order_id,
        actions.c.customer_id,
        actions.c.kind,
        literal(str(reason.code)),
        literal(dict(reason.params), journal.c.params.type),
        literal(found.lost_until, journal.c.at.type),
    ).where(*_at_risk(found))
    columns = (
        "shop_id", "verb", "action_id", "order_id", "customer_id", "what", "reason", "params", "at",
    )  # fmt: skip
    uow.connection.execute(insert(journal).from_select(columns, rows))
