"""The one table from errors to what becomes of an action, by who must act."""

import hashlib
import random
from datetime import timedelta

import structlog

from app.channels.base import ADDRESS_REFUSED, MAIL_REFUSED
from app.db.session import DatabaseUnavailable
from app.db.tenant import ShopData
from app.domain.actions import Action, ActionState
from app.domain.errors import MerchantMustFix, OperatorMustFix, Refused, Retryable, Uncertain
from app.domain.reasons import Reason, ReasonCode
from app.logs import place_of
from app.pipeline.plan import Planner, undo_of, write
from app.pipeline.runtime import Runtime
from app.pipeline.troubles import met

log = structlog.get_logger()

_REFUSALS = {
    ADDRESS_REFUSED: ReasonCode.ADDRESS_REFUSED,
    MAIL_REFUSED: ReasonCode.MAIL_REFUSED,
    "no_address": ReasonCode.NO_ADDRESS,
    "no_such_order": ReasonCode.NO_SUCH_ORDER,
    "product_gone": ReasonCode.PRODUCT_GONE,
    "reviews_closed": ReasonCode.REVIEWS_CLOSED,
    ReasonCode.COUPON_USED: ReasonCode.COUPON_USED,
    ReasonCode.NOT_RETURNABLE: ReasonCode.NOT_RETURNABLE,
    ReasonCode.RETURN_MOVED_ON: ReasonCode.RETURN_MOVED_ON,
}
_LONGEST = timedelta(hours=1)
_SENDINGS = 3  # of a transactional mail, to a server that never says whether it took it


class Busy(Retryable):
    """Another process of ours is at it: a matter of moments, and nothing for the merchant."""


def settle(
    rt: Runtime, data: ShopData, action: Action, error: Exception, *, repeatable: bool = False
) -> None:
    """Give a claimed (or still waiting) action the state that the error asks for.

    `repeatable`: an unknown end is answered by doing it again (transactional mail).
    """
    match error:
        case Uncertain():
            _unknown(rt, data, action, repeatable=repeatable)
        case Busy():
            data.messages.release(action.id)
            if not end_withdrawn(rt, data, action):
                wait = error.retry_after or back_off(1)
                data.actions.put_off(action, action.reason, not_before=rt.wall.now() + wait)
        case Retryable() | DatabaseUnavailable():
            _later(rt, data, action, error)
        case MerchantMustFix():
            _block(rt, data, action, error)
        case Refused():
            data.messages.settle(action.id, "refused")
            code = _REFUSALS.get(error.code, ReasonCode.STORE_REFUSED)
            _end(rt, data, action, ActionState.SKIPPED, Reason.of(code, code=error.code))
        case _:
            _our_fault(rt, data, action, error)


def _unknown(rt: Runtime, data: ShopData, action: Action, *, repeatable: bool) -> None:
    """Once more where that is the lesser evil and still wanted, but not for ever: a server that
    never answers in time took the mail each time.
    """
    times = unknown_ends(action) + 1
    if not repeatable or times >= _SENDINGS or data.actions.withdrawn(action):
        data.messages.settle(action.id, "uncertain")
        _end(rt, data, action, ActionState.UNCERTAIN, Reason.of(ReasonCode.MAYBE_SENT))
        return
    data.messages.release(action.id)
    reason = Reason.of(ReasonCode.POSSIBLE_REPEAT, unknown=times)
    _defer(rt, data, action, reason, back_off(action.attempt))


def unknown_ends(action: Action) -> int:
    """How often nobody knew whether it was done, since it was planned."""
    return int(action.reason.params.get("unknown", 0))


def end_withdrawn(rt: Runtime, data: ShopData, action: Action) -> bool:
    """End what was withdrawn while it was tried in vain: it does not wait for another try. An
    earlier one may have got through, which is taken back.
    """
    reason = data.actions.withdrawn(action)
    if reason is None:
        return False
    _end(rt, data, action, ActionState.CANCELLED, reason)
    if undoing := undo_of(action, rt.business.now()):
        Planner(rt, data).apply(
            undoing, action.automation, action.customer_id, action.settings_version
        )
    return True


def _later(
    rt: Runtime, data: ShopData, action: Action, error: Retryable | DatabaseUnavailable
) -> None:
    told = str(error) if isinstance(error, Retryable) else type(error).__name__
    level = log.error if isinstance(error, OperatorMustFix) else log.info
    level("perform.retry", shop=data.shop_id, action=action.id, error=told)
    data.messages.release(action.id)
    if end_withdrawn(rt, data, action):
        return
    tries = _tries(action) + 1
    wait = error.retry_after if isinstance(error, Retryable) else None
    reason = Reason.of(ReasonCode.STORE_UNREACHABLE, attempts=tries)
    if unknown := unknown_ends(action):  # not forgotten by one that is known
        reason = Reason.of(ReasonCode.STORE_UNREACHABLE, attempts=tries, unknown=unknown)
    _defer(rt, data, action, reason, wait or back_off(tries))


def _tries(action: Action) -> int:
    """Failures in a row; also those before the claim, which `attempt` does not count."""
    if action.reason.code is not ReasonCode.STORE_UNREACHABLE:
        return 0
    return int(action.reason.params.get("attempts", 0))


def _defer(rt: Runtime, data: ShopData, action: Action, reason: Reason, wait: timedelta) -> None:
    if data.actions.put_off(action, reason, not_before=rt.wall.now() + wait):
        write(data, "deferred", action, reason, rt.business.now())


def _block(rt: Runtime, data: ShopData, action: Action, error: MerchantMustFix) -> None:
    now = rt.business.now()
    data.messages.release(action.id)
    met(rt, data, error)
    if end_withdrawn(rt, data, action):
        return
    reason = Reason.of(ReasonCode.PROBLEM_OPEN, problem=error.problem)
    known = action.reason == reason  # looked at again, and still not mended
    if data.actions.block(action, error.problem, reason) and not known:
        write(data, "blocked", action, reason, now)


def _our_fault(rt: Runtime, data: ShopData, action: Action, error: Exception) -> None:
    """Kept and replayable. The log gets the place, never the values (they may be personal)."""
    place = place_of(error)
    code = hashlib.sha256(f"{type(error).__name__}{place}".encode()).hexdigest()[:4].upper()
    log.error(
        "perform.bug", shop=data.shop_id, action=action.id, kind=action.kind, code=code,
        error=type(error).__name__, place=place,
    )  # fmt: skip
    data.messages.release(action.id)
    _end(rt, data, action, ActionState.FAILED, Reason.of(ReasonCode.OUR_FAULT, code=code))


def _end(rt: Runtime, data: ShopData, action: Action, state: ActionState, reason: Reason) -> None:
    now = rt.business.now()
    if data.actions.end(action, state, reason, now):
        write(data, state, action, reason, now)


def back_off(attempt: int) -> timedelta:
    """5 s, 10 s, 20 s, … up to an hour, with jitter so that a recovered store is not stormed."""
    seconds = min(5 * 2 ** max(attempt - 1, 0), _LONGEST.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret
