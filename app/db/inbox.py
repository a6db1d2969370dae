"""The inbox: stored before any work, drained by state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, update

from app.db.base import Repository
from app.db.models import inbox, shops
from app.db.session import UnitOfWork
from app.domain.ids import InboxId, ShopId

# Lower is drained first: what just happened before what is caught up.
PRIORITY = {"webhook": 0, "refresh": 0, "poll": 5, "import": 9}


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A row to be interpreted; its body is opened outside the transaction."""

    id: InboxId
    source: str
    topic: str
    sealed_body: bytes
    triggered_at: datetime | None
    received_at: datetime  # wall


class Inbox(Repository):
    """Rows of one shop."""

    def add(
        self,
        *,
        dedupe_key: str,
        source: str,
        topic: str,
        sealed_body: bytes,
        now: datetime,
        triggered_at: datetime | None = None,
    ) -> bool:
        """Store a row; False if this key is there already."""
        result = self._connection.execute(
            self._insert(
                inbox,
                dedupe_key=dedupe_key,
                source=source,
                priority=PRIORITY[source],
                topic=topic,
                sealed_body=sealed_body,
                state="pending",
                triggered_at=triggered_at,
                received_at=now,
            ).on_conflict_do_nothing(index_elements=["shop_id", "dedupe_key"])
        )
        return bool(result.rowcount == 1)

    def pending(self, limit: int) -> list[InboxRow]:
        """The next rows to interpret."""
        columns = (
            inbox.c.id, inbox.c.source, inbox.c.topic, inbox.c.sealed_body, inbox.c.triggered_at,
            inbox.c.received_at,
        )  # fmt: skip
        query = (
            select(*columns)
            .where(self._mine(inbox), inbox.c.state == "pending")
            .order_by(inbox.c.priority, inbox.c.id)
            .limit(limit)
        )
        return [InboxRow(*row) for row in self._connection.execute(query)]

    def still_pending(self, ids: Sequence[InboxId]) -> set[InboxId]:
        """Which of these rows nobody interpreted meanwhile."""
        query = select(inbox.c.id).where(
            self._mine(inbox), inbox.c.state == "pending", inbox.c.id.in_(ids)
        )
        return {InboxId(row_id) for (row_id,) in self._connection.execute(query)}

    def states(self, dedupe_keys: Sequence[str]) -> set[str]:
        """The states of the rows with these keys."""
        query = select(inbox.c.state).where(self._mine(inbox), inbox.c.dedupe_key.in_(dedupe_keys))
        return {state for (state,) in self._connection.execute(query)}

    def has_pending(self, source: str | None = None) -> bool:
        """Whether rows (of this source) still wait to be interpreted."""
        query = select(inbox.c.id).where(self._mine(inbox), inbox.c.state == "pending")
        if source:
            query = query.where(inbox.c.source == source)
        return self._connection.execute(query.limit(1)).first() is not None

    def finish(
        self,
        row: InboxRow,
        state: str,
        now: datetime,
        note: str | None = None,
        *,
        keep_body: bool = True,
    ) -> None:
        """Done, ignored, unknown or failed."""
        values = {"state": state, "note": note, "interpreted_at": now}
        self._end(row.id, values, keep_body=keep_body)

    def _end(self, row_id: InboxId, values: dict[str, Any], *, keep_body: bool) -> None:
        body = {} if keep_body else {"sealed_body": None}
        self._connection.execute(
            update(inbox).where(self._mine(inbox), inbox.c.id == row_id).values(**values, **body)
        )

    def replay_failed(self) -> int:
        """Put failed rows back, after a fault of ours was mended; returns how many."""
        result = self._connection.execute(
            update(inbox)
            .where(self._mine(inbox), inbox.c.state == "failed", inbox.c.sealed_body.is_not(None))
            .values(state="pending", note=None)
        )
        return int(result.rowcount)

    def counts(self) -> dict[str, int]:
        """Rows per state."""
        query = select(inbox.c.state, func.count()).where(self._mine(inbox)).group_by(inbox.c.state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def last_received(self) -> datetime | None:
        """When the last webhook came (wall time)."""
        query = select(func.max(inbox.c.received_at)).where(
            self._mine(inbox), inbox.c.source == "webhook"
        )
        return self._connection.execute(query).scalar()

    def last_by_topic(self, among: int) -> dict[str, datetime]:
        """When the last webhook of each topic came, among the newest ones (wall time)."""
        query = (
            select(inbox.c.topic, inbox.c.received_at)
            .where(self._mine(inbox), inbox.c.source == "webhook")
            .order_by(inbox.c.received_at.desc())
            .limit(among)
        )
        found: dict[str, datetime] = {}
        for topic, at in self._connection.execute(query):
            found.setdefault(topic, at)
        return found

    def forget_bodies(self, before: datetime, limit: int) -> int:
        """Drop up to so many raw bodies received before a time (kept 30 days)."""
        old = (
            select(inbox.c.id)
            .where(
                self._mine(inbox),
                inbox.c.state != "pending",
                inbox.c.received_at < before,
                inbox.c.sealed_body.is_not(None),
            )
            .order_by(inbox.c.received_at)
            .limit(limit)
        )
        rows = [{"row": row_id} for (row_id,) in self._connection.execute(old)]
        if rows:
            # Asked once more: a delivery may have come again meanwhile, with a new body.
            one = update(inbox).where(
                self._mine(inbox),
                inbox.c.id == bindparam("row"),
                inbox.c.state != "pending",
                inbox.c.received_at < before,
            )
            self._connection.execute(one.values(sealed_body=None), rows)
        return len(rows)

    def purge(self, before: datetime, limit: int) -> int:
        """Delete up to so many rows of each source that came before a time and are finished.

        The newest row of all shops stays: SQLite would give its id to the next one, and privacy
        requests are told apart by the ids of their deliveries.
        """
        newest = select(func.max(inbox.c.id)).scalar_subquery()
        purged = 0
        for source in PRIORITY:
            old = (
                select(inbox.c.id)
                .where(
                    self._mine(inbox),
                    inbox.c.source == source,
                    inbox.c.received_at < before,
                    inbox.c.state != "pending",
                    inbox.c.id < newest,
                )
                .order_by(inbox.c.received_at)
                .limit(limit)
            )
            rows = [{"row": row_id} for (row_id,) in self._connection.execute(old)]
            if rows:
                # One by one: asked for a list of ids, SQLite would rather go through all of a shop.
                one = delete(inbox).where(self._mine(inbox), inbox.c.id == bindparam("row"))
                self._connection.execute(one, rows)
            purged += len(rows)
        return purged


def shops_with_pending(uow: UnitOfWork, received_before: datetime) -> list[ShopId]:
    """Shops whose rows wait although a drain should have come (the sweep)."""
    theirs = select(inbox.c.id).where(
        inbox.c.shop_id == shops.c.id,
        inbox.c.state == "pending",
        inbox.c.received_at < received_before,
    )
    query = select(shops.c.id).where(exists(theirs)).order_by(shops.c.id)
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]
