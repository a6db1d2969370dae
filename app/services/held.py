"""What the merchant says about rows that a restored backup may do twice: let go, or cancel."""

from app.db import continuity
from app.db.actions import RESTORED
from app.db.tenant import ShopData
from app.domain.actions import Action
from app.domain.ids import ActionId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.plan import write
from app.pipeline.runtime import Runtime

CHUNK = 200  # rows per transaction
_LET_GO = Reason.of(ReasonCode.REQUESTED)
_WITHDRAWN = Reason.of(ReasonCode.CANCELLED_BY_MERCHANT)


def let_go(rt: Runtime, shop_id: ShopId, action_id: ActionId) -> bool:
    """It is performed after the usual second look; False if it is no longer held."""
    return _decide(rt, shop_id, action_id, go=True)


def withdraw(rt: Runtime, shop_id: ShopId, action_id: ActionId) -> bool:
    """It does not happen; what was made before the restoration stays as it is."""
    return _decide(rt, shop_id, action_id, go=False)


def decide_all(rt: Runtime, shop_id: ShopId, *, go: bool) -> int:
    """Let all go, or cancel all; returns how many. May be cut off and repeated."""
    decided, last = 0, None
    while True:
        with rt.db.write() as uow:
            data = ShopData(uow, shop_id)
            rows = data.actions.held(CHUNK, after=last)
            decided += sum(_one(rt, data, action, go=go) for action in rows)
            count(rt, data)
        if len(rows) < CHUNK:
            return decided
        last = rows[-1].id


def count(rt: Runtime, data: ShopData) -> None:
    """Tell the problem anew; it ends with the last held row, whoever withdrew that."""
    if data.problems.is_open(RESTORED):
        data.problems.count(RESTORED, data.actions.held_count(), rt.business.now())


def recount(rt: Runtime, shop_id: ShopId) -> None:
    """The clock's look: rows are also withdrawn by orders that were cancelled meanwhile."""
    with rt.db.write() as uow:
        count(rt, ShopData(uow, shop_id))


def _decide(rt: Runtime, shop_id: ShopId, action_id: ActionId, *, go: bool) -> bool:
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        action = data.actions.get(action_id)
        done = action is not None and _one(rt, data, action, go=go)
        count(rt, data)
        return done


def _one(rt: Runtime, data: ShopData, action: Action, *, go: bool) -> bool:
    if action.problem != RESTORED:
        return False
    return _go(rt, data, action) if go else _cancel(rt, data, action)


def _go(rt: Runtime, data: ShopData, action: Action) -> bool:
    now, found = rt.business.now(), continuity.latest(data.uow)
    if not data.actions.release(action, _LET_GO, now, found.id if found else 0):
        return False
    # What had been begun counted against the contact budget as long as it may have been sent.
    data.messages.settle(action.id, "reserved")
    data.messages.release(action.id)
    write(data, "planned", action, _LET_GO, now)
    data.uow.after_commit("perform", data.shop_id)
    return True


def _cancel(rt: Runtime, data: ShopData, action: Action) -> bool:
    now = rt.business.now()
    if not data.actions.cancel(action.dedupe_key, _WITHDRAWN, now):
        return False
    write(data, "cancelled", action, _WITHDRAWN, now)
    return True
