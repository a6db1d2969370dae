"""A due action is performed: fresh picture → second look and claim → effect → end.

The claim is one transaction (second look, guards, budget, compare-and-set); the effect runs
outside any; the end is one transaction again. A worker that dies in between leaves a lease that
expires: `recover` then looks up what became of the effect, it never just repeats it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep

from app.automations import registry
from app.automations.base import Context
from app.db.actions import CLAIMABLE
from app.db.session import DatabaseUnavailable
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.domain.actions import (
    MARKETING_MAIL,
    OUTLIVES_CONNECTION,
    PROMPT_MAIL,
    Action,
    ActionKind,
    ActionState,
)
from app.domain.decisions import Defer, Proceed, Schedule, Skip, Verdict
from app.domain.ids import ActionId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import OrderSnapshot
from app.pipeline import failures
from app.pipeline.context import Assembler, settings_of
from app.pipeline.effects.base import Outcome, Unknowable, Work
from app.pipeline.effects.registry import EFFECTS
from app.pipeline.freshness import bring_up_to_date
from app.pipeline.pace import slow_start
from app.pipeline.plan import Planner, undo_of, write
from app.pipeline.runtime import Runtime
from app.pipeline.turns import TURN

LEASE = timedelta(minutes=5)  # whoever takes longer (a store that drips) is taken for dead
_NAPS = (0.5, 1, 2, 4, 8)  # seconds between tries to write an end; a small part of the lease


def perform_due(rt: Runtime, shop_id: ShopId, limit: int = 100) -> bool:
    """Perform what is due for one shop; True if there may be more.

    Ends with the action during which `TURN` is over, so that no shop keeps a worker for itself.
    """
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        now, wall = rt.business.now(), rt.wall.now()
        actions, kinds = ShopData(uow, shop_id).actions, _kinds_of(shop)
        # What somebody waits for stands before all that is older.
        prompt = actions.due(now, wall, limit, PROMPT_MAIL if kinds is None else kinds)
        due = list(dict.fromkeys([*prompt, *actions.due(now, wall, limit, kinds)]))[:limit]
    with rt.mail.kept_open():
        for done, action_id in enumerate(due, start=1):
            perform(rt, shop_id, action_id)
            if rt.wall.now() - wall > TURN:
                return done < len(due) or done == limit
    return len(due) == limit


def _kinds_of(shop: Shop) -> frozenset[ActionKind] | None:
    """What may be performed for a shop as it stands; None: everything."""
    if not shop.connected:
        return OUTLIVES_CONNECTION
    return PROMPT_MAIL if shop.paused_at else None


def perform(rt: Runtime, shop_id: ShopId, action_id: ActionId) -> None:
    """Perform one action, whatever its end; raises only if the database stays away."""
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        action = ShopData(uow, shop_id).actions.get(action_id)
    if action is None or action.state not in CLAIMABLE:
        return
    try:
        bring_up_to_date(rt, shop, action)
        work = _claim(rt, shop, action)
    except Exception as error:  # noqa: BLE001 - the table in failures.py knows every kind
        _settle(rt, shop_id, action, error)
        return
    if work:
        _carry_out(rt, work)


def _carry_out(rt: Runtime, work: Work) -> None:
    effect = EFFECTS[work.action.kind]
    try:
        found = effect.lookup(work) if work.action.attempt > 1 else None
        outcome = found if isinstance(found, Outcome) else effect.execute(work)
    except Exception as error:  # noqa: BLE001 - the table in failures.py knows every kind
        fault, repeatable = error, effect.repeatable
        _insist(lambda: _settle(rt, work.shop.id, work.action, fault, repeatable=repeatable))
        return
    repeat = not isinstance(found, Outcome) and bool(failures.unknown_ends(work.action))
    _done(rt, work, outcome, repeat=repeat)


def _settle(
    rt: Runtime, shop_id: ShopId, action: Action, error: Exception, *, repeatable: bool = False
) -> None:
    with rt.db.write() as uow:
        failures.settle(rt, ShopData(uow, shop_id), action, error, repeatable=repeatable)


# claiming


def _claim(rt: Runtime, shop: Shop, seen: Action) -> Work | None:
    """Second look, guards, budget and compare-and-set, all in one transaction."""
    order, email_hash = _opened_order(rt, shop, seen)
    with rt.db.write() as uow:
        data = ShopData(uow, shop.id)
        if seen.customer_id is not None:
            data.customers.lock(seen.customer_id)  # budget and milestones are counted once
        shop = Shops(uow).get(shop.id)
        action = data.actions.get(seen.id)
        now = rt.business.now()
        if action is None or action.state not in CLAIMABLE or action.due_at > now:
            return None
        if action.customer_id != seen.customer_id:  # merged meanwhile: another one is to be locked
            return None
        verdict = _verdict(data, shop, action, now)
        if isinstance(verdict, Proceed) and action.kind is ActionKind.COUPON_CREATE:
            verdict = _reserve_milestone(data, action, verdict, email_hash, now)
        if not isinstance(verdict, Proceed):
            _answer(rt, data, action, verdict)
            return None
        payload = {**action.payload, **(verdict.payload or {})}
        claimed = data.actions.claim(action, rt.wall.now() + LEASE, payload)
        if claimed is None:
            return None
        if claimed.kind.endswith("_mail"):
            data.messages.reserve(
                claimed.id,
                claimed.customer_id,
                claimed.kind,
                str(payload["message_id"]),
                now,
                marketing=claimed.kind in MARKETING_MAIL,
            )
    return Work(rt, shop, claimed, order, now)


def _opened_order(rt: Runtime, shop: Shop, action: Action) -> tuple[OrderSnapshot | None, str]:
    """The order with its person, and the hash of the address; opened before the transaction."""
    if not action.order_id:
        return None, ""
    with rt.db.read() as uow:
        data = ShopData(uow, shop.id)
        stored = data.orders.get(action.order_id)
        if stored is None:
            return None, ""
        person = data.orders.opened(stored)
        return replace(stored.order, person=person), data.customers.email_hash(person.email) or ""


def _verdict(data: ShopData, shop: Shop, action: Action, now: datetime) -> Verdict:
    """May it go out now? Connection first, then usefulness, then the automation's own rules."""
    current = shop.connected and action.generation == shop.generation
    if not current and action.kind not in OUTLIVES_CONNECTION:
        return Skip(Reason.of(ReasonCode.NOT_CONNECTED))
    if shop.paused_at and action.kind not in PROMPT_MAIL:
        return Defer(now + timedelta(minutes=15), Reason.of(ReasonCode.PAUSED))
    if action.useful_until and now > action.useful_until:
        return Skip(Reason.of(ReasonCode.TOO_LATE, until=action.useful_until))
    if not action.automation:
        return Proceed()
    verdict = _recheck(data, action, now)
    if isinstance(verdict, Proceed) and action.kind in MARKETING_MAIL:
        return slow_start(data, now) or verdict
    return verdict


def _recheck(data: ShopData, action: Action, now: datetime) -> Verdict:
    automation = registry.by_key(action.automation)
    version = data.settings.current(action.automation)
    compensates = action.kind is ActionKind.COUPON_VOID
    if version is None or not (version.enabled or compensates):
        return Skip(Reason.of(ReasonCode.AUTOMATION_OFF))
    stored = data.orders.get(action.order_id or "")
    if stored is None:
        return Skip(Reason.of(ReasonCode.CUSTOMER_ERASED))
    context: Context = Assembler(data, now).context(
        stored.order,
        stored.customer_id,
        settings_of(automation, version),
        version.active_since,
    )
    return automation.recheck(action, context)


def _reserve_milestone(
    data: ShopData, action: Action, verdict: Proceed, email_hash: str, now: datetime
) -> Verdict:
    """One code per customer, address and milestone: the table's unique keys say so."""
    terms = {**action.payload, **(verdict.payload or {})}
    code, key = str(terms["code"]), str(terms["milestone_key"])
    if data.coupons.by_code(code):  # an earlier attempt of this very action
        return verdict
    new = action.customer_id is not None and data.coupons.add(
        customer_id=action.customer_id,
        email_hash=email_hash or f"customer:{action.customer_id}",
        milestone_key=key,
        code=code,
        order_id=action.order_id or "",
        terms=terms,
        now=now,
    )
    return verdict if new else Skip(Reason.of(ReasonCode.MILESTONE_TAKEN))


def _answer(rt: Runtime, data: ShopData, action: Action, verdict: Defer | Skip) -> None:
    now = rt.business.now()
    if isinstance(verdict, Defer):
        news = action.reason != verdict.reason  # waiting on for the same is none
        if data.actions.put_off(action, verdict.reason, due_at=verdict.until) and news:
            write(data, "deferred", action, verdict.reason, now)
        return
    late = verdict.reason.code is ReasonCode.TOO_LATE
    state = ActionState.MISSED if late else ActionState.SKIPPED
    if data.actions.end(action, state, verdict.reason, now):
        write(data, state, action, verdict.reason, now)
        _plan(rt, data, action, undo_of(action, now))  # an earlier try may have got through


def _plan(rt: Runtime, data: ShopData, action: Action, *follow_ups: Schedule | None) -> None:
    for schedule in filter(None, follow_ups):
        Planner(rt, data).apply(
            schedule, action.automation, action.customer_id, action.settings_version
        )


# ending


def _insist(write_end: Callable[[], None]) -> None:
    """Write the end of an effect, although the database may be away just now: what is known of a
    mail nobody could find out later. Written twice it is once, the row's revision tells.
    """
    for nap in _NAPS:
        try:
            return write_end()
        except DatabaseUnavailable:
            sleep(nap)
    return write_end()


def _done(rt: Runtime, work: Work, outcome: Outcome, *, repeat: bool = False) -> None:
    """Write the end, what the effect noted and what follows, in one transaction."""
    _insist(lambda: _write_done(rt, work, outcome, repeat=repeat))


def _write_done(rt: Runtime, work: Work, outcome: Outcome, *, repeat: bool) -> None:
    action, now = work.action, rt.business.now()
    with rt.db.write() as uow:
        data = ShopData(uow, work.shop.id)
        current = data.actions.get(action.id)
        if current is None or not data.actions.end(action, ActionState.DONE, outcome.reason, now):
            return  # somebody recovered it meanwhile
        outcome.note(data)
        write(data, "done", action, outcome.reason, now)
        if repeat:
            write(data, "repeated", action, Reason.of(ReasonCode.POSSIBLE_REPEAT), now)
        # Withdrawn while it was being done: what can be taken back is taken back.
        follow_ups = (undo_of(action, now),) if current.cancel_requested else outcome.then
        _plan(rt, data, action, *follow_ups)


def recover(rt: Runtime, shop_id: ShopId) -> None:
    """Leases that ran out: a worker died in the middle. Look up what became of each effect."""
    with rt.db.read() as uow:
        shop = Shops(uow).get(shop_id)
        stranded = ShopData(uow, shop_id).actions.expired(rt.wall.now())
    for seen in stranded:
        with rt.db.write() as uow:
            lease = rt.wall.now() + LEASE
            action = ShopData(uow, shop_id).actions.take_over(seen, rt.wall.now(), lease)
        if action is None:  # its worker lives, or another one recovers it
            continue
        order, _ = _opened_order(rt, shop, action)
        work = Work(rt, shop, action, order, rt.business.now())
        try:
            _resume(rt, work)
        except DatabaseUnavailable:
            raise  # looked up again when this lease ran out: tried again, it might be done twice
        except Exception as error:  # noqa: BLE001 - the table in failures.py knows every kind
            _settle(rt, shop_id, action, error, repeatable=EFFECTS[action.kind].repeatable)


def _resume(rt: Runtime, work: Work) -> None:
    effect = EFFECTS[work.action.kind]
    found = effect.lookup(work)
    if isinstance(found, Outcome):
        _done(rt, work, found)
    elif isinstance(found, Unknowable) and (not effect.repeatable or work.action.cancel_requested):
        with rt.db.write() as uow:
            data = ShopData(uow, work.shop.id)
            data.messages.settle(work.action.id, "uncertain")
            reason = Reason.of(ReasonCode.MAYBE_SENT)
            if data.actions.end(work.action, ActionState.UNCERTAIN, reason, work.now):
                write(data, ActionState.UNCERTAIN, work.action, reason, work.now)
    elif isinstance(found, Unknowable):
        _done(rt, work, effect.execute(work), repeat=True)
    else:  # surely not done: wait again, with a fresh second look
        with rt.db.write() as uow:
            data = ShopData(uow, work.shop.id)
            data.messages.release(work.action.id)
            if failures.end_withdrawn(rt, data, work.action):
                return
            data.actions.put_off(work.action, work.action.reason)
            uow.after_commit("perform", work.shop.id)
