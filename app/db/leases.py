"""Leases: who drains a shop, who is the clock. Wall time; an expired lease is free.

So is one that ends later than any that could be taken now: its holder's clock was wrong. A holder
that still lives notices that it lost the lease, since whoever writes under one takes it anew in the
same transaction.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from app.db.models import leases
from app.db.session import UnitOfWork

LONGEST = timedelta(minutes=10)  # none is taken for longer


def acquire(uow: UnitOfWork, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take the lease if it is free, expired, already ours, or from a time that has not come."""
    if until - now > LONGEST:
        raise ValueError(f"a lease of {until - now} would be taken for one of a wrong clock")
    statement = uow.insert(leases).values(name=name, holder=holder, until=until)
    result = uow.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": until},
            where=or_(
                leases.c.until <= now,
                leases.c.holder == holder,
                leases.c.until > now + LONGEST,
            ),
        )
    )
    return bool(result.rowcount == 1)


def release(uow: UnitOfWork, name: str, holder: str) -> None:
    """Give the lease back, if it is still ours."""
    uow.connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
