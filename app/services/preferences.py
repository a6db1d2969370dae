"""What a customer wants to hear about: kept by the hash of the address, in force at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.db.tenant import ShopData
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.decisions import Decision, Decline, Schedule
from app.domain.ids import CustomerId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.plan import Planner
from app.pipeline.runtime import Runtime

# What can be chosen, and the work that belongs to it. Mail about orders and returns cannot.
SCOPES: Mapping[str, frozenset[ActionKind]] = {
    "review_request": frozenset({ActionKind.REVIEW_REQUEST_MAIL}),
    "coupon": frozenset({ActionKind.COUPON_CREATE, ActionKind.COUPON_MAIL}),
}
_ALL = "all"  # also whatever kinds of mail there will be one day
EVERYTHING = frozenset({_ALL, *SCOPES})


@dataclass(frozen=True, slots=True)
class Reader:
    """Who opened the link, as far as is known; nothing once they were forgotten."""

    address: str | None = None  # enough of it to recognise one's own: z•••••@posta.example
    locale: str | None = None


def reader(rt: Runtime, shop_id: ShopId, email_hash: str) -> Reader:
    """The customer with this address."""
    with rt.db.read() as uow:
        customers = ShopData(uow, shop_id).customers
        customer_id = customers.find("email", email_hash)
        row = customers.get(customer_id) if customer_id is not None else None
        if row is None:
            return Reader()
        email = customers.person(row.id).email
        # A merged customer has several addresses, and only one of them on record.
        same = email is not None and customers.email_hash(email) == email_hash
        return Reader(masked(email) if email and same else None, row.locale)


def masked(email: str) -> str:
    """Enough of an address to recognise one's own."""
    local, _, domain = email.strip().rpartition("@")
    return f"{local[0]}•••••@{domain}"


def wanted(rt: Runtime, shop_id: ShopId, email_hash: str) -> frozenset[str]:
    """The scopes in which an address may be written to."""
    with rt.db.read() as uow:
        refused = ShopData(uow, shop_id).customers.suppressed_scopes(email_hash)
    return frozenset() if _ALL in refused else frozenset(SCOPES) - refused


def change(
    rt: Runtime,
    shop_id: ShopId,
    email_hash: str,
    *,
    stop: Iterable[str] = (),
    resume: Iterable[str] = (),
) -> None:
    """Refuse and allow scopes; mail that waits is dropped, or comes back, in the same step.

    It counts for the address, whether or not there is (still) a customer with it.
    """
    with rt.db.write() as uow:
        data = ShopData(uow, shop_id)
        before = data.customers.suppressed_scopes(email_hash)
        after = _after(before, frozenset(stop), frozenset(resume))
        if after == before:
            return
        now = rt.business.now()
        for scope in after - before:
            data.customers.suppress(email_hash, scope, now)
        for scope in before - after:
            data.customers.allow(email_hash, scope)
        customer_id = data.customers.find("email", email_hash)
        _journal(data, before, after, customer_id, now)
        if customer_id is not None:
            _settle_waiting(rt, data, customer_id, now)


def _after(before: frozenset[str], stop: frozenset[str], resume: frozenset[str]) -> frozenset[str]:
    """Whoever had stopped everything and wants one thing back, gets that thing only."""
    after = before | stop
    if resume and _ALL in after:
        after = (after | SCOPES.keys()) - {_ALL}
    return after - resume


def _journal(
    data: ShopData,
    before: frozenset[str],
    after: frozenset[str],
    customer_id: CustomerId | None,
    now: datetime,
) -> None:
    for verb, scopes in (("unsubscribed", after - before), ("resubscribed", before - after)):
        for scope in sorted(scopes):
            data.journal.write(verb, scope, now, customer_id=customer_id)


def _settle_waiting(rt: Runtime, data: ShopData, customer_id: CustomerId, now: datetime) -> None:
    """Waiting mail of refused scopes ends; what ended only for that reason waits again."""
    refused = data.customers.suppressed(customer_id)
    planner = Planner(rt, data)
    for action in data.actions.of_customer(customer_id):
        scope = next((name for name, kinds in SCOPES.items() if action.kind in kinds), None)
        if scope is None or action.order_id is None:
            continue
        decision = _drop(action) if refused & {_ALL, scope} else _take_up(action, now)
        if decision:
            planner.apply(decision, action.automation, customer_id, action.settings_version)


def _drop(action: Action) -> Decision | None:
    if action.state not in WAITING:
        return None
    reason = Reason.of(ReasonCode.UNSUBSCRIBED)
    return Decline(action.kind, action.dedupe_key, reason, action.order_id or "")


def _take_up(action: Action, now: datetime) -> Decision | None:
    ended_by_it = (
        action.state is ActionState.SKIPPED and action.reason.code is ReasonCode.UNSUBSCRIBED
    )
    if not ended_by_it or not action.useful_until or action.useful_until <= now:
        return None
    return Schedule(
        kind=action.kind,
        dedupe_key=action.dedupe_key,
        due_at=action.due_at,
        useful_until=action.useful_until,
        reason=Reason.of(ReasonCode.REQUESTED),
        order_id=action.order_id or "",
        payload=action.payload,
    )
