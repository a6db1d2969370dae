"""An order as it was on an earlier day."""

from datetime import datetime

import pytest

from app.domain.returns import ReturnState
from app.domain.rewind import rewound, state_at
from tests.unit.automations.world import day, delivered, order, parcel, refund

LATER = order(
    fully_fulfilled=True,
    fulfilments=(parcel(1, delivered_at=day(4)), parcel(2, created_at=day(6))),
    refunds=(refund(100, at=day(5)), refund(200, at=day(9))),
    completed_at=day(7),
    cancelled_at=day(8),
    delivered_at=day(8),
    paid_at=day(2),
)


def test_what_came_later_is_left_out() -> None:
    then = rewound(LATER, day(5))
    assert [(p.fulfilment_id, p.delivered_at) for p in then.fulfilments] == [("parcel-1", day(4))]
    assert [r.amount.minor for r in then.refunds] == [100]
    assert not then.fully_fulfilled
    assert (then.completed_at, then.cancelled_at, then.delivered_at) == (None, None, None)
    assert then.paid
    assert not rewound(LATER, day(1)).paid


def test_an_arrival_that_came_later_was_not_known() -> None:
    [then] = rewound(delivered(on=5), day(4)).fulfilments
    assert then.delivered_at is None


def test_nothing_changes_after_the_last_fact() -> None:
    assert rewound(LATER, day(20)) == LATER


@pytest.mark.parametrize(
    ("at", "state", "then"),
    [
        (day(1), ReturnState.REFUNDED, ReturnState.REQUESTED),
        (day(3), ReturnState.REFUNDED, ReturnState.APPROVED),
        (day(5), ReturnState.REFUNDED, ReturnState.RECEIVED),
        (day(9), ReturnState.REFUNDED, ReturnState.REFUNDED),
    ],
)
def test_where_a_return_stood(at: datetime, state: ReturnState, then: ReturnState) -> None:
    assert state_at(at, state, day(2), day(4), day(8)) is then


def test_a_return_that_ended_without_being_approved() -> None:
    declined = ReturnState.DECLINED
    assert state_at(day(3), declined, day(2), None, day(2)) is declined
    assert state_at(day(1), declined, day(2), None, day(2)) is ReturnState.REQUESTED
    assert state_at(day(3), ReturnState.RECEIVED, day(2), day(4), None) is ReturnState.APPROVED
