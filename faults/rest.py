"""Looking at the product from outside: is anything going on, is it behind, what is held."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import requests
from sqlalchemy import and_, func, or_, select, true, update
from sqlalchemy.exc import DBAPIError

from app.db.actions import shops_with_due_actions, shops_with_expired_leases
from app.db.continuity import CLOCK
from app.db.inbox import shops_with_pending
from app.db.models import actions, inbox, leases, problems, refresh
from app.db.refresh import shops_with_due_refreshes
from app.db.session import UnitOfWork
from app.deps import Deps
from app.domain.actions import WAITING, ActionState
from app.pipeline import interpret, perform

_SOON = timedelta(minutes=1)
_ALIVE = timedelta(seconds=10)
_LONGEST = 600.0  # seconds
_BEHIND = timedelta(days=6)
_SLIGHTLY = timedelta(days=1)
_WAITS = (
    (actions.c.lease_until, true()),
    (actions.c.not_before, true()),
    (refresh.c.due_at, true()),
    (leases.c.until, leases.c.name != CLOCK),
)


def busy(deps: Deps, business: datetime) -> list[str]:
    """What is going on; empty when all is at rest. Raises what a lost database raises."""
    wall = deps.wall.now()
    with deps.db.read() as uow:
        found = {
            "inbox": shops_with_pending(uow, wall + _SOON),
            "reading": shops_with_due_refreshes(uow, wall + _SOON),
            "due": shops_with_due_actions(uow, business, wall + timedelta(days=1)),
            "performing": shops_with_expired_leases(uow, wall + timedelta(days=1)),
            "blocked": _blocked(uow),
        }
    going_on = [f"{name} of shops {shops}" for name, shops in found.items() if shops]
    for url in deps.settings.twins:
        summary = requests.get(f"{url}/_twin/deliveries/summary", timeout=15).json()
        if summary["waiting"]:
            going_on.append(f"deliveries of {url}")
    return going_on


def _blocked(uow: UnitOfWork) -> list[str]:
    query = select(actions.c.shop_id, actions.c.problem, func.count()).where(
        actions.c.state == ActionState.BLOCKED
    )
    rows = uow.connection.execute(query.group_by(actions.c.shop_id, actions.c.problem))
    open_ = uow.connection.execute(
        select(problems.c.shop_id, problems.c.key).where(problems.c.resolved_at.is_(None))
    )
    return [str(tuple(row)) for row in rows] + [str(tuple(row)) for row in open_]


def come_to_rest(
    deps: Deps, business: Callable[[], datetime], seconds: float, meanwhile: Callable[[], None]
) -> list[str]:
    """Wait until nothing goes on, three times in a row.

    Gives up where nothing has moved for `seconds`, and returns what still goes on: a slow machine
    is no fault.
    """
    last = time.monotonic()
    ends, quiet, going_on, before = last + _LONGEST, 0, ["not looked yet"], ""
    while time.monotonic() < min(last + seconds, ends):
        meanwhile()
        try:
            going_on, now = busy(deps, business()), progress(deps)
        except (DBAPIError, requests.RequestException) as error:
            going_on, now = [type(error).__name__], before
        if now != before:
            before, last = now, time.monotonic()
        quiet = 0 if going_on else quiet + 1
        if quiet >= 3:
            return []
        time.sleep(0.2)
    return going_on


def progress(deps: Deps) -> str:
    """Something that is different once anything was done."""
    with deps.db.read() as uow:
        waiting = select(func.count()).where(inbox.c.state == "pending")
        revisions = select(func.count(), func.sum(actions.c.revision))
        return (
            f"{uow.connection.execute(waiting).scalar()} {uow.connection.execute(revisions).one()}"
        )


def let_pass(deps: Deps, time_: timedelta) -> None:
    """All that waits for a time of the machine's clock has waited so much longer. Nobody may be at
    work, since his leases pass, too; but the clock's beats, which tell of time itself, stay.
    """
    now = deps.wall.now()
    with deps.db.write(patience=1) as uow:
        for column, which in _WAITS:
            found = select(column).where(which, column > now).distinct().order_by(column)
            for until in uow.connection.execute(found).scalars().all():
                change = update(column.table).where(which, column == until)
                uow.connection.execute(change.values({column: until - time_}))


def somebody_died(deps: Deps) -> bool:
    """Whether a lease is held for longer than its work takes: its worker is dead."""
    wall = deps.wall.now()
    performing = select(func.min(actions.c.lease_until)).where(
        actions.c.state == ActionState.PERFORMING
    )
    draining = select(func.min(leases.c.until)).where(leases.c.name.like("drain:%"))
    try:
        with deps.db.read() as uow:
            of_action = uow.connection.execute(performing).scalar()
            of_drain = uow.connection.execute(draining).scalar()
    except DBAPIError:
        return False
    return bool(
        (of_action and of_action - perform.LEASE + _ALIVE < wall)
        or (of_drain and of_drain - interpret.LEASE + _ALIVE < wall)
    )


def is_behind(deps: Deps, business: datetime) -> bool:
    """Whether something that was due days ago is still not done, or will be too late tomorrow: then
    no more days should pass.
    """
    states = [*WAITING, ActionState.PERFORMING]
    too_late_soon = and_(
        actions.c.due_at < business - _SLIGHTLY, actions.c.useful_until < business + _SLIGHTLY
    )
    query = select(func.count()).where(
        actions.c.state.in_(states), or_(actions.c.due_at < business - _BEHIND, too_late_soon)
    )
    try:
        with deps.db.read() as uow:
            return bool(uow.connection.execute(query).scalar())
    except DBAPIError:
        return True
