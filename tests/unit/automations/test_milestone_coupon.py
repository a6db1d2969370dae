"""Who gets a milestone coupon, and when."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.automations.base import Baseline, CouponView, PastOrder
from app.automations.milestone_coupon import MilestoneCouponSettings
from app.domain.decisions import Decline, Defer, Schedule
from app.domain.milestones import anniversary
from app.domain.reasons import ReasonCode as Why
from tests.unit.automations.thanks import (
    CREATE,
    NOW,
    THIRD,
    creation,
    decide,
    planned_keys,
    recheck,
    skip,
    whys,
)
from tests.unit.automations.world import (
    bought,
    coupons,
    customer,
    day,
    eur,
    planned,
)

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
