"""Objects to be read again from the platform: no body was a basis for a conclusion."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from app.db.base import Repository
from app.db.models import refresh
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
            select(refresh.c.id, refresh.c.kind, refresh.c.platform_id, refresh.c.attempts)
            .where(self._mine(refresh), refresh.c.due_at <= now)
            .order_by(refresh.c.id)
            .limit(limit)
        )
        rows = self._connection.execute(query)
        return [RefreshRow(row[0], ObjectKind(row[1]), row[2], row[3]) for row in rows]

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
        """The object was read (or is gone)."""
        self._connection.execute(delete(refresh).where(self._mine(refresh), refresh.c.id == row.id))

    def later(self, row: RefreshRow, due_at: datetime) -> None:
        """The platform did not answer: try again."""
        self._connection.execute(
            update(refresh)
            .where(self._mine(refresh), refresh.c.id == row.id)
            .values(attempts=refresh.c.attempts + 1, due_at=due_at)
        )

    def clear(self) -> None:
        """Drop all: the shop was disconnected."""
        self._connection.execute(delete(refresh).where(self._mine(refresh)))


def shops_with_due_refreshes(uow: UnitOfWork, now: datetime) -> list[ShopId]:
    """Shops that have something to read (the sweep)."""
    query = select(refresh.c.shop_id).where(refresh.c.due_at <= now).distinct()
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]
