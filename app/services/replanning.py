"""Settings changed: waiting work of the automation is decided again under the new version."""

from app.automations.base import Automation
from app.automations.registry import AUTOMATIONS
from app.db.orders import PaidOrder
from app.db.settings import SettingsVersion
from app.db.tenant import ShopData
from app.domain.actions import Action
from app.domain.events import Event, facts_of
from app.domain.ids import PlatformId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import OrderSnapshot
from app.pipeline.context import Assembler, settings_of
from app.pipeline.plan import Planner, relevant
from app.pipeline.runtime import Runtime
from app.pipeline.turns import TURN

CHUNK = 50  # rows per transaction
_AT_ONCE = 1000  # orders; more than a turn is enough for


def replan(rt: Runtime, shop_id: ShopId) -> None:
    """Decide anew what waits under older settings than the present ones, for one turn; what is
    left is asked for again. May be repeated.
    """
    end = rt.wall.now() + TURN
    for automation in AUTOMATIONS:
        while _replan_some(rt, shop_id, automation):
            if rt.wall.now() > end:
                with rt.db.write() as uow:
                    uow.after_commit("replan", shop_id)
                return


def _replan_some(rt: Runtime, shop_id: ShopId, automation: Automation) -> bool:
    """One transaction's share; True if there may be more."""
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        version = data.settings.current(automation.key)
        if version is None:
            return False
        if not version.enabled:
            reason = Reason.of(ReasonCode.AUTOMATION_OFF)
            data.actions.cancel_waiting(reason, rt.business.now(), automation.key)
            return False
        stale = data.actions.waiting_under_older(automation.key, version.version, CHUNK)
        for action in stale:
            _decide_again(rt, data, automation, version, action)
        return len(stale) == CHUNK


def catch_up(rt: Runtime, shop_id: ShopId, after: PaidOrder | None) -> PaidOrder | None:
    """All of the history was read: what was decided without it is decided again, for one turn.

    A milestone reached while earlier orders were still being read was not seen as one. Goes on
    `after` an order; returns the one at which the turn ended, None at the end. May be repeated.
    """
    end = rt.wall.now() + TURN
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        running = [(a, v) for a in AUTOMATIONS if (v := data.settings.current(a.key)) and v.enabled]
        since = [v.active_since for _, v in running if v.active_since]
        recent = data.orders.paid_since(min(since), after, _AT_ONCE) if since else []
    for order in recent:
        with rt.db.write() as uow:
            for automation, version in running:
                _decide(rt, ShopData(uow, shop_id), automation, version, order.order_id)
        if rt.wall.now() > end:
            return order
    return recent[-1] if len(recent) == _AT_ONCE else None


def _decide_again(
    rt: Runtime, data: ShopData, automation: Automation, version: SettingsVersion, action: Action
) -> None:
    data.actions.set_version(action, version.version)
    _decide(rt, data, automation, version, action.order_id or "")


def _decide(
    rt: Runtime,
    data: ShopData,
    automation: Automation,
    version: SettingsVersion,
    order_id: PlatformId,
) -> None:
    stored = data.orders.get(order_id)
    event = _basis(automation, stored.order, version) if stored else None
    if stored is None or event is None:
        return
    context = Assembler(data, rt.business.now()).context(
        stored.order,
        stored.customer_id,
        settings_of(automation, version),
        version.active_since,
    )
    planner = Planner(rt, data)
    for decision in automation.decide(event, context):
        planner.apply(
            decision,
            automation.key,
            stored.customer_id,
            version.version,
            caused_at=event.occurred_at,
        )


def _basis(automation: Automation, order: OrderSnapshot, version: SettingsVersion) -> Event | None:
    """The last fact of the order that the automation listens to, since it was switched on."""
    heard = relevant(automation, version, list(facts_of(order)))
    return heard[-1] if heard else None
