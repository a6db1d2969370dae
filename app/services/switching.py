"""The merchant's switches: an automation on or off, its settings, a pause for everything.

The one place for these rules. Each change appends a version of the settings, is journalled, and
lets what waits be decided anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.automations import registry
from app.automations.base import ContactPolicy, SettingsModel
from app.db.settings import SettingsVersion
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.ids import ShopId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.context import CONTACT
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import MOVED
from app.services.plugin import link as plugin


@dataclass(frozen=True, slots=True)
class Stored:
    """Settings as they stand. Version 0: never touched, off, all defaults."""

    values: SettingsModel
    version: int
    enabled: bool
    row: SettingsVersion | None


@dataclass(frozen=True, slots=True)
class FieldError:
    """Why a value cannot be stored: pydantic's code and its parameters. `field` "": the whole."""

    field: str
    code: str
    value: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What became of a save. Nothing was stored if there are errors or a conflict."""

    version: int  # of what is stored now
    errors: tuple[FieldError, ...] = field(default=())
    conflict: bool = False  # somebody else saved in the meantime

    @property
    def saved(self) -> bool:
        """Whether the values are what is stored now."""
        return not self.errors and not self.conflict


def schema_of(key: str) -> type[SettingsModel]:
    """The settings of an automation, or of the contact policy. Raises KeyError if unknown."""
    return ContactPolicy if key == CONTACT else registry.by_key(key).Settings


def stored(data: ShopData, key: str) -> Stored:
    """What is in force."""
    row = data.settings.current(key)
    values = schema_of(key).model_validate(row.data if row else {})
    return Stored(values, row.version if row else 0, bool(row and row.enabled), row)


def check(
    key: str, known: SettingsModel, values: Mapping[str, Any]
) -> SettingsModel | tuple[FieldError, ...]:
    """The settings that would be stored, or why they cannot be. Keys unknown to us are kept."""
    try:
        return schema_of(key).model_validate({**known.model_dump(mode="json"), **values})
    except ValidationError as error:
        return field_errors(error)


def field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    """What a schema finds wrong, field by field."""
    return tuple(
        FieldError(
            field=str(each["loc"][0]) if each["loc"] else "",
            code=each["type"],
            value=str(each["input"]) if isinstance(each["input"], int | str) else "",
            params=each.get("ctx", {}),
        )
        for each in error.errors()
    )


def save(
    rt: Runtime,
    shop_id: ShopId,
    key: str,
    values: Mapping[str, Any],
    *,
    expected_version: int,
    by: str,
) -> SaveResult:
    """Store settings if they are sound and nobody saved since `expected_version` was shown."""
    with rt.db.write() as uow:
        Shops(uow).held(shop_id)
        data = ShopData(uow, shop_id)
        known = stored(data, key)
        if known.version != expected_version:
            return SaveResult(known.version, conflict=True)
        wanted = check(key, known.values, values)
        if not isinstance(wanted, SettingsModel):
            return SaveResult(known.version, wanted)
        if wanted == known.values:
            return SaveResult(known.version)
        version = _append(rt, data, key, known, wanted, by=by, enabled=known.enabled)
        data.journal.write("saved", key, rt.business.now(), params={"version": version})
        if known.enabled and key != CONTACT:
            uow.after_commit("replan", shop_id)
        return SaveResult(version)


def switch_on(rt: Runtime, shop_id: ShopId, key: str, by: str) -> None:
    """From now on the automation answers events; those from before plan nothing."""
    with rt.db.write() as uow:
        Shops(uow).held(shop_id)
        data = ShopData(uow, shop_id)
        known = stored(data, key)
        if known.enabled:
            return
        version = _append(rt, data, key, known, known.values, by=by, enabled=True)
        data.journal.write("switched_on", key, rt.business.now(), params={"version": version})
        plugin.settings_changed(data)


def switch_off(rt: Runtime, shop_id: ShopId, key: str, by: str) -> int:
    """Plan nothing any more and withdraw what waits; returns how many rows that were."""
    with rt.db.write() as uow:
        Shops(uow).held(shop_id)
        data = ShopData(uow, shop_id)
        known = stored(data, key)
        if not known.enabled:
            return 0
        _append(rt, data, key, known, known.values, by=by, enabled=False)
        now, reason = rt.business.now(), Reason.of(ReasonCode.AUTOMATION_OFF)
        withdrawn = data.actions.cancel_waiting(reason, now, key)
        data.journal.write("switched_off", key, now, params={"actions": withdrawn})
        plugin.settings_changed(data)
        return withdrawn


def pause(rt: Runtime, shop_id: ShopId) -> None:
    """Nothing goes out until `resume`; what happens in the store is still recorded and planned."""
    with rt.db.write() as uow:
        data, shops, now = ShopData(uow, shop_id), Shops(uow), rt.business.now()
        if shops.get(shop_id).paused_at is None:
            shops.change(shop_id, paused_at=now)
            data.journal.write("paused", "everything", now)


def resume(rt: Runtime, shop_id: ShopId) -> bool:
    """Go on; False while our address leads to another store, because then nothing may go out."""
    with rt.db.write() as uow:
        data, shops = ShopData(uow, shop_id), Shops(uow)
        if data.problems.is_open(MOVED):
            return False
        if shops.get(shop_id).paused_at is not None:
            shops.change(shop_id, paused_at=None)
            data.journal.write("resumed", "everything", rt.business.now())
            uow.after_commit("perform", shop_id)
        return True


def _append(
    rt: Runtime,
    data: ShopData,
    key: str,
    known: Stored,
    values: SettingsModel,
    *,
    by: str,
    enabled: bool,
) -> int:
    began = known.row.active_since if known.row and known.enabled else None
    return data.settings.save(
        key,
        values.model_dump(mode="json"),
        enabled=enabled,
        active_since=(began or rt.business.now()) if enabled else None,
        changed_by=by[:64],
        now=rt.wall.now(),
    )
