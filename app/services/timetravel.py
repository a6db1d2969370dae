"""Moving business time forward (development): from due time to due time, drained at each.

The twin stores follow: they are told the same offset.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import requests

from app.db import clock
from app.db.actions import next_due, shops_with_due_actions, shops_with_expired_leases
from app.db.inbox import shops_with_pending
from app.db.refresh import shops_with_due_refreshes
from app.deps import Deps
from app.domain.errors import Retryable

_HOLD = timedelta(minutes=1)  # a refresh this near is part of what is going on


def advance(
    deps: Deps, to: datetime, *, patience: float = 60, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Move business time to `to`, stopping wherever something is due and waiting until it is done.

    `patience` is how many seconds each stop may take. Raises Retryable if the system does not come
    to rest (no worker runs), with business time where it got to.
    """
    while True:
        settle(deps, patience=patience, sleep=sleep)
        now = deps.business.now()
        if now >= to:
            return
        with deps.db.read() as uow:
            due = next_due(uow, after=now)
        _set(deps, min(due, to) if due else to)


def settle(
    deps: Deps, *, patience: float = 60, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until nothing is going on: no delivery on its way, nothing to read, nothing due."""
    end = deps.wall.now() + timedelta(seconds=patience)
    quiet = 0
    while quiet < 2:  # twice in a row: a delivery may be between the twin and our inbox
        if deps.wall.now() > end:
            raise Retryable(f"Not at rest after {patience:.0f} s: {', '.join(_busy(deps))}")
        busy = _busy(deps)
        quiet = 0 if busy else quiet + 1
        sleep(0.05)


def _busy(deps: Deps) -> list[str]:
    now, wall = deps.business.now(), deps.wall.now()
    with deps.db.read() as uow:
        found = {
            "inbox": shops_with_pending(uow, wall + _HOLD),
            "reading": shops_with_due_refreshes(uow, wall + _HOLD),
            "due": shops_with_due_actions(uow, now, wall + _HOLD),
            "performing": shops_with_expired_leases(uow, wall + timedelta(days=1)),
        }
    busy = [name for name, shops in found.items() if shops]
    return busy + [f"deliveries of {url}" for url in deps.settings.twins if not _twin_idle(url)]


def _twin_idle(url: str) -> bool:
    summary = requests.get(f"{url}/_twin/deliveries/summary", timeout=5).json()
    return bool(summary["held"] or summary["waiting"] == 0)


def _set(deps: Deps, to: datetime) -> None:
    # One second more: the offset is kept in whole seconds, and due means due.
    offset = to - deps.wall.now() + timedelta(seconds=1)
    with deps.db.write() as uow:
        clock.set_offset(uow, max(offset, clock.offset(uow)))
    for url in deps.settings.twins:
        requests.post(
            f"{url}/_twin/clock", json={"offset_seconds": int(offset.total_seconds())}, timeout=5
        )
    with deps.db.read() as uow:
        shops = shops_with_due_actions(uow, deps.business.now(), deps.wall.now())
    for shop_id in shops:
        deps.dispatch(("perform", (shop_id,)))
