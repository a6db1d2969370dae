"""How much waits over all shops: numbers for monitoring, never a shop's data."""

from datetime import datetime

from sqlalchemy import func, select

from app.db.actions import CLAIMABLE
from app.db.models import actions, inbox, problems, shops
from app.db.session import UnitOfWork


def backlog(uow: UnitOfWork, now: datetime) -> dict[str, tuple[int, str]]:
    """Name → value and what it means. `now` is business time."""
    counted = {
        "shops_active": (
            select(func.count()).select_from(shops).where(shops.c.state == "active"),
            "Connected shops",
        ),
        "inbox_pending": (
            select(func.count()).select_from(inbox).where(inbox.c.state == "pending"),
            "Stored deliveries that are not interpreted yet",
        ),
        "inbox_failed": (
            select(func.count()).select_from(inbox).where(inbox.c.state == "failed"),
            "Stored deliveries that could not be interpreted",
        ),
        "actions_late": (
            select(func.count())
            .select_from(actions)
            .where(actions.c.state.in_(CLAIMABLE), actions.c.due_at <= now),
            "Actions that are due and not performed yet",
        ),
        "problems_open": (
            select(func.count()).select_from(problems).where(problems.c.resolved_at.is_(None)),
            "Problems that only a merchant can mend",
        ),
    }
    return {
        name: (uow.connection.execute(query).scalar_one(), meaning)
        for name, (query, meaning) in counted.items()
    }
