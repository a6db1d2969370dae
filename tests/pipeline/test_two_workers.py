"""Several workers at once, and signals that never arrive: done once, and nothing stays behind."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.domain.actions import ActionKind, ActionState
from app.domain.ids import ActionId
from app.domain.reasons import ReasonCode
from app.pipeline.interpret import drain
from app.pipeline.perform import perform, perform_due, recover
from app.services.switching import switch_off
from tests.contract.effects_world import World
from tests.pipeline.stands import standing
from tests.support import switch_on

pytestmark = pytest.mark.both_databases

ASK, CREATE = ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_CREATE
COUPON_MAIL, PUBLISH = ActionKind.COUPON_MAIL, ActionKind.REVIEW_PUBLISH
SIGN_IN = ActionKind.SIGN_IN_MAIL


@pytest.fixture
def woo(tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand)


@pytest.fixture
def blind(tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand, blind=True)


@pytest.fixture
def shopify(tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing("shopify", tmp_path, database_url) as stand:
        yield World(stand)


def at_once(*works: Callable[[], Any]) -> None:
    """All in threads that begin together; the first error of any is raised."""
    together, errors = threading.Barrier(len(works)), []

    def run(work: Callable[[], Any]) -> None:
        together.wait(10)
        try:
            work()
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


@pytest.mark.parametrize("kind", [ASK, CREATE, PUBLISH, SIGN_IN])
def test_four_workers_do_one_action_once(woo: World, kind: ActionKind) -> None:
    for _ in range(3):
        action_id = woo.prepare(kind)
        at_once(*[partial(perform, woo.deps, woo.shop_id, action_id)] * 4)
        action = woo.action(action_id)
        assert action.state == ActionState.DONE
        assert woo.verbs(action_id).count("done") == 1
        if kind is CREATE:
            assert woo.coupons(str(action.payload["code"])) == [True]
        elif kind is PUBLISH:
            assert woo.reviews(f"Review {woo.number}.") == 1
        else:
            assert woo.sendings(action) == 1


def test_the_contact_budget_holds_against_two_workers(woo: World) -> None:
    """Two orders of one customer arrived at the same time, and one mail a week is enough."""
    quiet = {"quiet_from_hour": 0, "quiet_until_hour": 0, "budget_messages": 1}
    switch_on(woo.harness, woo.shop_id, "contact", quiet)
    at_once_again = {"days_after_delivery": 0, "ask_again_days": 0}
    switch_on(woo.harness, woo.shop_id, "review_request", at_once_again)
    switch_off(woo.deps, woo.shop_id, "milestone_coupon", by="test")
    for _ in range(4):
        woo.next_customer()
        orders = [woo.delivered(), woo.delivered()]
        woo.harness.business.advance(minutes=1)
        with woo.harness.shop(woo.shop_id) as data:
            asks = [a for order_id in orders for a in data.actions.of_order(order_id)]
        at_once(*[partial(perform, woo.deps, woo.shop_id, ask.id) for ask in asks])
        woo.go_on()  # one may have waited for the other to read the product
        after = [woo.action(ask.id) for ask in asks]
        assert sum(woo.sendings(action) for action in after) == 1
        assert sorted((a.state, a.reason.code) for a in after) == [
            (ActionState.DEFERRED, ReasonCode.BUDGET_USED),
            (ActionState.DONE, ReasonCode.SENT),
        ]


def test_a_refund_that_comes_while_the_mail_goes_out_contradicts_nobody(woo: World) -> None:
    """Whoever is first: the row says what became of the mail."""
    for _ in range(6):
        action_id = woo.prepare(ASK)
        order_id = woo.action(action_id).order_id
        assert order_id
        woo.stand.move(order_id, "refund")
        woo.stage(order_id)
        at_once(
            partial(perform, woo.deps, woo.shop_id, action_id),
            partial(drain, woo.deps, woo.shop_id),
        )
        woo.go_on()
        action = woo.action(action_id)
        assert action.state in (ActionState.DONE, ActionState.SKIPPED)
        assert woo.sendings(action) == (1 if action.state == ActionState.DONE else 0)


def test_what_a_dead_worker_left_is_recovered_by_one(blind: World) -> None:
    action_id = blind.prepare(SIGN_IN)
    at = 0
    while blind.action(action_id).state != ActionState.PERFORMING:  # die right after the claim
        assert blind.die_performing(action_id, at)
        at += 1
    blind.lose_leases()
    at_once(*[lambda: recover(blind.deps, blind.shop_id)] * 4)
    action = blind.action(action_id)
    assert action.state == ActionState.DONE
    assert blind.sendings(action) == 1


def test_two_reviews_published_at_once_are_both_counted(shopify: World) -> None:
    for _ in range(2):
        one, other = shopify.prepare(PUBLISH), shopify.prepare(PUBLISH)
        at_once(
            partial(perform, shopify.deps, shopify.shop_id, one),
            partial(perform, shopify.deps, shopify.shop_id, other),
        )
        shopify.go_on()
        states = {shopify.action(action_id).state for action_id in (one, other)}
        assert states == {ActionState.DONE}
        assert shopify.rating_count() == shopify.number


def test_whatever_is_signalled_to_nobody_the_clock_finds(woo: World) -> None:
    """Redis was away at every commit: the order is learned, its coupon made and mailed."""
    woo.number += 1
    order_id = woo.stand.order(woo.email, country="SK")
    woo.stage(order_id)
    for _ in range(4):
        woo.harness.jobs.clear()
        woo.harness.tick()
    with woo.harness.shop(woo.shop_id) as data:
        actions = data.actions.of_order(order_id)
    assert [(a.kind, a.state) for a in actions] == [
        (CREATE, ActionState.DONE),
        (COUPON_MAIL, ActionState.DONE),
    ]


def test_two_workers_share_what_is_due(woo: World) -> None:
    actions: list[ActionId] = [woo.prepare(CREATE) for _ in range(5)]
    at_once(*[lambda: perform_due(woo.deps, woo.shop_id)] * 3)
    for action_id in actions:
        action = woo.action(action_id)
        assert action.state == ActionState.DONE
        assert woo.coupons(str(action.payload["code"])) == [True]
