"""Settings changed: waiting work of the automation is decided again under the new version."""

from app.automations import registry
from app.automations.base import Automation
from app.automations.registry import AUTOMATIONS
from app.db.settings import SettingsVersion
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import Action
from app.domain.events import Event, facts_of
from app.domain.ids import PlatformId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import OrderSnapshot
from app.pipeline.context import Assembler, settings_of
from app.pipeline.plan import Planner, relevant

CHUNK = 200  # rows per transaction


def replan(deps: Deps, shop_id: ShopId, automation_key: str) -> int:
    """Decide the automation's waiting rows anew; returns how many were looked at."""
    automation = registry.by_key(automation_key)
    looked = 0
    while True:
        with deps.db.write() as uow:
            data = ShopData(uow, shop_id)
            version = data.settings.current(automation_key)
            if version is None:
                return looked
            if not version.enabled:
                reason = Reason.of(ReasonCode.AUTOMATION_OFF)
                return data.actions.cancel_waiting(reason, deps.business.now(), automation_key)
            stale = [
                a
                for a in data.actions.waiting(automation_key)
                if a.settings_version < version.version
            ][:CHUNK]
            for action in stale:
                _decide_again(deps, data, automation, version, action)
        looked += len(stale)
        if len(stale) < CHUNK:
            return looked


def catch_up(deps: Deps, shop_id: ShopId) -> None:
    """The history is complete: what was decided without it is decided again.

    A milestone reached while earlier orders were still being read was not seen as one.
    """
    with deps.db.read() as uow:
        data = ShopData(uow, shop_id)
        running = [(a, v) for a in AUTOMATIONS if (v := data.settings.current(a.key)) and v.enabled]
        since = [v.active_since for _, v in running if v.active_since]
        recent = data.orders.paid_since(min(since)) if since else []
    for order_id in recent:
        with deps.db.write() as uow:
            for automation, version in running:
                _decide(deps, ShopData(uow, shop_id), automation, version, order_id)


def _decide_again(
    deps: Deps, data: ShopData, automation: Automation, version: SettingsVersion, action: Action
) -> None:
    data.actions.set_version(action, version.version)
    _decide(deps, data, automation, version, action.order_id or "")


def _decide(
    deps: Deps,
    data: ShopData,
    automation: Automation,
    version: SettingsVersion,
    order_id: PlatformId,
) -> None:
    stored = data.orders.get(order_id)
    event = _basis(automation, stored.order, version) if stored else None
    if stored is None or event is None:
        return
    context = Assembler(data, deps.business.now()).context(
        stored.order,
        stored.customer_id,
        settings_of(automation, version),
        version.active_since,
    )
    planner = Planner(deps, data)
    for decision in automation.decide(event, context):
        planner.apply(decision, automation.key, stored.customer_id, version.version)


def _basis(automation: Automation, order: OrderSnapshot, version: SettingsVersion) -> Event | None:
    """The last fact of the order that the automation listens to, since it was switched on."""
    heard = relevant(automation, version, list(facts_of(order)))
    return heard[-1] if heard else None
