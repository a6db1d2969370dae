"""Where resumable reading stands: first import, baseline, reconciliation."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.db.base import Repository
from app.db.models import sync_cursors


class Cursors(Repository):
    """Cursors of one shop, each a small JSON state under a name."""

    def get(self, name: str) -> dict[str, Any]:
        """The state; empty if it never began."""
        query = select(sync_cursors.c.state).where(
            self._mine(sync_cursors), sync_cursors.c.name == name
        )
        return self._connection.execute(query).scalar() or {}

    def touched(self, name: str) -> datetime | None:
        """When it was written last (wall time)."""
        query = select(sync_cursors.c.updated_at).where(
            self._mine(sync_cursors), sync_cursors.c.name == name
        )
        return self._connection.execute(query).scalar()

    def put(self, name: str, state: dict[str, Any], now: datetime) -> None:
        """Remember it (wall time), in the same transaction as what was read."""
        values = {"state": state, "updated_at": now}
        self._connection.execute(
            self._insert(sync_cursors, name=name, **values).on_conflict_do_update(
                index_elements=["shop_id", "name"], set_=values
            )
        )

    def clear(self) -> None:
        """Start over with the next installation."""
        self._connection.execute(sync_cursors.delete().where(self._mine(sync_cursors)))
