"""Who gets a coupon, once, and what becomes of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.automations.base import Baseline, CouponView, PastOrder
from app.automations.milestone_coupon import MilestoneCoupon, MilestoneCouponSettings
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.decisions import Cancel, Decision, Decline, Defer, Proceed, Schedule, Skip
from app.domain.events import OrderRefunded
from app.domain.milestones import anniversary
from app.domain.reasons import ReasonCode as Why
from tests.unit.automations.world import (
    action,
    bought,
    context,
    coupons,
    customer,
    day,
    eur,
    order,
    paid_event,
    past,
    planned,
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


# earning


def test_the_third_paid_order_brings_a_coupon_at_once() -> None:
    [decision] = decide()
    assert isinstance(decision, Schedule)
    assert decision.kind is CREATE
    assert decision.dedupe_key == "coupon:5:orders:3"
    assert decision.due_at == day(NOW)
    assert decision.useful_until == day(NOW + 14)
    assert (decision.reason.code, decision.reason.params) == (Why.MILESTONE_ORDERS, {"n": 3})


def test_the_terms_are_those_of_the_settings() -> None:
    settings = coupons(
        nth_orders="3", reward_kind="amount", amount=5, minimum_order=30, valid_days=10
    )
    [decision] = decide(settings=settings)
    assert isinstance(decision, Schedule)
    assert decision.payload == {
        "kind": "amount",
        "minor": 500,
        "currency": "EUR",
        "minimum_minor": 3000,
        "valid_days": 10,
        "expires_at": "2026-11-15T22:59:59+00:00",  # the end of 15 November in Bratislava
        "exclude_sale_items": False,
        "code_prefix": "THANKS",
        "milestone_key": "orders:3",
        "n": 3,
        "provisional": False,
    }


@pytest.mark.parametrize(
    ("story", "orders"),
    [
        ("the second order", THIRD[:2]),
        ("the fourth order", (*THIRD, bought(4))),
        ("one was cancelled", (THIRD[0], replace(THIRD[1], cancelled=True), THIRD[2])),
        ("one was refunded", (THIRD[0], replace(THIRD[1], fully_refunded=True), THIRD[2])),
        ("one is a test", (THIRD[0], replace(THIRD[1], test=True), THIRD[2])),
        ("one is not paid", (THIRD[0], replace(THIRD[1], paid_at=None), THIRD[2])),
    ],
)
def test_no_other_number_brings_one(story: str, orders: tuple[PastOrder, ...]) -> None:
    assert decide(orders=orders) == [], story


def test_orders_from_before_the_connection_count_once() -> None:
    baseline = Baseline(orders=2, spent=eur(40), as_of=day(2.5), first_order_at=day(1))
    # the two recorded before the baseline was taken are the two in it
    assert planned_keys(decide(customer=customer(orders=THIRD, baseline=baseline)))
    # and nothing but the baseline is known of them
    assert planned_keys(decide(customer=customer(orders=THIRD[2:], baseline=baseline)))
    many = replace(baseline, orders=7)
    assert decide(customer=customer(orders=THIRD[2:], baseline=many)) == []


def test_spending_counts_what_was_kept() -> None:
    settings = coupons(nth_orders="", spend_levels="100, 200")
    orders = (bought(1, amount=90), bought(2, amount=60, refunded=eur(55)))
    assert decide(orders=orders, settings=settings) == []
    orders = (bought(1, amount=90), bought(2, amount=60, refunded=eur(50)))
    [decision] = decide(orders=orders, settings=settings)
    assert decision.dedupe_key == "coupon:5:spend:EUR:10000"
    assert decision.reason.params == {"amount": {"minor": 10000, "currency": "EUR"}}


def test_one_moment_brings_one_coupon() -> None:
    settings = coupons(nth_orders=[3], spend_levels=[50, 60])
    decisions = decide(settings=settings)
    assert planned_keys(decisions) == ["coupon:5:orders:3"]
    declined = [(d.dedupe_key, d.reason.code) for d in decisions if isinstance(d, Decline)]
    assert declined == [
        ("coupon:5:spend:EUR:6000", Why.MILESTONE_TOGETHER),
        ("coupon:5:spend:EUR:5000", Why.MILESTONE_TOGETHER),
    ]


@pytest.mark.parametrize("state", ["issued", "used", "voided", "expired"])
def test_a_milestone_is_rewarded_once(state: str) -> None:
    taken = CouponView("orders:3", "THANKS-0", state, "order-0")
    assert whys(decide(coupons=(taken,))) == [Why.MILESTONE_TAKEN]


def test_deciding_again_changes_nothing() -> None:
    [first] = decide()
    waiting = customer(orders=THIRD, actions=(planned(first),))
    assert decide(customer=waiting, at=NOW + 1) == [first]


def test_what_was_paid_before_the_automation_was_on_brings_nothing() -> None:
    assert decide(active_since=day(3.5)) == []
    assert planned_keys(decide(active_since=day(2.5)))


@given(
    arrival=st.permutations(range(1, 7)),
    times=st.permutations(range(1, 7)),
    again=st.lists(st.integers(1, 6), max_size=4),
)
def test_each_milestone_is_planned_once_whatever_comes_first(
    arrival: list[int], times: list[int], again: list[int]
) -> None:
    settings = coupons(nth_orders=[2, 5])
    rows: dict[str, str] = {}
    known: dict[int, PastOrder] = {}
    for number in [*arrival, *again]:
        known[number] = bought(number, paid=times[number - 1])
        decisions = decide(
            orders=tuple(known.values()),
            order_id=f"order-{number}",
            at=20,
            settings=settings,
            coupons=tuple(CouponView(k, k, "issued", o) for k, o in rows.items()),
        )
        for key in planned_keys(decisions):
            milestone = key.removeprefix("coupon:5:")
            assert rows.setdefault(milestone, f"order-{number}") == f"order-{number}"
    assert rows.keys() == {"orders:2", "orders:5"}


# anniversaries

YEARLY = coupons(nth_orders=[], anniversaries=True)


def test_the_next_anniversary_is_planned_in_the_morning_of_its_day() -> None:
    [decision] = decide(settings=YEARLY)
    assert decision.dedupe_key == "coupon:5:anniversary:1"
    assert isinstance(decision, Schedule)
    assert decision.due_at == datetime(2027, 11, 3, 9, tzinfo=UTC)  # 10:00 in Bratislava
    assert decision.reason.params == {"n": 1, "date": day(1).isoformat()}


def test_a_customer_of_many_years_gets_the_next_one() -> None:
    baseline = Baseline(9, eur(400), day(0), datetime(2020, 2, 29, 12, tzinfo=UTC))
    [decision] = decide(settings=YEARLY, customer=customer(orders=THIRD, baseline=baseline))
    assert decision.dedupe_key == "coupon:5:anniversary:7"


def test_a_leap_day_is_kept_on_the_28th() -> None:
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    zone = ZoneInfo("Europe/Bratislava")
    days = [anniversary(leap, n, zone).date().isoformat() for n in (1, 4)]
    assert days == ["2025-02-28", "2028-02-29"]


def test_an_anniversary_moves_when_the_first_order_is_refunded() -> None:
    refunded = (replace(THIRD[0], fully_refunded=True), *THIRD[1:])
    verdict = recheck(creation("anniversary:1"), refunded, at=1 + 365)
    assert isinstance(verdict, Defer)
    assert verdict.until == datetime(2027, 11, 4, 9, tzinfo=UTC)


def test_an_anniversary_that_older_orders_turn_out_to_have_passed_is_skipped() -> None:
    baseline = Baseline(9, eur(400), day(0), day(-1000))
    person = customer(orders=THIRD, baseline=baseline)
    assert skip(recheck(creation("anniversary:1"), at=366, customer=person)) is Why.MILESTONE_PASSED


# losing


def lose(**world: Any) -> list[Decision]:
    lost = (*THIRD[:2], replace(THIRD[2], fully_refunded=True, refunded=eur(20)))
    event = OrderRefunded(order_id="order-3", occurred_at=day(4), amount=eur(20))
    actions = world.pop("actions", ())
    person = customer(orders=lost, actions=actions)
    return decide(customer=person, order_id="order-3", event=event, at=4, **world)


def test_a_refund_before_use_makes_the_coupon_void() -> None:
    [decision] = lose(coupons=(ISSUED,))
    assert isinstance(decision, Schedule)
    assert (decision.kind, decision.dedupe_key) == (VOID, "coupon-void:THANKS-1")
    assert (decision.due_at, decision.payload) == (day(4), {"code": "THANKS-1"})
    assert decision.reason.code is Why.MILESTONE_LOST


@pytest.mark.parametrize("state", ["used", "voided", "expired", "planned"])
def test_only_a_coupon_that_can_be_used_is_made_void(state: str) -> None:
    assert lose(coupons=(replace(ISSUED, state=state),)) == []


def test_another_orders_coupon_stays() -> None:
    assert lose(coupons=(replace(ISSUED, order_id="order-1"),)) == []


@pytest.mark.parametrize("kind", [CREATE, MAIL])
def test_a_coupon_still_to_come_is_withdrawn(kind: ActionKind) -> None:
    row = past(kind, "key", ActionState.DEFERRED, order_id="order-3", payload=creation().payload)
    [decision] = lose(actions=(row,))
    assert isinstance(decision, Decline)
    assert (decision.kind, decision.reason.code) == (kind, Why.MILESTONE_LOST)
    [decision] = lose(actions=(replace(row, state=ActionState.PERFORMING),))
    assert isinstance(decision, Cancel)


def test_an_anniversary_survives_the_refund_of_one_order() -> None:
    issued = replace(ISSUED, milestone_key="anniversary:1")
    assert lose(coupons=(issued,)) == []


def test_a_level_that_is_no_longer_rewarded_is_withdrawn() -> None:
    waiting = customer(orders=THIRD, actions=(planned(decide()[0]),))
    [decision] = decide(customer=waiting, settings=coupons(nth_orders=[5]))
    assert isinstance(decision, Cancel)
    assert decision.reason.code is Why.SETTINGS_CHANGED


# second look


def skip(verdict: Any) -> Why:
    assert isinstance(verdict, Skip)
    return verdict.reason.code


def test_the_coupon_is_made_and_valid_from_that_day() -> None:
    verdict = recheck(creation())
    assert isinstance(verdict, Proceed)
    assert verdict.payload is not None
    assert verdict.payload["expires_at"] == "2027-01-04T22:59:59+00:00"
    assert verdict.payload["code"] == "THANKS-1"
    # a second try keeps the terms with which the first may have made it
    assert recheck(creation(attempt=1)) == Proceed()


def test_while_the_history_is_read_the_coupon_waits() -> None:
    verdict = recheck(creation(), shop={"history_complete": False})
    assert isinstance(verdict, Defer)
    assert verdict.until == day(NOW) + timedelta(hours=1)
    assert verdict.reason.code is Why.HISTORY_INCOMPLETE


def test_a_milestone_that_the_history_shows_as_passed_is_not_rewarded() -> None:
    [decision] = decide(shop={"history_complete": False})
    assert isinstance(decision, Schedule)
    guessed = creation()
    guessed = replace(guessed, payload={**guessed.payload, **decision.payload})
    assert isinstance(recheck(guessed), Proceed)
    baseline = Baseline(orders=9, spent=eur(400), as_of=day(0.5), first_order_at=day(-300))
    person = customer(orders=THIRD, baseline=baseline)
    assert skip(recheck(guessed, customer=person)) is Why.MILESTONE_PASSED


@pytest.mark.parametrize(
    ("story", "orders"),
    [
        ("the order itself", (*THIRD[:2], replace(THIRD[2], fully_refunded=True))),
        ("another one", (THIRD[0], replace(THIRD[1], cancelled=True), THIRD[2])),
    ],
)
@pytest.mark.parametrize("kind", [CREATE, MAIL])
def test_nothing_is_given_when_an_order_was_lost_meanwhile(
    story: str, orders: tuple[PastOrder, ...], kind: ActionKind
) -> None:
    what = replace(creation(), kind=kind)
    assert skip(recheck(what, orders, coupons=(ISSUED,))) is Why.MILESTONE_LOST, story


def test_no_coupon_is_made_that_nobody_may_hear_of() -> None:
    refuses = customer(orders=THIRD, suppressed=frozenset({"coupon"}))
    assert skip(recheck(creation(), customer=refuses)) is Why.UNSUBSCRIBED
    german = context(day(NOW), coupons(), order=order(order_id="order-3", country="DE"))
    german = replace(german, customer=customer(orders=THIRD))
    assert skip(COUPONS.recheck(creation(), german)) is Why.NO_CONSENT


def test_another_order_was_faster() -> None:
    taken = replace(ISSUED, order_id="order-0")
    assert skip(recheck(creation(), coupons=(taken,))) is Why.MILESTONE_TAKEN
    own = replace(ISSUED, state="planned")
    assert isinstance(recheck(creation(), coupons=(own,)), Proceed)


@pytest.mark.parametrize(
    ("state", "why"),
    [("issued", None), ("used", Why.COUPON_USED), ("voided", Why.MILESTONE_LOST)],
)
def test_the_mail_goes_out_while_the_coupon_is_good(state: str, why: Why | None) -> None:
    mail = replace(creation(), kind=MAIL)
    verdict = recheck(mail, coupons=(replace(ISSUED, state=state),))
    assert isinstance(verdict, Proceed) if why is None else skip(verdict) is why


def test_a_mail_at_night_waits() -> None:
    mail = replace(creation(), kind=MAIL)
    verdict = recheck(mail, coupons=(ISSUED,), at=NOW + 0.5)
    assert isinstance(verdict, Defer)
    assert verdict.reason.code is Why.QUIET_HOURS


def test_a_used_coupon_cannot_be_made_void() -> None:
    void = replace(creation(), kind=VOID)
    assert isinstance(recheck(void, coupons=(ISSUED,)), Proceed)
    assert skip(recheck(void, coupons=(replace(ISSUED, state="used"),))) is Why.COUPON_USED


# settings


def test_levels_are_read_as_people_write_them() -> None:
    assert coupons(nth_orders=" 10, 3,5;3 ").nth_orders == (3, 5, 10)
    assert coupons(nth_orders="").nth_orders == ()
    stored = coupons(nth_orders="3, 5").model_dump(mode="json")
    assert MilestoneCouponSettings.model_validate(stored).nth_orders == (3, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"nth_orders": "3 or 5"},
        {"nth_orders": "0"},
        {"percent": 0},
        {"percent": 101},
        {"amount": 0},
        {"valid_days": 6},
        {"code_prefix": "thänks"},
        {"code_prefix": "A" * 13},
    ],
)
def test_settings_that_no_store_could_honour_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        coupons(**wrong)
