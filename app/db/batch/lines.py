"""What a batch only writes: its journal, its inbox rows' ends; and what is to be read again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk
from app.db.inbox import Inbox
from app.db.journal import Journal
from app.db.models import inbox, journal, refresh
from app.db.refresh import Refreshes
from app.domain.ids import InboxId, PlatformId
from app.domain.snapshots import ObjectKind

_APPEND = journal.insert()
_ROW = (inbox.c.shop_id == SHOP, inbox.c.id == bindparam("row"))
_END = update(inbox).where(*_ROW)  # sets what the rows give
_DROP = update(inbox).where(*_ROW).values(sealed_body=None)
_WISHES = select(refresh.c.kind, refresh.c.platform_id).where(
    refresh.c.shop_id == SHOP, refresh.c.kind.in_(list(ObjectKind)), refresh.c.platform_id.in_(KEYS)
)


class BatchJournal(Journal):
    """Lines, appended together."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self._lines: list[dict[str, Any]] = []
        desk.on_write(self._write)

    def _append(self, line: dict[str, Any]) -> None:
        self._lines.append(line)

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        self._desk.write_all(_APPEND, lines)


class BatchInbox(Inbox):
    """Rows, finished together."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self._ended: list[dict[str, Any]] = []
        self._dropped: list[dict[str, Any]] = []
        desk.on_write(self._write)

    def _end(self, row_id: InboxId, values: dict[str, Any], *, keep_body: bool) -> None:
        row = {"shop": self._shop_id, "row": row_id}
        self._ended.append(row | values)
        if not keep_body:
            self._dropped.append(row)

    def _write(self) -> None:
        ended, self._ended = self._ended, []
        dropped, self._dropped = self._dropped, []
        self._desk.write_all(_DROP, dropped)
        self._desk.write_all(_END, ended)


class BatchRefreshes(Refreshes):
    """Wishes: the batch knows which there are, so that most orders need not ask."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.plain)  # nothing of the batch's own stands in this table's way
        self._desk = desk
        self.known = desk.shelf(self._load, bool)

    def ask(
        self, kind: ObjectKind, platform_id: PlatformId, due_at: datetime, *, patient: bool
    ) -> None:
        """Ask for a read; an earlier wish is kept."""
        super().ask(kind, platform_id, due_at, patient=patient)
        self.known[kind, platform_id] = True

    def needless(self, kind: ObjectKind, platform_id: PlatformId) -> None:
        """A delivery told what a patient wish was waiting for."""
        if self.known[kind, platform_id]:
            super().needless(kind, platform_id)

    def _load(
        self, keys: list[tuple[ObjectKind, PlatformId]]
    ) -> Mapping[tuple[ObjectKind, PlatformId], bool]:
        rows = self._desk.rows(_WISHES, [platform_id for _, platform_id in keys])
        return {(ObjectKind(kind), platform_id): True for kind, platform_id in rows}
