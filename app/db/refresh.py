"""Objects to be read again from the platform: no body was a basis for a conclusion."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, select, update

from app.db.base import Repository
from app.db.models import refresh, shops
from app.db.session import UnitOfWork
from app.domain.ids import PlatformId, ShopId
from app.domain.snapshots import ObjectKind


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """One object to read."""

    id: int
    kind: ObjectKind
    platform_id: PlatformId
    attempts: int
    due_at: datetime


class Refreshes(Repository):
    """Refresh rows of one shop; one per object at most."""

    def ask(
        self, kind: ObjectKind, platform_id: PlatformId, due_at: datetime, *, patient: bool
    ) -> None:
        """Ask for a read; an earlier wish is kept. A patient one may turn out needless."""
        values = {"due_at": due_at, "patient": patient}
        self._connection.execute(
            self._insert(
                refresh, kind=kind, platform_id=platform_id, attempts=0, **values
            ).on_conflict_do_update(
                index_elements=["shop_id", "kind", "platform_id"],
                set_=values,
                where=refresh.c.due_at > due_at,
            )
        )

    def due(self, now: datetime, limit: int = 50) -> list[RefreshRow]:
        """What is to be read now (wall time)."""
        query = (
            select(
                refresh.c.id,
                refresh.c.kind,
                refresh.c.platform_id,
                refresh.c.attempts,
                refresh.c.due_at,
            )
            .where(self._mine(refresh), refresh.c.due_at <= now)
            .order_by(refresh.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query)
        return [RefreshRow(row[0], ObjectKind(row[1]), *row[2:]) for row in rows]

    def take(self, row: RefreshRow, until: datetime) -> RefreshRow | None:
        """Put a row off while its object is read; None if another process has it.

        A wish that comes meanwhile brings the row forward again, and `done` then leaves it: the
        object may have changed after it was read.
        """
        taken = self._change(row, {"due_at": until, "attempts": refresh.c.attempts + 1})
        return replace(row, due_at=until, attempts=row.attempts + 1) if taken else None

    def needless(self, kind: ObjectKind, platform_id: PlatformId) -> None:
        """A delivery told what a patient wish was waiting for."""
        self._connection.execute(
            delete(refresh).where(
                self._mine(refresh),
                refresh.c.kind == kind,
                refresh.c.platform_id == platform_id,
                refresh.c.patient,
            )
        )

    def done(self, row: RefreshRow) -> None:
        """The object was read (or is gone), and nobody wished for it since."""
        self._connection.execute(delete(refresh).where(*self._unchanged(row)))

    def later(self, row: RefreshRow, due_at: datetime) -> None:
        """The platform did not answer: try again."""
        self._change(row, {"due_at": due_at})

    def _change(self, row: RefreshRow, values: dict[str, Any]) -> bool:
        changed = self._connection.execute(
            update(refresh).where(*self._unchanged(row)).values(**values)
        )
        return bool(changed.rowcount == 1)

    def _unchanged(self, row: RefreshRow) -> tuple[ColumnElement[bool], ...]:
        return (self._mine(refresh), refresh.c.id == row.id, refresh.c.due_at == row.due_at)

    def clear(self) -> None:
        """Drop all: the shop was disconnected."""
        self._connection.execute(delete(refresh).where(self._mine(refresh)))


def shops_with_due_refreshes(uow: UnitOfWork, now: datetime) -> list[ShopId]:
    """Shops that have something to read (the sweep)."""
    due = select(refresh.c.id).where(refresh.c.shop_id == shops.c.id, refresh.c.due_at <= now)
    query = select(shops.c.id).where(exists(due)).order_by(shops.c.id)
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]
