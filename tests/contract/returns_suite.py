"""What every `ReturnsPort` promises, whatever the platform: a subclass of `ReturnsSuite` gives a
world with an order that was sent, and ways to look into the store.
"""

from dataclasses import replace
from typing import Protocol

import pytest

from app.domain.errors import Retryable
from app.domain.ids import PlatformId
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.platforms.base import RemoteReturn, ReturnSpec, ReturnSpecLine, ReturnsPort

WORDS = "Too wide for my shelf 👍🏽"


class ReturnsWorld(Protocol):
    """A store with one order, of at least two pieces of a line where the store counts them: paid
    and sent.
    """

    @property
    def returns(self) -> ReturnsPort: ...

    @property
    def order_id(self) -> PlatformId: ...

    @property
    def line_id(self) -> PlatformId: ...

    def seen(self) -> int:
        """How many returns the order has in the store."""
        ...

    def lose_the_next_answer(self) -> None:
        """The store does what it is asked to do next; its answer does not arrive."""
        ...


def spec_of(world: ReturnsWorld, number: int = 1004, **changes: object) -> ReturnSpec:
    """One piece back, asked for on our page."""
    line = ReturnSpecLine(world.line_id, "Coffee pot", 1, ReturnReason.TOO_LARGE, WORDS)
    spec = ReturnSpec(
        reference=f"RMA-{number}",
        order_id=world.order_id,
        kind=ReturnKind.RETURN,
        state=ReturnState.REQUESTED,
        lines=(line,),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]


def carried_out(world: ReturnsWorld, spec: ReturnSpec) -> ReturnSpec:
    """Ask for it, as the effect does: looked up before a repeat. Knows the store's id then."""
    found = world.returns.find(spec) or world.returns.request(spec)
    return replace(spec, ref=found.ref)


class ReturnsSuite:
    """Inherited by one test class per platform."""

    def test_a_return_is_asked_for_and_found_again(self, world: ReturnsWorld) -> None:
        spec = spec_of(world)
        assert world.returns.find(spec) is None
        made = world.returns.request(spec)
        assert made.state is ReturnState.REQUESTED
        assert world.returns.find(spec) == made
        assert world.returns.find(replace(spec, ref=made.ref)) == made
        assert world.returns.find(spec_of(world, 1005)) is None
        assert world.seen() == 1

    def test_a_request_whose_answer_was_lost_is_not_made_twice(self, world: ReturnsWorld) -> None:
        spec = spec_of(world)
        world.lose_the_next_answer()
        with pytest.raises(Retryable):
            world.returns.request(spec)
        again = carried_out(world, spec)
        assert again.ref
        assert world.seen() == 1

    @pytest.mark.parametrize(
        "way",
        [
            [ReturnState.APPROVED, ReturnState.RECEIVED, ReturnState.REFUNDED],
            [ReturnState.HELD, ReturnState.APPROVED, ReturnState.CLOSED],
            [ReturnState.HELD, ReturnState.DECLINED],
            [ReturnState.CANCELLED],
            [ReturnState.APPROVED, ReturnState.CANCELLED],
        ],
        ids="-".join,
    )
    def test_the_store_follows_and_following_twice_changes_nothing(
        self, world: ReturnsWorld, way: list[ReturnState]
    ) -> None:
        spec = carried_out(world, spec_of(world))
        for state in way:
            spec = replace(spec, state=state, answer="As agreed on the telephone.")
            world.returns.bring(spec)
            before = world.returns.find(spec)
            world.returns.bring(spec)
            assert world.returns.find(spec) == before
        assert world.seen() == 1

    @pytest.mark.parametrize(
        "state",
        [ReturnState.APPROVED, ReturnState.DECLINED, ReturnState.CANCELLED],
    )
    def test_a_step_whose_answer_was_lost_is_taken_once(
        self, world: ReturnsWorld, state: ReturnState
    ) -> None:
        spec = replace(carried_out(world, spec_of(world)), state=state)
        world.lose_the_next_answer()
        with pytest.raises(Retryable):
            world.returns.bring(spec)
        for _ in range(2):
            world.returns.bring(spec)
            assert world.returns.find(spec) == RemoteReturn(spec.ref or "", state)
        assert world.seen() == 1

    def test_two_returns_of_one_order_are_told_apart(self, world: ReturnsWorld) -> None:
        first = carried_out(world, spec_of(world, 1004))
        world.returns.bring(replace(first, state=ReturnState.APPROVED))
        second = carried_out(world, spec_of(world, 10045))  # the first's reference begins it
        found = [world.returns.find(replace(spec, ref=None)) for spec in (first, second)]
        assert [one.ref for one in found if one] == [first.ref, second.ref]
        assert first.ref != second.ref
        assert world.seen() == 2
