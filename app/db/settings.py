"""Settings of each automation: append-only versions, unknown keys kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from app.db.base import Repository
from app.db.models import settings_versions
from app.db.shops import Shops


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """One version. `active_since` is the business time of the last switching on."""

    automation: str
    version: int
    enabled: bool
    data: dict[str, Any]
    active_since: datetime | None
    created_at: datetime
    changed_by: str


class Settings(Repository):
    """Settings of one shop."""

    def current(self, automation: str) -> SettingsVersion | None:
        """The newest version; None if never touched (off, with defaults)."""
        return self._newest(settings_versions.c.automation == automation)

    def at(self, automation: str, version: int) -> SettingsVersion | None:
        """The version with this number, as when something was decided under it."""
        return self._newest(
            and_(
                settings_versions.c.automation == automation,
                settings_versions.c.version == version,
            )
        )

    def _newest(self, which: ColumnElement[bool]) -> SettingsVersion | None:
        query = (
            select(
                settings_versions.c.automation,
                settings_versions.c.version,
                settings_versions.c.enabled,
                settings_versions.c.data,
                settings_versions.c.active_since,
                settings_versions.c.created_at,
                settings_versions.c.changed_by,
            )
            .where(self._mine(settings_versions), which)
            .order_by(settings_versions.c.version.desc())
            .limit(1)
        )
        row = self._connection.execute(query).first()
        return SettingsVersion(*row) if row else None

    def save(
        self,
        automation: str,
        data: dict[str, Any],
        *,
        enabled: bool,
        active_since: datetime | None,
        changed_by: str,
        now: datetime,
    ) -> int:
        """Append a version; returns its number."""
        # On PostgreSQL two savers would find the same newest number: one waits for the other.
        Shops(self._uow).held(self._shop_id)
        newest = select(func.coalesce(func.max(settings_versions.c.version), 0)).where(
            self._mine(settings_versions), settings_versions.c.automation == automation
        )
        version = int(self._connection.execute(newest).scalar_one()) + 1
        self._connection.execute(
            settings_versions.insert().values(
                shop_id=self._shop_id,
                automation=automation,
                version=version,
                enabled=enabled,
                data=data,
                active_since=active_since,
                changed_by=changed_by,
                created_at=now,
            )
        )
        return version
