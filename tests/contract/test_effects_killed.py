"""A process killed between any two steps of an effect: it is done once, or honestly uncertain.

Those of returns: test_returns_killed.py.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from app.domain.actions import Action, ActionKind, ActionState
from tests.contract.effects_world import World
from tests.pipeline.stands import standing

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path, database_url: str) -> Iterator[MakeWorld]:
    with ExitStack() as stack:

        def make(platform: str, *, blind: bool = False) -> World:
            return World(
                stack.enter_context(standing(platform, tmp_path, database_url)), blind=blind
            )

        yield make


def _kill_everywhere(
    world: World, kind: ActionKind, judge: Callable[[World, Action], None]
) -> None:
    """Die at the first step, at the second, …; after each go on and look what became of it."""
    for at in count():
        assert at < 60
        action_id = world.prepare(kind)
        died = world.die_performing(action_id, at)
        world.go_on()
        try:
            judge(world, world.action(action_id))
        except AssertionError as error:
            error.add_note(f"killed at step {at + 1} of {kind}")
            raise
        if not died:
            assert at >= 5  # before and after the claim, after the call, around the end
            return


def _mailed_once(world: World, action: Action) -> None:
    assert action.state == ActionState.DONE
    assert world.sendings(action) == 1


def _mailed_at_most_once(world: World, action: Action) -> None:
    sent = world.sendings(action)
    assert sent <= 1
    assert action.state in (ActionState.DONE, ActionState.UNCERTAIN)
    assert sent == 1 or action.state == ActionState.UNCERTAIN


def _mailed_at_least_once(world: World, action: Action) -> None:
    assert action.state == ActionState.DONE
    sent = world.sendings(action)
    assert 1 <= sent <= 2
    assert sent == 1 or "repeated" in world.verbs(action.id)


def _created_once(world: World, action: Action) -> None:
    assert action.state == ActionState.DONE
    assert world.coupons(str(action.payload["code"])) == [True]
    with world.data() as data:
        coupon = data.coupons.by_code(str(action.payload["code"]))
        rows = data.actions.of_order(action.order_id or "")
    assert coupon
    assert coupon.state == "issued"
    (mail,) = [row for row in rows if row.kind is ActionKind.COUPON_MAIL]
    assert world.sendings(mail) == 1


def _voided(world: World, action: Action) -> None:
    assert action.state == ActionState.DONE
    assert world.coupons(str(action.payload["code"])) == [False]


def _published_once(world: World, action: Action) -> None:
    assert action.state == ActionState.DONE
    assert world.reviews(f"Review {world.number}.") == 1
    if world.rating_count() is not None:
        assert world.rating_count() == world.number


MARKETING = (ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_MAIL)
TO_MERCHANTS = (ActionKind.SIGN_IN_MAIL, ActionKind.DATA_EXPORT_MAIL)


@pytest.mark.parametrize("kind", [*MARKETING, *TO_MERCHANTS])
def test_a_mail_that_can_be_looked_up_goes_out_once(
    make_world: MakeWorld, kind: ActionKind
) -> None:
    _kill_everywhere(make_world("woocommerce"), kind, _mailed_once)


@pytest.mark.parametrize("kind", MARKETING)
def test_a_marketing_mail_that_cannot_be_looked_up_is_never_sent_twice(
    make_world: MakeWorld, kind: ActionKind
) -> None:
    _kill_everywhere(make_world("woocommerce", blind=True), kind, _mailed_at_most_once)


@pytest.mark.parametrize("kind", TO_MERCHANTS)
def test_a_mail_to_the_merchant_that_cannot_be_looked_up_is_rather_sent_twice(
    make_world: MakeWorld, kind: ActionKind
) -> None:
    _kill_everywhere(make_world("woocommerce", blind=True), kind, _mailed_at_least_once)


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
@pytest.mark.parametrize(
    ("kind", "judge"),
    [
        (ActionKind.COUPON_CREATE, _created_once),
        (ActionKind.COUPON_VOID, _voided),
        (ActionKind.REVIEW_PUBLISH, _published_once),
    ],
)
def test_what_is_done_in_the_store_is_done_once(
    make_world: MakeWorld,
    platform: str,
    kind: ActionKind,
    judge: Callable[[World, Action], None],
) -> None:
    _kill_everywhere(make_world(platform), kind, judge)
