"""What a platform says about the installation: uninstalled, scopes changed, privacy requests."""

from datetime import datetime

from app.automations.registry import AUTOMATIONS
from app.db.inbox import InboxRow
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnOutcome, ReturnState, Ruling
from app.domain.snapshots import Control, ControlMessage, Person
from app.pipeline import returns
from app.pipeline.runtime import Runtime

_REMOVED = "removed"  # a cursor: when the store told that it removed us
_PRIVACY = {Control.DATA_REQUEST, Control.CUSTOMER_REDACT, Control.SHOP_REDACT}


def obey(rt: Runtime, data: ShopData, row: InboxRow, message: ControlMessage) -> None:
    """Carry out a control message inside the interpreting transaction."""
    now = rt.business.now()
    data.journal.write("told", message.control, now)
    if message.control is Control.UNINSTALLED:
        if not _precedes_installation(data, row):
            _removed(rt, data)
    elif message.control is Control.SCOPES_CHANGED:
        Shops(data.uow).set_scopes(data.shop_id, message.scopes)
        data.uow.after_commit("check_connection", data.shop_id)
    elif message.control is Control.SHOP_CHANGED:
        data.uow.after_commit("check_connection", data.shop_id)
    elif message.control in _PRIVACY:
        person = message.customer or Person()
        data.privacy.ask(message.control, person, message.order_ids, row.id, rt.wall.now())
        data.uow.after_commit("privacy", data.shop_id)


def _precedes_installation(data: ShopData, row: InboxRow) -> bool:
    """A late delivery about a former installation must not end the present one."""
    present = Shops(data.uow).installation(data.shop_id)
    return bool(present and row.triggered_at and row.triggered_at < present.opened_at)


def _removed(rt: Runtime, data: ShopData) -> None:
    """Whether it is so, only the store can tell (`app/services/connections/leaving.py`)."""
    if not data.shop.connected:
        close(data, rt)
        return
    wall = rt.wall.now()
    data.cursors.put(_REMOVED, {"at": wall.isoformat()}, wall)
    data.uow.after_commit("check_connection", data.shop_id)


def removed_at(data: ShopData) -> datetime | None:
    """When the store told that it removed us (wall time); None once that is answered."""
    at = data.cursors.get(_REMOVED).get("at")
    return datetime.fromisoformat(at) if at else None


def forget_removed(rt: Runtime, data: ShopData) -> None:
    """It lets us in: that was not true."""
    data.cursors.put(_REMOVED, {}, rt.wall.now())


def close(data: ShopData, rt: Runtime) -> None:
    """End the installation's generation: keys are dead, nothing waits any longer.

    Whoever connects again begins as everybody does, with all automations off.
    """
    reason = Reason.of(ReasonCode.NOT_CONNECTED)
    _leave_returns(data, rt)
    cancelled = data.actions.cancel_waiting(reason, rt.business.now())
    _switch_off(data, rt)
    data.refreshes.clear()
    data.cursors.clear()
    data.credentials.forget()
    shops = Shops(data.uow)
    shops.close_installation(data.shop_id, rt.wall.now())
    shops.change(data.shop_id, history_complete=False)
    data.journal.write("closed", "installation", rt.business.now(), params={"actions": cancelled})


def _leave_returns(data: ShopData, rt: Runtime) -> None:
    """What was to be decided by rules waits for whoever connects the shop again."""
    ruling = Ruling(ReturnOutcome.HOLD, "off", Reason.of(ReasonCode.RULES_OFF))
    for row in data.returns.undecided():
        returns.move(rt, data, row, ReturnState.HELD, by="rules", ruling=ruling)


def _switch_off(data: ShopData, rt: Runtime) -> None:
    for automation in AUTOMATIONS:
        version = data.settings.current(automation.key)
        if version and version.enabled:
            data.settings.save(
                automation.key,
                version.data,
                enabled=False,
                active_since=None,
                changed_by="closing",
                now=rt.wall.now(),
            )
