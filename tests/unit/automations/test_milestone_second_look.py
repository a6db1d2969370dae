"""What becomes of a milestone coupon: made, mailed, lost, made void."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.automations.base import Baseline, PastOrder
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Cancel, Decision, Decline, Defer, Proceed, Schedule
from app.domain.events import OrderRefunded
from app.domain.reasons import ReasonCode as Why
from tests.unit.automations.thanks import (
    COUPONS,
    CREATE,
    ISSUED,
    MAIL,
    NOW,
    THIRD,
    VOID,
    creation,
    decide,
    recheck,
    skip,
)
from tests.unit.automations.world import (
    context,
    coupons,
    customer,
    day,
    eur,
    order,
    past,
    planned,
)

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


def test_a_used_coupon_says_why_it_stays() -> None:
    [decision] = lose(coupons=(replace(ISSUED, state="used"),))
    assert isinstance(decision, Decline)
    assert decision.reason.code is Why.COUPON_USED


@pytest.mark.parametrize("state", ["voided", "expired", "planned"])
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
