"""What is withdrawn while it is tried: it ends withdrawn, unless it is wanted again before that."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Schedule
from app.domain.errors import MerchantMustFix, Retryable, Uncertain
from app.domain.ids import ActionId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.failures import Busy
from app.pipeline.perform import perform
from app.platforms.base import CouponSpec
from tests.contract.effects_world import World
from tests.contract.mail_server import Server
from tests.pipeline.stands import standing

SIGN_IN, CREATE = ActionKind.SIGN_IN_MAIL, ActionKind.COUPON_CREATE
LOST = Reason.of(ReasonCode.MILESTONE_LOST)
WANTED = Reason.of(ReasonCode.REQUESTED)


@pytest.fixture
def blind(tmp_path: Path, database_url: str) -> Iterator[World]:
    """Its mails go to a server that cannot be asked what it took."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand, blind=True)


def _withdraw(world: World, action_id: ActionId) -> None:
    with world.data() as data:
        action = data.actions.get(action_id)
        assert action
        data.actions.cancel(action.dedupe_key, LOST, world.harness.business.now())


@dataclass
class Fails:
    """The real port; after it made a coupon something happens, and an error hides the success."""

    port: Any
    meanwhile: Callable[[], None]
    error: Exception

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)

    def create(self, spec: CouponSpec) -> Any:
        self.port.create(spec)
        self.meanwhile()
        raise self.error


ERRORS = [Retryable("503"), Busy("another one"), MerchantMustFix("store_key_refused", "no key")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_coupon_withdrawn_while_its_making_fails_is_not_made_later(
    blind: World, error: Exception
) -> None:
    action_id = blind.prepare(CREATE)

    def open_store(shop: Any) -> Any:
        store = blind.deps.open_store(shop)
        port = Fails(store.coupons, lambda: _withdraw(blind, action_id), error)
        return replace(store, coupons=port)

    perform(replace(blind.deps, open_store=open_store), blind.shop_id, action_id)
    ended = blind.action(action_id)
    assert (ended.state, ended.reason) == (ActionState.CANCELLED, LOST)
    assert blind.verbs(action_id)[-1] == "cancelled"
    blind.go_on()
    assert blind.coupons(str(ended.payload["code"])) == [False]
    assert blind.mail.handed_over == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Retryable("451"), ActionState.CANCELLED),
        (Uncertain("silence"), ActionState.UNCERTAIN),
    ],
)
def test_a_mail_withdrawn_while_the_server_puts_it_off_is_not_sent_later(
    blind: World, error: Exception, state: ActionState
) -> None:
    action_id = blind.prepare(SIGN_IN)

    def withdrawn() -> None:
        _withdraw(blind, action_id)
        raise error

    blind.deps = replace(blind.deps, mail=Server(blind, [withdrawn], takes=False))
    assert blind.perform(action_id).state == state
    blind.go_on()
    assert blind.action(action_id).state == state
    assert blind.mail.handed_over == []


def _want_again(world: World, action_id: ActionId) -> None:
    action, now = world.action(action_id), world.harness.business.now()
    assert action.useful_until
    again = Schedule(
        kind=action.kind, dedupe_key=action.dedupe_key, due_at=now, payload=action.payload,
        useful_until=action.useful_until, reason=action.reason, order_id=action.order_id,
    )  # fmt: skip
    with world.data() as data:
        data.actions.plan(
            replace(again, reason=WANTED), automation=action.automation, customer_id=None,
            generation=1, settings_version=action.settings_version, now=now, minted={},
        )  # fmt: skip


def test_a_mail_withdrawn_and_wanted_again_while_it_is_put_off_is_sent(blind: World) -> None:
    action_id = blind.prepare(SIGN_IN)

    def changes_of_mind() -> None:
        _withdraw(blind, action_id)
        _want_again(blind, action_id)
        raise Retryable("451")

    blind.deps = replace(blind.deps, mail=Server(blind, [changes_of_mind], takes=False))
    assert blind.perform(action_id).state == ActionState.DEFERRED
    blind.go_on()
    assert blind.action(action_id).state == ActionState.DONE


def test_what_ended_withdrawn_keeps_the_reason_of_its_end(blind: World) -> None:
    action_id = blind.prepare(SIGN_IN)

    def withdrawn() -> None:
        _withdraw(blind, action_id)
        raise Uncertain("silence")

    blind.deps = replace(blind.deps, mail=Server(blind, [withdrawn], takes=False))
    ended = blind.perform(action_id)
    assert ended.state == ActionState.UNCERTAIN
    _want_again(blind, action_id)
    assert blind.action(action_id).reason == ended.reason


@pytest.mark.parametrize("asked", [True, False], ids=["can-be-asked", "cannot"])
def test_a_mail_withdrawn_before_its_worker_died_is_not_sent_by_the_next(
    blind: World, asked: bool
) -> None:
    action_id = blind.prepare(SIGN_IN)
    for at in range(20):
        assert blind.die_performing(action_id, at)
        if blind.action(action_id).state == ActionState.PERFORMING:
            break
    blind.mail.blind = not asked
    _withdraw(blind, action_id)
    blind.go_on()
    ended = blind.action(action_id)
    assert ended.state == (ActionState.CANCELLED if asked else ActionState.UNCERTAIN)
    assert blind.mail.handed_over == []
