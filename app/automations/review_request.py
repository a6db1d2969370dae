"""Asks for reviews of what a customer bought, once it has surely arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, model_validator

from app.automations.base import Context, PastAction, SettingsModel, settings_as
from app.automations.guards import contact
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.decisions import Cancel, Decision, Decline, Defer, Proceed, Schedule, Skip, Verdict
from app.domain.events import (
    Event,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderFulfilled,
    OrderPaid,
    OrderRefunded,
    OrderRemoved,
    ReturnEnded,
)
from app.domain.parcels import is_all_delivered, last_arrival, parcels_of
from app.domain.reasons import Reason, ReasonCode
from app.domain.refunds import is_refunded_whole, last_refund_at, refunded_quantities
from app.domain.returnable import quantities_given_back
from app.domain.snapshots import Line, OrderSnapshot
from app.i18n.translator import N_

KIND = ActionKind.REVIEW_REQUEST_MAIL
_ASKED = {ActionState.DONE, ActionState.UNCERTAIN, ActionState.PERFORMING}


class ReviewRequestSettings(SettingsModel):
    """When to ask, and about what."""

    days_after_delivery: int = Field(
        7,
        ge=0,
        le=60,
        title=N_("Ask after delivery"),
        description=N_("Counted from the last parcel’s arrival."),
        json_schema_extra={"unit": N_("days")},
    )
    transit_days: int = Field(
        5,
        ge=0,
        le=60,
        title=N_("Time on the way, at home"),
        description=N_("Added to the day a parcel left, where no carrier reports its arrival."),
        json_schema_extra={"unit": N_("days")},
    )
    transit_days_abroad: int = Field(
        10,
        ge=0,
        le=90,
        title=N_("Time on the way, abroad"),
        description=N_("The same for orders that go to another country than your shop’s."),
        json_schema_extra={"unit": N_("days")},
    )
    days_after_completion: int = Field(
        7,
        ge=0,
        le=60,
        title=N_("Ask after completion"),
        description=N_("For orders without parcels, such as downloads and services."),
        json_schema_extra={"unit": N_("days")},
    )
    max_age_days: int = Field(
        60,
        ge=1,
        le=365,
        title=N_("Give up after"),
        description=N_("Later nobody is asked any more. Counted from the arrival."),
        json_schema_extra={"unit": N_("days")},
    )
    ask_again_days: int = Field(
        14,
        ge=0,
        le=180,
        title=N_("Leave a customer in peace for"),
        description=N_("A customer asked about one order is not asked about another so soon."),
        json_schema_extra={"unit": N_("days")},
    )
    exclude_free_items: bool = Field(
        default=False,
        title=N_("Leave out free items"),
        description=N_("Samples and gifts that cost nothing are not asked about."),
    )

    @model_validator(mode="after")
    def _gives_up_after_asking(self) -> "ReviewRequestSettings":
        if self.max_age_days <= max(self.days_after_delivery, self.days_after_completion):
            raise ValueError(N_("“Give up after” must be longer than the waiting times."))
        return self


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the goods are, or are thought to be, with the customer, and the fact that says so."""

    code: ReasonCode
    fact_at: datetime
    at: datetime
    days: int  # from the arrival to the mail

    @property
    def due_at(self) -> datetime:
        """When to ask."""
        return self.at + timedelta(days=self.days)

    @property
    def reason(self) -> Reason:
        """The sentence for the merchant: so many days after that fact."""
        return Reason.of(self.code, n=(self.due_at - self.fact_at).days, date=self.fact_at)


class ReviewRequest:
    """Some days after the last parcel arrived, the customer gets one mail that asks for a review
    of each item. Nobody is asked about goods that were refunded, twice, or without consent.
    """

    key: ClassVar = "review_request"
    Settings: ClassVar[type[SettingsModel]] = ReviewRequestSettings
    listens_to: ClassVar[tuple[type[Event], ...]] = (
        OrderPaid,
        OrderFulfilled,
        OrderDelivered,
        OrderCompleted,
        OrderRefunded,
        OrderCancelled,
        OrderRemoved,
        ReturnEnded,
    )
    performs: ClassVar[frozenset[ActionKind]] = frozenset({KIND})

    def decide(self, event: Event, context: Context) -> Sequence[Decision]:
        """Plan, move or withdraw the one request of the order, from its whole picture."""
        settings = settings_as(context, ReviewRequestSettings)
        order, key = context.order, f"review:{event.order_id}"
        if refusal := _refusal(context):
            return [Decline(KIND, key, refusal, order.order_id)]
        arrival = _arrival(context, settings)
        planned = _own_row(key, context)
        if arrival is None:
            return [Cancel(key, Reason.of(ReasonCode.NOT_YET_DELIVERED))] if planned else []
        if not planned and context.active_since and arrival.fact_at < context.active_since:
            return []  # a late refund of goods that arrived before we were switched on
        items = list(_items(context, settings, unseen_is_gone=False))
        if missing := _nothing_to_ask(items, context):
            return [Decline(KIND, key, missing, order.order_id)]
        useful_until = arrival.at + timedelta(days=settings.max_age_days)
        if useful_until <= context.now:
            too_old = Reason.of(ReasonCode.TOO_OLD, date=arrival.at, n=settings.max_age_days)
            return [Decline(KIND, key, too_old, order.order_id)]
        return [
            Schedule(
                kind=KIND,
                dedupe_key=key,
                due_at=arrival.due_at,
                useful_until=useful_until,
                reason=arrival.reason,
                order_id=order.order_id,
                payload={"items": items},
            )
        ]

    def recheck(self, action: Action, context: Context) -> Verdict:
        """Everything once more, and what only now can be known: who was asked or wrote already."""
        settings = settings_as(context, ReviewRequestSettings)
        if refusal := _refusal(context) or _asked_before(action, context, settings):
            return Skip(refusal)
        arrival = _arrival(context, settings)
        if arrival is None:
            return Skip(Reason.of(ReasonCode.NOT_YET_DELIVERED))
        if arrival.due_at > context.now:  # another parcel left or arrived meanwhile
            return Defer(arrival.due_at, arrival.reason)
        items = list(_items(context, settings, unseen_is_gone=True))
        if missing := _nothing_to_ask(items, context):
            return Skip(missing)
        open_items = [i for i in items if i["product_id"] not in context.customer.reviewed_products]
        if not open_items:
            return Skip(Reason.of(ReasonCode.ALREADY_REVIEWED))
        verdict = contact(action, context)
        if isinstance(verdict, Proceed):
            return Proceed({**action.payload, "items": open_items})
        return verdict


def _refusal(context: Context) -> Reason | None:
    """What rules out asking, whenever that would be."""
    order = context.order
    if order.cancelled_at:
        return Reason.of(ReasonCode.ORDER_CANCELLED, date=order.cancelled_at)
    if order.trashed:
        return Reason.of(ReasonCode.ORDER_REMOVED)
    if is_refunded_whole(order):
        return _refunded(order)
    if order.test:
        return Reason.of(ReasonCode.TEST_ORDER)
    if order.in_person:
        return Reason.of(ReasonCode.IN_PERSON)
    if order.store_asks_review:
        return Reason.of(ReasonCode.STORE_ASKS)
    return None


def _refunded(order: OrderSnapshot) -> Reason:
    when = last_refund_at(order)
    return Reason.of(ReasonCode.ORDER_REFUNDED, **({"date": when} if when else {}))


def _own_row(key: str, context: Context) -> PastAction | None:
    """The order's request, while it waits."""
    rows = (a for a in context.customer.actions if a.dedupe_key == key and a.state in WAITING)
    return next(rows, None)


def _asked_before(
    action: Action, context: Context, settings: ReviewRequestSettings
) -> Reason | None:
    asked = [
        past
        for past in context.customer.actions
        if past.kind is KIND and past.dedupe_key != action.dedupe_key and past.state in _ASKED
    ]
    if any(past.order_id == context.order.order_id for past in asked):
        return Reason.of(ReasonCode.ALREADY_ASKED)
    last = max((past.done_at or past.due_at for past in asked), default=None)
    if last and last + timedelta(days=settings.ask_again_days) > context.now:
        return Reason.of(ReasonCode.ASKED_RECENTLY, date=last, n=settings.ask_again_days)
    return None


# when


def _arrival(context: Context, settings: ReviewRequestSettings) -> Arrival | None:
    """The best known basis: delivery, else the parcels' departure, else completion."""
    order, last_seen = context.order, last_arrival(context.order)
    if last_seen and is_all_delivered(order):
        days = settings.days_after_delivery
        return Arrival(ReasonCode.AFTER_DELIVERY, last_seen, last_seen, days)
    if parcels := parcels_of(order):
        left = max(parcel.created_at for parcel in parcels)
        expected = left + timedelta(days=_transit_days(context, settings))
        at = max(expected, last_seen or expected)
        return Arrival(ReasonCode.AFTER_FULFILMENT, left, at, settings.days_after_delivery)
    done = order.completed_at or _digital_since(order)
    if done:
        days = settings.days_after_completion
        return Arrival(ReasonCode.AFTER_COMPLETION, done, done, days)
    return None


def _transit_days(context: Context, settings: ReviewRequestSettings) -> int:
    there, here = context.order.country, context.shop.country
    abroad = there is not None and here is not None and there != here
    return settings.transit_days_abroad if abroad else settings.transit_days


def _digital_since(order: OrderSnapshot) -> datetime | None:
    """Goods that are not sent are with the customer once they are paid."""
    ships = any(line.ships for line in order.lines)
    return order.paid_at if order.paid and not ships else None


# about what


def _items(
    context: Context, settings: ReviewRequestSettings, *, unseen_is_gone: bool
) -> Iterator[dict[str, Any]]:
    """The items to ask about, one per product; ids and titles only, no personal data.

    A product that we have not read yet may still turn out to be reviewable. Right before the
    mail all products have been read, and one that is missing then is gone.
    """
    back = quantities_given_back(context.order, context.returns)
    listed = set()
    for line in context.order.lines:
        if line.product_id is None or line.product_id in listed:
            continue
        kept = line.quantity - back.get(line.line_id, 0)
        if kept <= 0 or line.is_gift_card or (settings.exclude_free_items and not line.total.minor):
            continue
        product = context.products.get(line.product_id)
        if product.reviewable if product else not unseen_is_gone:
            listed.add(line.product_id)
            yield _item(line)


def _item(line: Line) -> dict[str, Any]:
    return {
        "line_id": line.line_id,
        "product_id": line.product_id,
        "title": line.title,
        "variant": line.variant_title,
        "image": line.image_url,
    }


def _nothing_to_ask(items: list[dict[str, Any]], context: Context) -> Reason | None:
    if items:
        return None
    order = context.order
    refunded = refunded_quantities(order)
    back = quantities_given_back(order, context.returns)
    if order.lines and all(back.get(line.line_id, 0) >= line.quantity for line in order.lines):
        return _refunded(order) if refunded else Reason.of(ReasonCode.SENT_BACK)
    return Reason.of(ReasonCode.NOTHING_REVIEWABLE)
