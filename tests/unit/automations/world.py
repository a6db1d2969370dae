"""A small shop in Bratislava and a customer there, from which each test differs by a little."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.automations.base import (
    ContactPolicy,
    Context,
    CustomerView,
    PastAction,
    PastOrder,
    SettingsModel,
    ShopView,
)
from app.automations.milestone_coupon import MilestoneCouponSettings
from app.automations.review_request import ReviewRequestSettings
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.decisions import Decision, Schedule
from app.domain.events import OrderDelivered, OrderPaid
from app.domain.ids import ActionId, CustomerId
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import (
    ConsentState,
    FulfilmentSnapshot,
    Line,
    OrderSnapshot,
    Person,
    RefundSnapshot,
)

# A Monday, ten in the morning in Bratislava.
PLACED = datetime(2026, 11, 2, 9, tzinfo=UTC)
CUSTOMER = CustomerId(5)


def day(number: float) -> datetime:
    """So many days after the order was placed."""
    return PLACED + timedelta(days=number)


def eur(amount: int) -> Money:
    return Money(amount * 100, "EUR")


def line(number: int = 1, **changes: Any) -> Line:
    mug = Line(f"line-{number}", f"product-{number}", f"Mug {number}", 1, eur(20))
    return replace(mug, **changes)


def parcel(number: int = 1, **changes: Any) -> FulfilmentSnapshot:
    """Left on day 1 with everything of line `number`."""
    bare = FulfilmentSnapshot(
        f"parcel-{number}", "order-1", day(1), version=day(1), lines={f"line-{number}": 1}
    )
    return replace(bare, **changes)


def refund(minor: int, lines: Mapping[str, int] | None = None, at: datetime | None = None) -> Any:
    return RefundSnapshot("refund-1", "order-1", at or day(3), Money(minor, "EUR"), lines or {})


def order(**changes: Any) -> OrderSnapshot:
    """Paid at once, one line, delivered in Slovakia; nothing has been sent."""
    bare = OrderSnapshot(
        order_id="order-1",
        number="#1001",
        version=PLACED,
        status="open",
        placed_at=PLACED,
        total=eur(20),
        person=Person(),
        paid=True,
        paid_at=PLACED,
        country="SK",
        lines=(line(),),
    )
    return replace(bare, **changes)


def delivered(on: float = 3, **changes: Any) -> OrderSnapshot:
    return order(
        fulfilments=(parcel(delivered_at=day(on)),), **{"fully_fulfilled": True, **changes}
    )


def bought(number: int, paid: float | None = None, amount: int = 20, **changes: Any) -> PastOrder:
    """An order of the customer's history, paid on day `paid` (its number, unless told)."""
    at = day(number if paid is None else paid)
    past = PastOrder(f"order-{number}", at, at, eur(amount), eur(0), False, False)
    return replace(past, **changes)


def customer(**changes: Any) -> CustomerView:
    bare = CustomerView(
        CUSTOMER, True, ConsentState.UNKNOWN, None, frozenset(), False, (bought(1, paid=0),)
    )
    return replace(bare, **changes)


def context(
    now: datetime,
    settings: SettingsModel | None = None,
    *,
    order: OrderSnapshot | None = None,
    customer: CustomerView | None = None,
    shop: Mapping[str, Any] | None = None,
    policy: ContactPolicy | None = None,
    **changes: Any,
) -> Context:
    bare = ShopView(
        timezone="Europe/Bratislava",
        language="en",
        currency="EUR",
        country="SK",
        opened_at=day(-100),
        history_complete=True,
        contact=policy or ContactPolicy(),
    )
    return Context(
        now=now,
        shop=replace(bare, **(shop or {})),
        settings=settings or ReviewRequestSettings(),
        order=order or delivered(),
        customer=customer or globals()["customer"](),
        **changes,
    )


def coupons(**changes: Any) -> MilestoneCouponSettings:
    return MilestoneCouponSettings.model_validate(changes)


def action(
    kind: ActionKind = ActionKind.REVIEW_REQUEST_MAIL,
    key: str = "review:order-1",
    payload: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Action:
    bare = Action(
        id=ActionId(1),
        kind=kind,
        automation="review_request",
        dedupe_key=key,
        state=ActionState.PLANNED,
        due_at=day(10),
        useful_until=None,
        revision=1,
        attempt=0,
        order_id="order-1",
        customer_id=CUSTOMER,
        settings_version=1,
        reason=Reason.of(ReasonCode.AFTER_DELIVERY),
        created_at=PLACED,
        payload=payload or {},
    )
    return replace(bare, **changes)


def past(
    kind: ActionKind,
    key: str,
    state: ActionState = ActionState.DONE,
    *,
    at: datetime = PLACED,
    order_id: str = "order-0",
    payload: Mapping[str, Any] | None = None,
) -> PastAction:
    done_at = at if state is ActionState.DONE else None
    return PastAction(kind, key, state, order_id, at, done_at, payload or {})


def planned(decision: Decision) -> PastAction:
    """The row that the shell writes for a decision to plan."""
    assert isinstance(decision, Schedule)
    return PastAction(
        decision.kind,
        decision.dedupe_key,
        ActionState.PLANNED,
        decision.order_id,
        decision.due_at,
        None,
        decision.payload,
    )


def paid_event(order_id: str = "order-1", at: datetime = PLACED) -> OrderPaid:
    return OrderPaid(order_id=order_id, occurred_at=at)


def delivered_event(at: datetime | None = None) -> OrderDelivered:
    return OrderDelivered(order_id="order-1", occurred_at=at or day(3), key="parcel-1")
