"""What a change of settings would do, told before it is done. Reads only; the rules are pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from app.automations import registry
from app.automations.base import Automation, Context, SettingsModel
from app.automations.guards import may_hear
from app.db.reports import Filter
from app.db.tenant import ShopData
from app.domain.actions import WAITING, Action, ActionKind
from app.domain.decisions import Decision, Decline, Schedule, Skip
from app.domain.events import Event, facts_of
from app.domain.ids import PlatformId, ShopId
from app.domain.reasons import ReasonCode
from app.domain.snapshots import OrderSnapshot
from app.pipeline.context import Assembler
from app.pipeline.runtime import Runtime

LOOKED_AT = 60  # rows or orders, so that the answer comes at once
SPAN = timedelta(days=30)

# Coupons are made for whoever may hear of them; voiding one needs nobody's consent.
_SPEAKS = frozenset(
    {ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_CREATE, ActionKind.COUPON_MAIL}
)


@dataclass(frozen=True, slots=True)
class Moves:
    """What saving would do to the rows that wait; the first `looked` of `waiting` were decided."""

    waiting: int
    looked: int
    later: int = 0
    sooner: int = 0
    changed: int = 0  # same time, other content
    withdrawn: int = 0

    @property
    def moved(self) -> int:
        """Rows with another time."""
        return self.later + self.sooner


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would have been decided about the newest orders of the last 30 days."""

    orders: int
    planned: int
    declined: tuple[tuple[ReasonCode, int], ...]  # most frequent first


def moves(rt: Runtime, shop_id: ShopId, key: str, settings: SettingsModel) -> Moves:
    """Decide the waiting rows under other settings, and compare."""
    automation = registry.by_key(key)
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        reports, wanted = data.reports, Filter(key, WAITING)
        rows = reports.page(wanted, LOOKED_AT)
        assembler = Assembler(data, rt.business.now())
        found: Counter[str] = Counter()
        decided: dict[PlatformId, dict[str, Decision]] = {}
        for row in rows:
            order_id = row.order_id or ""
            if order_id not in decided:
                answers = _decide(data, assembler, automation, order_id, settings)
                decided[order_id] = {answer.dedupe_key: answer for answer in answers}
            found[_difference(row, decided[order_id].get(row.dedupe_key))] += 1
        found.pop("same", None)
        return Moves(reports.total(wanted), len(rows), **found)


def rehearse(rt: Runtime, shop_id: ShopId, key: str, settings: SettingsModel) -> Rehearsal:
    """Decide the newest orders, as if the automation had been on all the time."""
    automation, now = registry.by_key(key), rt.business.now()
    planned, declined = 0, Counter[ReasonCode]()
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        assembler = Assembler(data, now)
        recent = [
            (order, customer_id)
            for order, customer_id in data.reports.recent_orders(LOOKED_AT)
            if order.placed_at >= now - SPAN
        ]
        for order, customer_id in recent:
            context = assembler.context(order, customer_id, settings)
            for decision in _answers(automation, context):
                reason = _refusal(decision, context)
                if reason:
                    declined[reason] += 1
                elif isinstance(decision, Schedule):
                    planned += 1
    return Rehearsal(len(recent), planned, tuple(declined.most_common(3)))


def _decide(
    data: ShopData,
    assembler: Assembler,
    automation: Automation,
    order_id: PlatformId,
    settings: SettingsModel,
) -> list[Decision]:
    known = data.orders.get(order_id)
    if known is None:
        return []
    return _answers(automation, assembler.context(known.order, known.customer_id, settings))


def _answers(automation: Automation, context: Context) -> list[Decision]:
    event = _last_fact(automation, context.order)
    return list(automation.decide(event, context)) if event else []


def _last_fact(automation: Automation, order: OrderSnapshot) -> Event | None:
    """The newest fact of an order that the automation listens to."""
    heard = [event for event in facts_of(order) if isinstance(event, automation.listens_to)]
    return heard[-1] if heard else None


def _difference(row: Action, decision: Decision | None) -> str:
    """One of the counts of `Moves`, or "same"."""
    if decision is None:
        return "same"
    if not isinstance(decision, Schedule):
        return "withdrawn"
    if decision.due_at != row.due_at:
        return "later" if decision.due_at > row.due_at else "sooner"
    alike = all(row.payload.get(name) == value for name, value in decision.payload.items())
    return "same" if alike else "changed"


def _refusal(decision: Decision, context: Context) -> ReasonCode | None:
    if isinstance(decision, Decline):
        return decision.reason.code
    if isinstance(decision, Schedule) and decision.kind in _SPEAKS:
        verdict = may_hear(decision.kind, context)
        return verdict.reason.code if isinstance(verdict, Skip) else None
    return None
