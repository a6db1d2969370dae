"""A third order, its coupon, and the questions that tests ask about them."""

from typing import Any

from app.automations.base import CouponView, PastOrder
from app.automations.milestone_coupon import MilestoneCoupon
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Decision, Schedule, Skip
from app.domain.reasons import ReasonCode as Why
from tests.unit.automations.world import (
    action,
    bought,
    context,
    coupons,
    customer,
    day,
    order,
    paid_event,
)

COUPONS = MilestoneCoupon()
CREATE, MAIL, VOID = ActionKind.COUPON_CREATE, ActionKind.COUPON_MAIL, ActionKind.COUPON_VOID
THIRD = tuple(bought(n) for n in (1, 2, 3))
NOW = 3.0
ISSUED = CouponView("orders:3", "THANKS-1", "issued", "order-3")


def decide(
    *, orders: tuple[PastOrder, ...] = THIRD, at: float = NOW, order_id: str = "", **world: Any
) -> list[Decision]:
    """The last order of the history was just paid."""
    current = order_id or orders[-1].order_id
    settings = world.pop("settings", coupons(nth_orders=[3]))
    person = world.pop("customer", customer(orders=orders))
    event = world.pop("event", paid_event(current))
    here = context(day(at), settings, order=order(order_id=current), customer=person, **world)
    return list(COUPONS.decide(event, here))


def planned_keys(decisions: list[Decision]) -> list[str]:
    return [d.dedupe_key for d in decisions if isinstance(d, Schedule)]


def whys(decisions: list[Decision]) -> list[Why]:
    return [d.reason.code for d in decisions]


def creation(milestone: str = "orders:3", **changes: Any) -> Action:
    payload = {"milestone_key": milestone, "valid_days": 60, "code": "THANKS-1", "expires_at": "-"}
    defaults: dict[str, Any] = {"order_id": "order-3"}
    return action(CREATE, f"coupon:5:{milestone}", payload, **{**defaults, **changes})


def recheck(
    what: Action, orders: tuple[PastOrder, ...] = THIRD, at: float = NOW, **world: Any
) -> Any:
    person = world.pop("customer", customer(orders=orders))
    here = context(day(at), coupons(), order=order(order_id="order-3"), customer=person, **world)
    return COUPONS.recheck(what, here)


def skip(verdict: Any) -> Why:
    assert isinstance(verdict, Skip)
    return verdict.reason.code
