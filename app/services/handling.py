"""What a merchant does by hand: withdraw what waits, repeat what may have failed, say that a
problem is mended.
"""

from app.db.actions import REVIVABLE
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.actions import WAITING, Action, ActionState
from app.domain.ids import ActionId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.plan import write
from app.pipeline.runtime import Runtime
from app.services.mending import mended
from app.services.problems import ended_by_retry

_WITHDRAWN = Reason.of(ReasonCode.CANCELLED_BY_MERCHANT)
_WISH = Reason.of(ReasonCode.REQUESTED)


def can_cancel(action: Action) -> bool:
    """Whether it waits, and an automation planned it."""
    return action.state in WAITING and bool(action.automation)


def can_repeat(rt: Runtime, action: Action) -> bool:
    """Whether nobody knows its end, or a fault of ours stopped it, and it is still useful."""
    useful = action.useful_until is None or rt.business.now() < action.useful_until
    return action.state in REVIVABLE and useful


def cancel(rt: Runtime, shop_id: ShopId, action_id: ActionId) -> bool:
    """Withdraw it; False if it does not wait any more."""
    with rt.db.write() as uow:
        data, now = ShopData(uow, shop_id), rt.business.now()
        action = data.actions.get(action_id)
        if action is None or not can_cancel(action):
            return False
        data.actions.cancel(action.dedupe_key, _WITHDRAWN, now)
        withdrawn = data.actions.get(action_id)
        if withdrawn is None or withdrawn.state is not ActionState.CANCELLED:
            return False  # a worker was faster: what can be taken back then is taken back
        write(data, "cancelled", action, _WITHDRAWN, now)
        return True


def repeat(rt: Runtime, shop_id: ShopId, action_id: ActionId) -> bool:
    """Do it again at once; False if its end is known meanwhile or its useful time is over."""
    with rt.db.write() as uow:
        data, now = ShopData(uow, shop_id), rt.business.now()
        action = data.actions.get(action_id)
        if action is None or not can_repeat(rt, action):
            return False
        # It counted against the contact budget as long as it may have been sent.
        data.messages.settle(action_id, "reserved")
        data.messages.release(action_id)
        generation = Shops(uow).get(shop_id).generation
        if not data.actions.revive(action, _WISH, now, generation):
            return False
        write(data, "planned", action, _WISH, now)
        uow.after_commit("perform", shop_id)
        return True


def read_again(rt: Runtime, shop_id: ShopId) -> int:
    """Interpret once more what could not be read; returns how many deliveries that are."""
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        count = data.inbox.replay_failed()
        if count:
            data.journal.write("replayed", "inbox", rt.business.now(), params={"rows": count})
            uow.after_commit("drain", shop_id)
        return count


def check_now(rt: Runtime, shop_id: ShopId) -> None:
    """Ask the store at once how it is, and compare its webhooks with what they should be."""
    with rt.db.write() as uow:
        uow.after_commit("check_connection", shop_id)
        uow.after_commit("subscribe", shop_id)


def look_again(rt: Runtime, shop_id: ShopId, problem: str) -> bool:
    """The merchant says that a problem is mended; False if it is not open. The store is asked at
    once, or what waits is tried: if it is still wrong, the problem opens again.
    """
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        if not data.problems.is_open(problem):
            return False
        if ended_by_retry(problem):
            mended(rt, data, (problem,))
        else:
            uow.after_commit("check_connection", shop_id)
        return True
