"""How much waits over all shops: numbers for monitoring, never a shop's data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.db.actions.performing import is_due
from app.db.continuity import BEAT_LASTS, beats_until
from app.db.models import actions, inbox, problems, shops, sync_cursors
from app.db.session import UnitOfWork
from app.domain.actions import PROMPT_MAIL

_RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, how late it is, and what became of the rest."""

    shops: Mapping[str, int]  # by state
    inbox_pending: int
    inbox_failed: int
    inbox_wait: timedelta | None  # of the delivery that waits longest
    actions: Mapping[str, int]  # by state
    actions_late: int
    due_lag: timedelta | None  # of the action that is late longest
    problems: Mapping[str, int]  # by key
    beat_age: timedelta | None  # None: no clock ever ran
    reconcile_age: timedelta | None  # of the shop that was looked up longest ago


def backlog(uow: UnitOfWork, now: datetime, wall: datetime) -> Backlog:
    """All of it. `now` is business time."""
    run, active = uow.connection.execute, shops.c.state == "active"
    pending = inbox.c.state == "pending"
    # What is late because the merchant paused everything, or left, is not late.
    due = (
        *is_due(now, wall),
        active,
        or_(shops.c.paused_at.is_(None), actions.c.kind.in_(PROMPT_MAIL)),
    )
    late, oldest = run(
        select(func.count(), func.min(actions.c.due_at))
        .join(shops, shops.c.id == actions.c.shop_id)
        .where(*due)
    ).one()
    received = run(select(func.min(inbox.c.received_at)).where(pending)).scalar()
    looked_up = run(
        select(func.min(sync_cursors.c.updated_at))
        .join(shops, shops.c.id == sync_cursors.c.shop_id)
        .where(active, sync_cursors.c.name == _RECONCILE)
    ).scalar()
    until = beats_until(uow)
    return Backlog(
        shops=_by(uow, select(shops.c.state, func.count()).group_by(shops.c.state)),
        inbox_pending=_count(uow, pending),
        inbox_failed=_count(uow, inbox.c.state == "failed"),
        inbox_wait=wall - received if received else None,
        actions=_by(uow, select(actions.c.state, func.count()).group_by(actions.c.state)),
        actions_late=late,
        due_lag=now - oldest if oldest else None,
        problems=_by(
            uow,
            select(problems.c.key, func.count())
            .where(problems.c.resolved_at.is_(None))
            .group_by(problems.c.key),
        ),
        beat_age=wall - (until - BEAT_LASTS) if until else None,
        reconcile_age=wall - looked_up if looked_up else None,
    )


def _count(uow: UnitOfWork, condition: ColumnElement[bool]) -> int:
    return uow.connection.execute(
        select(func.count()).select_from(inbox).where(condition)
    ).scalar_one()


def _by(uow: UnitOfWork, query: Select[Any]) -> dict[str, int]:
    return {str(row[0]): row[1] for row in uow.connection.execute(query)}
