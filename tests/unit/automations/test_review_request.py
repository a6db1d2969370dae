"""When customers are asked for reviews, about what, and why not."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.automations.base import Context
from app.automations.review_request import ReviewRequest, ReviewRequestSettings
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Cancel, Decision, Decline, Defer, Proceed, Schedule, Skip
from app.domain.events import OrderRefunded
from app.domain.reasons import ReasonCode as Why
from app.domain.snapshots import ConsentState, OrderSnapshot, ProductSnapshot
from tests.unit.automations.world import (
    action,
    context,
    customer,
    day,
    delivered,
    delivered_event,
    eur,
    line,
    order,
    parcel,
    past,
    refund,
)

REVIEWS = ReviewRequest()
MAIL = ActionKind.REVIEW_REQUEST_MAIL
PRODUCTS = {f"product-{n}": ProductSnapshot(f"product-{n}", f"Mug {n}", None) for n in range(1, 4)}


def decide(given: OrderSnapshot, now: float = 4, **world: Any) -> Decision | None:
    decisions = REVIEWS.decide(delivered_event(), context(day(now), order=given, **world))
    assert len(decisions) <= 1
    return decisions[0] if decisions else None


def recheck(given: OrderSnapshot | None = None, now: float = 10, **world: Any) -> Any:
    world = {"products": PRODUCTS, **world}
    return REVIEWS.recheck(action(), context(day(now), order=given, **world))


# when


@pytest.mark.parametrize(
    ("story", "given", "due", "why"),
    [
        ("the parcel arrived", delivered(on=3), 3 + 7, Why.AFTER_DELIVERY),
        (
            "the last of two parcels arrived",
            order(
                fully_fulfilled=True,
                fulfilments=(parcel(1, delivered_at=day(6)), parcel(2, delivered_at=day(3))),
            ),
            6 + 7,
            Why.AFTER_DELIVERY,
        ),
        (
            "all lines left although the store does not call the order fulfilled",
            delivered(on=3, fully_fulfilled=False),
            3 + 7,
            Why.AFTER_DELIVERY,
        ),
        (
            "one parcel arrived, the other is on its way",
            order(
                fully_fulfilled=True,
                fulfilments=(parcel(1, delivered_at=day(2)), parcel(2, created_at=day(4))),
            ),
            4 + 5 + 7,
            Why.AFTER_FULFILMENT,
        ),
        ("no carrier reports", order(fulfilments=(parcel(),)), 1 + 5 + 7, Why.AFTER_FULFILMENT),
        (
            "no carrier reports, abroad",
            order(country="CZ", fulfilments=(parcel(),)),
            1 + 10 + 7,
            Why.AFTER_FULFILMENT,
        ),
        ("no parcels, delivered as a whole", order(delivered_at=day(2)), 2 + 7, Why.AFTER_DELIVERY),
        ("no parcels, completed", order(completed_at=day(2)), 2 + 7, Why.AFTER_COMPLETION),
        ("a download, paid", order(lines=(line(ships=False),)), 0 + 7, Why.AFTER_COMPLETION),
        (
            "a withdrawn parcel does not count",
            order(completed_at=day(2), fulfilments=(parcel(cancelled=True),)),
            2 + 7,
            Why.AFTER_COMPLETION,
        ),
    ],
)
def test_the_request_is_planned(story: str, given: OrderSnapshot, due: int, why: Why) -> None:
    decision = decide(given)
    assert isinstance(decision, Schedule), story
    assert (decision.due_at, decision.reason.code) == (day(due), why)
    assert decision.dedupe_key == "review:order-1"
    assert decision.due_at < decision.useful_until


@pytest.mark.parametrize(
    "given",
    [
        order(),
        order(paid=False, paid_at=None, lines=(line(ships=False),)),
        order(paid=False, lines=(line(ships=False),)),
    ],
)
def test_nothing_is_planned_before_anything_has_arrived(given: OrderSnapshot) -> None:
    assert decide(given) is None


def test_a_plan_without_its_basis_is_withdrawn() -> None:
    waiting = past(MAIL, "review:order-1", ActionState.PLANNED, order_id="order-1")
    withdrawn = decide(order(), customer=customer(actions=(waiting,)))
    assert isinstance(withdrawn, Cancel)
    assert withdrawn.reason.code is Why.NOT_YET_DELIVERED


def test_the_reason_names_the_fact_and_the_days() -> None:
    decision = decide(order(fulfilments=(parcel(),)))
    assert isinstance(decision, Schedule)
    assert decision.reason.params == {"n": 12, "date": day(1).isoformat()}


def test_what_arrived_before_the_automation_was_switched_on_stays_quiet() -> None:
    partly_refunded = delivered(on=3, refunds=(refund(500),))
    event = OrderRefunded(order_id="order-1", occurred_at=day(6), amount=eur(5))
    world = context(day(6), order=partly_refunded, active_since=day(5))
    assert REVIEWS.decide(event, world) == []
    assert REVIEWS.decide(event, replace(world, active_since=day(2)))


# why not


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (delivered(cancelled_at=day(2)), Why.ORDER_CANCELLED),
        (delivered(trashed=True), Why.ORDER_REMOVED),
        (delivered(refunds=(refund(2000),)), Why.ORDER_REFUNDED),
        (delivered(refunds=(refund(1500, {"line-1": 1}),)), Why.ORDER_REFUNDED),
        (delivered(lines=(line(is_gift_card=True),)), Why.NOTHING_REVIEWABLE),
        (delivered(lines=(line(product_id=None),)), Why.NOTHING_REVIEWABLE),
        (delivered(test=True), Why.TEST_ORDER),
        (delivered(in_person=True), Why.IN_PERSON),
        (delivered(store_asks_review=True), Why.STORE_ASKS),
        (delivered(on=-70), Why.TOO_OLD),
    ],
)
def test_nobody_is_asked(given: OrderSnapshot, why: Why) -> None:
    decision = decide(given)
    assert isinstance(decision, Decline)
    assert decision.reason.code is why
    skipped = recheck(given)
    assert isinstance(skipped, Skip) or why is Why.TOO_OLD  # the shell ends what is too late


def test_a_closed_product_is_left_out() -> None:
    two = delivered(lines=(line(1), line(2)))
    closed = {**PRODUCTS, "product-1": replace(PRODUCTS["product-1"], reviewable=False)}
    assert asked_about(recheck(two, products=closed)) == ["product-2"]


def test_a_product_not_read_yet_is_planned_for_but_a_missing_one_is_gone_at_last() -> None:
    assert isinstance(decide(delivered(), products={}), Schedule)
    skipped = recheck(products={})
    assert isinstance(skipped, Skip)
    assert skipped.reason.code is Why.NOTHING_REVIEWABLE


def asked_about(verdict: Any) -> list[str]:
    assert isinstance(verdict, Proceed)
    assert verdict.payload is not None
    return [item["product_id"] for item in verdict.payload["items"]]


def test_only_what_was_kept_is_asked_about() -> None:
    kept = delivered(
        lines=(line(1), line(2, quantity=2), line(3)),
        refunds=(refund(2000, {"line-1": 1, "line-2": 1}),),
        total=eur(80),
    )
    assert asked_about(recheck(kept)) == ["product-2", "product-3"]


def test_two_variants_of_a_product_are_asked_about_once() -> None:
    twice = delivered(lines=(line(1), line(2, product_id="product-1")))
    assert asked_about(recheck(twice)) == ["product-1"]


def test_free_items_are_left_out_if_the_merchant_wants_it() -> None:
    with_sample = delivered(lines=(line(1), line(2, total=eur(0))))
    no_samples = ReviewRequestSettings(exclude_free_items=True)
    assert asked_about(recheck(with_sample)) == ["product-1", "product-2"]
    assert asked_about(recheck(with_sample, settings=no_samples)) == ["product-1"]


def test_what_the_customer_reviewed_already_is_left_out() -> None:
    two = delivered(lines=(line(1), line(2)))
    wrote = customer(reviewed_products=frozenset({"product-1"}))
    assert asked_about(recheck(two, customer=wrote)) == ["product-2"]
    wrote_all = customer(reviewed_products=frozenset({"product-1", "product-2"}))
    skipped = recheck(two, customer=wrote_all)
    assert isinstance(skipped, Skip)
    assert skipped.reason.code is Why.ALREADY_REVIEWED


@pytest.mark.parametrize("state", [ActionState.DONE, ActionState.UNCERTAIN])
def test_nobody_is_asked_twice_about_an_order(state: ActionState) -> None:
    asked = past(MAIL, "review:old-key", state, order_id="order-1")
    skipped = recheck(customer=customer(actions=(asked,)))
    assert isinstance(skipped, Skip)
    assert skipped.reason.code is Why.ALREADY_ASKED


def test_nobody_is_asked_about_two_orders_within_fourteen_days() -> None:
    asked = past(MAIL, "review:order-0", at=day(0))
    world = {"customer": customer(actions=(asked,))}
    skipped = recheck(now=13.9, **world)
    assert isinstance(skipped, Skip)
    assert skipped.reason.code is Why.ASKED_RECENTLY
    assert isinstance(recheck(now=14, **world), Proceed)


def test_a_parcel_that_left_meanwhile_moves_the_request() -> None:
    second = parcel(2, created_at=day(9))
    late = order(fulfilments=(parcel(delivered_at=day(3)), second))
    deferred = recheck(late)
    assert isinstance(deferred, Defer)
    assert deferred.until == day(9 + 5 + 7)
    assert deferred.reason.code is Why.AFTER_FULFILMENT


def test_the_final_list_replaces_the_planned_one_and_keeps_the_message_id() -> None:
    waiting = action(payload={"items": [], "message_id": "<1@example.com>"})
    verdict = REVIEWS.recheck(waiting, context(day(10), products=PRODUCTS))
    assert isinstance(verdict, Proceed)
    assert verdict.payload is not None
    assert verdict.payload["message_id"] == "<1@example.com>"
    assert [item["title"] for item in verdict.payload["items"]] == ["Mug 1"]


def test_giving_up_before_asking_is_refused() -> None:
    with pytest.raises(ValidationError, match="Give up after"):
        ReviewRequestSettings(days_after_delivery=30, max_age_days=30)


# laws

DAYS = st.floats(0, 30, allow_nan=False)


@st.composite
def shipped(draw: st.DrawFn) -> OrderSnapshot:
    """Orders with one to three parcels, some of which arrived."""
    parcels = []
    for number in range(1, draw(st.integers(2, 4))):
        left = draw(DAYS)
        arrived = draw(st.none() | DAYS.map(lambda way, left=left: day(left + way)))  # type: ignore[misc]
        parcels.append(parcel(number, created_at=day(left), delivered_at=arrived))
    return order(fulfilments=tuple(parcels), fully_fulfilled=draw(st.booleans()))


def due(given: OrderSnapshot, **settings: int) -> datetime:
    decision = decide(given, now=0, settings=ReviewRequestSettings(**settings))
    assert isinstance(decision, Schedule)
    return decision.due_at


@given(given=shipped(), days=st.integers(0, 50))
def test_never_before_delivery_and_the_days(given: OrderSnapshot, days: int) -> None:
    last = max((p.delivered_at or p.created_at) for p in given.fulfilments)
    assert due(given, days_after_delivery=days) >= last + timedelta(days=days)


@given(given=shipped(), fewer=st.integers(0, 50), more=st.integers(0, 50))
def test_more_days_never_mean_an_earlier_mail(given: OrderSnapshot, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))
    assert due(given, days_after_delivery=fewer) <= due(given, days_after_delivery=more)


@given(given=shipped(), later=st.floats(0, 30, allow_nan=False))
def test_a_later_arrival_never_means_an_earlier_mail(given: OrderSnapshot, later: float) -> None:
    first = given.fulfilments[0]
    if first.delivered_at is None:
        return
    moved = replace(first, delivered_at=first.delivered_at + timedelta(days=later))
    assert due(replace(given, fulfilments=(moved, *given.fulfilments[1:]))) >= due(given)


DEAD: list[dict[str, Any]] = [
    {"order": delivered(cancelled_at=day(2))},
    {"order": delivered(refunds=(refund(2000),))},
    {"order": delivered(trashed=True)},
    {"order": delivered(country="DE")},
    {"order": delivered(country=None)},
    {"customer": customer(consent=ConsentState.UNSUBSCRIBED)},
    {"customer": customer(suppressed=frozenset({"all"}))},
    {"customer": customer(suppressed=frozenset({"review_request"}))},
    {"customer": customer(erased=True)},
    {"customer": customer(has_email=False)},
]


@given(dead=st.sampled_from(DEAD), now=st.floats(0, 80, allow_nan=False))
def test_no_mail_ever_goes_where_it_must_not(dead: dict[str, Any], now: float) -> None:
    world: Context = context(day(now), products=PRODUCTS, **dead)
    assert not isinstance(REVIEWS.recheck(action(), world), Proceed)
