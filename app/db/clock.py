"""The business clock's offset: zero in production, moved forward in the demo."""

from datetime import timedelta

from sqlalchemy import select

from app.db.models import business_clock
from app.db.session import UnitOfWork


def offset(uow: UnitOfWork) -> timedelta:
    """How far business time runs ahead of wall time."""
    seconds = uow.connection.execute(select(business_clock.c.offset_seconds)).scalar()
    return timedelta(seconds=seconds or 0)


def set_offset(uow: UnitOfWork, new: timedelta) -> None:
    """Move business time forward. Raises ValueError for a step back: due work would come again."""
    if new < offset(uow):
        raise ValueError("business time only moves forward")
    seconds = int(new.total_seconds())
    uow.connection.execute(
        uow.insert(business_clock)
        .values(id=1, offset_seconds=seconds)
        .on_conflict_do_update(index_elements=["id"], set_={"offset_seconds": seconds})
    )
