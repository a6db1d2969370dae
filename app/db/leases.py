"""Leases: who drains a shop, who is the clock. Wall time; an expired lease is free."""

from datetime import datetime

from sqlalchemy import delete, or_

from app.db.models import leases
from app.db.session import UnitOfWork


def acquire(uow: UnitOfWork, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take the lease if it is free, expired or already ours."""
    statement = uow.insert(leases).values(name=name, holder=holder, until=until)
    result = uow.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": until},
            where=or_(leases.c.until <= now, leases.c.holder == holder),
        )
    )
    return bool(result.rowcount == 1)


def release(uow: UnitOfWork, name: str, holder: str) -> None:
    """Give the lease back, if it is still ours."""
    uow.connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
