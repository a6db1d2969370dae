"""How much can still come back, and what it is worth."""

from dataclasses import replace

import pytest

from app.domain.returnable import paid_back, quantities_left, value_of
from app.domain.returns import PastReturn, ReturnItem, ReturnReason, ReturnState
from app.domain.snapshots import RefundSnapshot
from tests.unit.automations.returned import past
from tests.unit.automations.world import day, eur, line, order, refund

THREE = order(lines=(line(1, quantity=3), line(2)))


def back(state: ReturnState, quantity: int = 1, order_id: str = "order-1"):
    item = ReturnItem("line-1", quantity, ReturnReason.UNWANTED)
    return past(2, order_id=order_id, state=state, items=(item,))


@pytest.mark.parametrize(
    ("state", "left"),
    [
        (ReturnState.REQUESTED, 2),
        (ReturnState.HELD, 2),
        (ReturnState.APPROVED, 2),
        (ReturnState.RECEIVED, 2),
        (ReturnState.REFUNDED, 2),
        (ReturnState.CLOSED, 2),
        (ReturnState.DECLINED, 3),
        (ReturnState.CANCELLED, 3),
    ],
)
def test_a_piece_is_claimed_by_every_return_that_did_not_come_to_naught(
    state: ReturnState, left: int
) -> None:
    assert quantities_left(THREE, [back(state)]) == {"line-1": left, "line-2": 1}


def test_a_return_of_another_order_claims_nothing() -> None:
    assert quantities_left(THREE, [back(ReturnState.APPROVED, order_id="order-2")])["line-1"] == 3


def test_a_refund_and_the_return_that_it_settles_count_once() -> None:
    refunded = order(lines=THREE.lines, refunds=(refund(100, {"line-1": 1}, day(3)),))
    assert quantities_left(refunded, [back(ReturnState.REFUNDED)])["line-1"] == 2
    assert quantities_left(refunded, [back(ReturnState.APPROVED)])["line-1"] == 1


def test_there_is_never_less_than_nothing() -> None:
    refunded = order(lines=THREE.lines, refunds=(refund(100, {"line-1": 9}, day(3)),))
    assert quantities_left(refunded, [back(ReturnState.HELD, 2)])["line-1"] == 0


@pytest.mark.parametrize(("quantity", "minor"), [(1, 333), (2, 667), (3, 1000)])
def test_the_value_of_some_is_their_share_rounded(quantity: int, minor: int) -> None:
    assert value_of(line(quantity=3, total=eur(10)), quantity).minor == minor


def test_a_refund_ends_one_return_for_each_piece_and_none_that_was_asked_for_later() -> None:
    """Asked for on the second day; refunded before, then a piece at a time."""
    shipped = order(lines=(line(1, quantity=4),), refunds=())
    first, second = back(ReturnState.HELD), replace(back(ReturnState.APPROVED), name="RMA-9")

    def paid(*refunds: RefundSnapshot, returns: tuple[PastReturn, ...] = (first, second)):
        return paid_back(replace(shipped, refunds=refunds), returns)

    before = refund(100, {"line-1": 1}, day(1))
    assert paid(before) == frozenset()
    assert paid(before, refund(100, {}, day(3))) == frozenset()
    once = refund(100, {"line-1": 1}, day(3))
    assert paid(before, once) == {second.name}  # what is approved before what is not decided
    ended = replace(second, state=ReturnState.REFUNDED)
    assert paid(before, once, returns=(first, ended)) == frozenset()
    assert paid(once, refund(100, {"line-1": 1}, day(4))) == {first.name, second.name}
    whole = replace(first, items=(ReturnItem("line-1", 2, ReturnReason.UNWANTED),))
    assert paid(once, returns=(whole,)) == frozenset()
    assert paid(once, returns=(replace(first, order_id="order-2"),)) == frozenset()
