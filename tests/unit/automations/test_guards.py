"""May the shop write to this customer, and when: the same answer for all automations."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.automations.base import ContactPolicy, PastMessage
from app.automations.guards import contact, may_hear, next_allowed
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Defer, Proceed, Skip, Verdict
from app.domain.reasons import ReasonCode as Why
from app.domain.returns import PastReturn, ReturnKind, ReturnState
from app.domain.snapshots import ConsentState
from tests.unit.automations.world import (
    action,
    bought,
    context,
    customer,
    day,
    delivered,
    past,
)

REVIEW, COUPON = ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_MAIL
MONDAY_TEN = day(14)  # in Bratislava


def ask(now: datetime = MONDAY_TEN, kind: ActionKind = REVIEW, **world: Any) -> Verdict:
    return contact(action(kind), context(now, **world))


def why(verdict: Verdict) -> Why | None:
    return None if isinstance(verdict, Proceed) else verdict.reason.code


def sent(*days: float) -> tuple[PastMessage, ...]:
    return tuple(PastMessage(REVIEW, day(d)) for d in days)


# whom


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"erased": True, "has_email": False}, Why.CUSTOMER_ERASED),
        ({"has_email": False}, Why.NO_ADDRESS),
        ({"suppressed": frozenset({"address_refused"})}, Why.ADDRESS_REFUSED),
        ({"suppressed": frozenset({"all"})}, Why.UNSUBSCRIBED),
        ({"suppressed": frozenset({"review_request"})}, Why.UNSUBSCRIBED),
        ({"consent": ConsentState.UNSUBSCRIBED}, Why.UNSUBSCRIBED),
        ({"suppressed": frozenset({"coupon"})}, None),
        ({}, None),
    ],
)
def test_who_does_not_hear_from_the_shop(person: dict[str, Any], reason: Why | None) -> None:
    assert why(ask(customer=customer(**person))) is reason


@pytest.mark.parametrize("consent", [ConsentState.UNKNOWN, ConsentState.PENDING])
@pytest.mark.parametrize(
    ("country", "reason"),
    [
        ("SK", None),
        ("fr", None),
        ("DE", Why.NO_CONSENT),
        ("TR", Why.NO_CONSENT),
        ("AT", Why.NO_CONSENT),
        ("BR", Why.NO_CONSENT),  # not listed
        (None, Why.NO_CONSENT),
    ],
)
def test_without_recorded_consent_the_country_decides(
    consent: ConsentState, country: str | None, reason: Why | None
) -> None:
    verdict = ask(order=delivered(country=country), customer=customer(consent=consent))
    assert why(verdict) is reason


def test_recorded_consent_is_enough_everywhere() -> None:
    agreed = customer(consent=ConsentState.SUBSCRIBED, orders=())
    for country in ("DE", "TR", None):
        assert why(ask(order=delivered(country=country), customer=agreed)) is None


def test_the_merchant_can_ask_for_recorded_consent_everywhere() -> None:
    assert why(ask(policy=ContactPolicy(soft_opt_in=False))) is Why.NO_CONSENT_WANTED


def test_a_purchase_is_needed_and_in_ireland_a_recent_one() -> None:
    never = customer(orders=(bought(1, cancelled=True), bought(2, test=True)))
    assert why(ask(customer=never)) is Why.NO_CONSENT
    irish = delivered(country="IE")
    noon = day(365) + timedelta(hours=3)
    assert why(ask(day(364), order=irish)) is None
    assert why(ask(noon, order=irish)) is Why.NO_CONSENT
    assert why(ask(noon)) is None


def test_an_open_return_of_the_order_delays_requests_and_coupons() -> None:
    back = PastReturn(
        "RMA-1004", "order-1", ReturnKind.RETURN, ReturnState.APPROVED, requested_at=day(4)
    )
    for kind in (ActionKind.REVIEW_REQUEST_MAIL, COUPON):
        verdict = ask(kind=kind, returns=(back,))
        assert isinstance(verdict, Defer)
        assert verdict.until == MONDAY_TEN + timedelta(days=1)
        assert verdict.reason.params == {"name": "RMA-1004"}
    assert why(ask(returns=(replace(back, state=ReturnState.REFUNDED),))) is None
    assert why(ask(returns=(replace(back, order_id="order-2"),))) is None


def test_a_withdrawal_told_to_the_store_delays_as_an_open_return_does() -> None:
    marked = delivered(withdrawal_requested=True)
    assert why(ask(kind=COUPON, order=marked)) is Why.WITHDRAWAL_OPEN
    ended = PastReturn(
        "RMA-1005", "order-1", ReturnKind.WITHDRAWAL, ReturnState.CLOSED, requested_at=day(4)
    )
    assert why(ask(kind=COUPON, order=marked, returns=(ended,))) is None


def test_a_coupon_may_be_made_at_night_but_not_for_somebody_who_refuses_it() -> None:
    night = context(MONDAY_TEN + timedelta(hours=13))
    assert may_hear(ActionKind.COUPON_CREATE, night) is None
    refuses = context(MONDAY_TEN, customer=customer(suppressed=frozenset({"coupon"})))
    assert isinstance(may_hear(ActionKind.COUPON_CREATE, refuses), Skip)


# when


@pytest.mark.parametrize(
    ("story", "country", "now", "until"),
    [
        ("late in the evening", "SK", "2026-11-16T21:00+01:00", "2026-11-17T08:00+01:00"),
        ("before the morning", "SK", "2026-11-16T07:59+01:00", "2026-11-16T08:00+01:00"),
        (
            "Istanbul is two hours ahead",
            "TR",
            "2026-11-16T19:30+01:00",
            "2026-11-17T06:00+01:00",
        ),
        ("the clocks go forward", "SK", "2027-03-27T23:00+01:00", "2027-03-28T08:00+02:00"),
        ("the clocks go back", "SK", "2026-10-24T23:00+02:00", "2026-10-25T08:00+01:00"),
        ("a French Sunday", "FR", "2026-11-15T12:00+01:00", "2026-11-16T08:00+01:00"),
        ("14 July in France", "FR", "2027-07-14T12:00+02:00", "2027-07-15T08:00+02:00"),
        ("Saturday night in France", "FR", "2026-11-14T22:00+01:00", "2026-11-16T08:00+01:00"),
    ],
)
def test_mail_waits_for_a_decent_hour(story: str, country: str, now: str, until: str) -> None:
    agreed = customer(consent=ConsentState.SUBSCRIBED)
    moment = datetime.fromisoformat(now).astimezone(UTC)
    verdict = ask(moment, order=delivered(country=country), customer=agreed)
    assert isinstance(verdict, Defer), story
    assert verdict.until == datetime.fromisoformat(until)
    assert verdict.until.utcoffset() == timedelta()


def test_the_shops_clock_is_used_where_a_country_has_several() -> None:
    in_the_us = delivered(country="US")
    six = datetime.fromisoformat("2026-11-16T18:00+01:00").astimezone(UTC)
    assert why(ask(six, order=in_the_us)) is None
    assert why(ask(six, order=in_the_us, shop={"timezone": "Asia/Tokyo"})) is Why.QUIET_HOURS


ZONES = [
    "Europe/Bratislava",
    "Europe/Istanbul",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Apia",
]


@given(
    begin=st.integers(0, 23),
    end=st.integers(0, 23),
    zone=st.sampled_from(ZONES),
    moment=st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: day(minutes / (24 * 60))),
    country=st.sampled_from(["SK", "FR", None]),
)
def test_waiting_ends_outside_quiet_hours_and_is_never_in_the_past(
    begin: int, end: int, zone: str, moment: datetime, country: str | None
) -> None:
    policy = ContactPolicy(quiet_from_hour=begin, quiet_until_hour=end)
    clock = ZoneInfo(zone)
    then = next_allowed(moment, clock, policy, country)
    hour = then.astimezone(clock).hour
    quiet = begin <= hour < end if begin <= end else hour >= begin or hour < end
    assert not quiet
    assert then >= moment
    assert then - moment < timedelta(days=4)  # days of rest in France come in threes at most
    assert next_allowed(then, clock, policy, country) == then
    if country == "FR":
        assert then.astimezone(clock).weekday() != 6


# how often


def test_the_third_message_in_a_week_waits_until_the_first_is_a_week_old() -> None:
    verdict = ask(customer=customer(messages=sent(9, 12)))
    assert isinstance(verdict, Defer)
    assert verdict.until == day(16)
    assert verdict.reason.code is Why.BUDGET_USED
    assert verdict.reason.params == {"n": 2, "days": 7}


def test_older_messages_do_not_count() -> None:
    assert why(ask(customer=customer(messages=sent(0, 3, 7, 12)))) is None


def test_when_the_budget_frees_at_night_the_mail_waits_for_the_morning() -> None:
    at_night = day(9) + timedelta(hours=13)  # 23:00
    messages = (PastMessage(REVIEW, at_night), *sent(12))
    verdict = ask(customer=customer(messages=messages))
    assert isinstance(verdict, Defer)
    assert verdict.until == day(17) - timedelta(hours=2)


@pytest.mark.parametrize("kind", [COUPON, ActionKind.COUPON_CREATE])
def test_a_request_leaves_the_last_place_to_a_planned_coupon(kind: ActionKind) -> None:
    coupon = past(kind, "coupon:5:orders:3", ActionState.PLANNED, at=day(16))
    busy = customer(messages=sent(12), actions=(coupon,))
    verdict = ask(customer=busy)
    assert isinstance(verdict, Defer)
    assert verdict.reason.code is Why.HIGHER_RANK
    assert verdict.until == day(19)  # a week after the message of day 12
    # room for both
    assert why(ask(customer=replace(busy, messages=()))) is None
    # the coupon itself yields to nobody, nor does a request to one that waits for the merchant
    assert why(ask(kind=COUPON, customer=busy)) is None
    stuck = replace(coupon, state=ActionState.BLOCKED)
    assert why(ask(customer=replace(busy, actions=(stuck,)))) is None


@given(
    budget=st.integers(1, 4),
    days=st.integers(1, 10),
    wishes=st.lists(
        st.tuples(st.floats(0, 40, allow_nan=False), st.sampled_from([REVIEW, COUPON])), max_size=12
    ),
)
def test_no_sequence_of_wishes_exceeds_the_budget(
    budget: int, days: int, wishes: list[tuple[float, ActionKind]]
) -> None:
    policy = ContactPolicy(budget_messages=budget, budget_days=days)
    went: list[datetime] = []
    queue = [(day(at), kind) for at, kind in wishes]
    for _ in range(300):
        if not queue:
            break
        queue.sort(key=lambda wish: wish[0])
        now, kind = queue.pop(0)
        waiting = tuple(
            past(k, f"{k}:{n}", ActionState.PLANNED, at=at) for n, (at, k) in enumerate(queue)
        )
        told = tuple(PastMessage(kind, at) for at in went)
        person = customer(messages=told, actions=waiting)
        verdict = ask(now, kind=kind, customer=person, policy=policy)
        if isinstance(verdict, Proceed):
            went.append(now)
        else:
            assert isinstance(verdict, Defer)
            assert verdict.until > now
            queue.append((verdict.until, kind))
    assert not queue, "every message goes out in the end: deferred, not dropped"
    for at in went:
        window = [other for other in went if at - timedelta(days=days) < other <= at]
        assert len(window) <= budget
