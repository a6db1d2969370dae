"""Merchants' own texts of mails, per message and language: append-only versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.db.base import Repository
from app.db.models import templates
from app.db.shops import Shops


@dataclass(frozen=True, slots=True)
class TextVersion:
    """One version. `texts` is by slot; what is not in it is written in our words."""

    message: str
    language: str
    version: int
    texts: dict[str, str]
    changed_by: str
    created_at: datetime


class Templates(Repository):
    """Texts of one shop."""

    def current(self, message: str, language: str) -> TextVersion | None:
        """The newest version; None if never touched."""
        query = (
            self._select()
            .where(templates.c.message == message, templates.c.language == language)
            .order_by(templates.c.version.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return TextVersion(*row) if row else None

    def all_current(self) -> list[TextVersion]:
        """The newest version of each message and language that was ever touched."""
        newest = (
            select(
                templates.c.message,
                templates.c.language,
                func.max(templates.c.version).label("version"),
            )
            .where(self._mine(templates))
            .group_by(templates.c.message, templates.c.language)
            .subquery()
        )
        query = self._select().join(
            newest,
            (templates.c.message == newest.c.message)
            & (templates.c.language == newest.c.language)
            & (templates.c.version == newest.c.version),
        )
        return [TextVersion(*row) for row in self._connection.execute(query)]

    def save(
        self,
        message: str,
        language: str,
        texts: Mapping[str, str],
        *,
        expected_version: int,
        changed_by: str,
        now: datetime,
    ) -> int | None:
        """Append a version; returns its number, None if somebody saved since `expected_version`."""
        # On PostgreSQL two savers would find the same newest number: one waits for the other.
        Shops(self._uow).held(self._shop_id)
        known = self.current(message, language)
        if (known.version if known else 0) != expected_version:
            return None
        version = expected_version + 1
        self._connection.execute(
            templates.insert().values(
                shop_id=self._shop_id,
                message=message,
                language=language,
                version=version,
                texts=dict(texts),
                changed_by=changed_by,
                created_at=now,
            )
        )
        return version

    def _select(self) -> Select[Any]:
        return select(
            templates.c.message,
            templates.c.language,
            templates.c.version,
            templates.c.texts,
            templates.c.changed_by,
            templates.c.created_at,
        ).where(self._mine(templates))
