"""Problems: what only the merchant can mend; keyed, opened once, resolved when mended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.db.base import Repository
from app.db.models import problems
from app.db.session import UnitOfWork
from app.domain.ids import ShopId


@dataclass(frozen=True, slots=True)
class Problem:
    """An open problem; its words stand in `app/services/problems.py`."""

    key: str
    params: dict[str, Any]
    opened_at: datetime


class Problems(Repository):
    """Problems of one shop."""

    def open(self, key: str, params: dict[str, Any], now: datetime) -> bool:
        """Open it, or leave it open; True if it is new (or open again).

        Held until the transaction ends, so that whoever resolves it meanwhile also sees the row
        that is being blocked by it. (SQLite: the write transaction is the lock.)
        """
        query = select(problems.c.resolved_at).where(self._mine(problems), problems.c.key == key)
        known = self._connection.execute(query.with_for_update()).first()
        if known and known[0] is None:
            return False
        values = {"params": params, "opened_at": now, "resolved_at": None}
        self._connection.execute(
            self._insert(problems, key=key, **values).on_conflict_do_update(
                index_elements=["shop_id", "key"], set_=values
            )
        )
        return True

    def resolve(self, key: str, now: datetime) -> bool:
        """Mended; True if it was open. The caller unblocks the actions that waited for it."""
        result = self._connection.execute(
            update(problems)
            .where(self._mine(problems), problems.c.key == key, problems.c.resolved_at.is_(None))
            .values(resolved_at=now)
        )
        return bool(result.rowcount == 1)

    def count(self, key: str, n: int, now: datetime) -> bool:
        """A problem that is as large as the number of rows it blocks: opened, told anew, or
        resolved where none is left; True if it is open.
        """
        if not n:
            self.resolve(key, now)
            return False
        if not self.open(key, {"n": n}, now):
            mine = (self._mine(problems), problems.c.key == key)
            self._connection.execute(update(problems).where(*mine).values(params={"n": n}))
        return True

    def is_open(self, key: str) -> bool:
        """Whether it waits for the merchant."""
        return any(problem.key == key for problem in self.all_open())

    def all_open(self) -> list[Problem]:
        """What needs the merchant, oldest first."""
        query = (
            select(problems.c.key, problems.c.params, problems.c.opened_at)
            .where(self._mine(problems), problems.c.resolved_at.is_(None))
            .order_by(problems.c.opened_at)
        )
        return [Problem(*row) for row in self._connection.execute(query)]


def shops_with_problem(uow: UnitOfWork, key: str) -> list[ShopId]:
    """Shops in which this problem is open."""
    query = select(problems.c.shop_id).where(
        problems.c.key == key, problems.c.resolved_at.is_(None)
    )
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]
