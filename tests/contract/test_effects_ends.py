"""Ends that go wrong: an answer that never comes, a database that is locked right after the act, a
coupon that our table does not know.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from app.db.models import actions, coupons
from app.db.session import PATIENCE, Database, DatabaseUnavailable, UnitOfWork
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.errors import Retryable, Uncertain
from app.domain.ids import ActionId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.perform import LEASE, recover
from app.platforms.base import CouponSpec
from app.services import handling
from tests.contract.effects_world import World
from tests.contract.mail_server import Server
from tests.pipeline.stands import standing

ASK, SIGN_IN = ActionKind.REVIEW_REQUEST_MAIL, ActionKind.SIGN_IN_MAIL
VOID = ActionKind.COUPON_VOID


@pytest.fixture(params=["woocommerce", "shopify"])
def world(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing(request.param, tmp_path, database_url) as stand:
        yield World(stand)


@pytest.fixture
def blind(tmp_path: Path, database_url: str) -> Iterator[World]:
    """Its mails go to a server that cannot be asked what it took."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand, blind=True)


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


SILENCE = failing(Uncertain("no answer to the mail"))
LATER = failing(Retryable("451"))


# an answer that never comes


def _try(world: World, action_id: ActionId) -> timedelta:
    """One try; how long it waits for the next, found by asking what is due when."""
    wall, now = world.harness.wall.now(), world.harness.business.now()
    world.perform(action_id)
    with world.harness.shop(world.shop_id) as data:
        for seconds in range(4000):
            wait = timedelta(seconds=seconds)
            if action_id in data.actions.due(now, wall + wait, 9):
                break
    world.lose_leases()
    return wait


@pytest.mark.parametrize("between", [[], [LATER]], ids=["in-a-row", "and-4xx-between"])
def test_a_server_that_never_answers_gets_a_transactional_mail_three_times(
    blind: World, between: list[Callable[[], None]]
) -> None:
    action_id = blind.prepare(SIGN_IN)
    blind.deps = replace(blind.deps, mail=Server(blind, [SILENCE, *between, SILENCE, SILENCE]))
    waits = [_try(blind, action_id) for _ in range(2 + len(between))]
    assert waits[-1] > waits[0]
    given_up = blind.perform(action_id)
    assert (given_up.state, given_up.reason.code) == (ActionState.UNCERTAIN, ReasonCode.MAYBE_SENT)
    blind.go_on()
    assert blind.sendings(given_up) == 3 + len(between)

    assert handling.repeat(blind.deps, blind.shop_id, action_id)
    assert blind.perform(action_id).state == ActionState.DONE


def test_a_mail_that_may_have_gone_out_and_surely_did_after_all_is_told_as_repeated(
    blind: World,
) -> None:
    action_id = blind.prepare(SIGN_IN)
    blind.deps = replace(blind.deps, mail=Server(blind, [SILENCE, LATER]))
    for _ in range(3):
        blind.perform(action_id)
        blind.lose_leases()
    assert blind.action(action_id).state == ActionState.DONE
    assert "repeated" in blind.verbs(action_id)


# a database that is away right after the act


class Locked(Database):
    """The real database; its next write transactions are refused."""

    refusals = 0

    @contextmanager
    def write(self, patience: float = PATIENCE) -> Iterator[UnitOfWork]:
        if self.refusals:
            self.refusals -= 1
            raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))
        with super().write(patience) as uow:
            yield uow


@dataclass
class Naps:
    """Sleeps that only are counted."""

    taken: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Naps:
    naps = Naps()
    monkeypatch.setattr("app.pipeline.perform.sleep", naps)
    return naps


def _locked(world: World, refusals: int, error: Exception | None = None) -> World:
    """After the next hand-over the database refuses so many transactions."""
    db = Locked(world.deps.db.engine, world.deps.db.keyring, lambda _signal: None)

    def lock() -> None:
        db.refusals = refusals
        if error:
            raise error

    world.deps = replace(world.deps, db=db, mail=Server(world, [lock], takes=error is None))
    return world


def test_what_was_surely_sent_is_written_down_when_the_database_is_back(
    blind: World, naps: Naps
) -> None:
    action_id = blind.prepare(ASK)
    done = _locked(blind, refusals=3).perform(action_id)
    assert (done.state, done.reason.code) == (ActionState.DONE, ReasonCode.SENT)
    assert blind.sendings(done) == 1


def test_what_was_surely_not_sent_is_not_called_uncertain(blind: World, naps: Naps) -> None:
    action_id = blind.prepare(ASK)
    _locked(blind, refusals=3, error=Retryable("451"))
    assert blind.perform(action_id).state == ActionState.DEFERRED
    blind.go_on()
    assert blind.action(action_id).state == ActionState.DONE


def test_a_database_that_stays_away_is_not_waited_for_longer_than_the_lease(
    blind: World, naps: Naps
) -> None:
    action_id = blind.prepare(ASK)
    with pytest.raises(DatabaseUnavailable):
        _locked(blind, refusals=99).perform(action_id)
    assert blind.sendings(blind.action(action_id)) == 1
    tries = len(naps.taken) + 1
    assert sum(naps.taken) + tries * PATIENCE < LEASE.total_seconds() / 3


def test_a_database_that_is_away_while_a_dead_workers_mail_is_looked_up_repeats_nothing(
    blind: World, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(20):
        action_id = blind.prepare(ASK)
        assert blind.die_performing(action_id, at)
        if blind.sendings(blind.action(action_id)):
            break
    db = Locked(blind.deps.db.engine, blind.deps.db.keyring, lambda _signal: None)

    def lookup(_message_id: str) -> None:
        db.refusals = 1

    monkeypatch.setattr(blind.mail, "lookup", lookup)
    blind.lose_leases()
    with pytest.raises(DatabaseUnavailable):
        recover(replace(blind.deps, db=db), blind.shop_id)
    monkeypatch.undo()
    blind.go_on()
    assert blind.action(action_id).state == ActionState.UNCERTAIN
    assert blind.sendings(blind.action(action_id)) == 1


# a coupon that our table does not know: a backup from before it was made


def _forgotten(world: World) -> Action:
    """A coupon is to be void, and our table has no row of it."""
    action_id = world.prepare(VOID)
    with world.data() as data:
        data.uow.connection.execute(delete(coupons))
    return world.action(action_id)


def _void_another(world: World, action: Action, code: str) -> Action:
    with world.data() as data:
        data.uow.connection.execute(
            update(actions).where(actions.c.id == action.id).values(payload={"code": code})
        )
    return world.perform(action.id)


def test_a_coupon_that_only_the_store_knows_becomes_void(world: World) -> None:
    forgotten = _forgotten(world)
    done = world.perform(forgotten.id)
    code = str(forgotten.payload["code"])
    assert (done.state, done.reason) == (
        ActionState.DONE, Reason.of(ReasonCode.VOIDED, code=code),
    )  # fmt: skip
    assert world.coupons(code) == [False]


def test_a_coupon_that_nobody_knows_cannot_be_used_either(world: World) -> None:
    done = _void_another(world, _forgotten(world), "THANKS-NEVERMADE2")
    assert (done.state, done.reason.code) == (ActionState.DONE, ReasonCode.VOIDED)


def test_a_coupon_of_somebody_else_is_left_alone(world: World) -> None:
    theirs = CouponSpec(
        code="THANKS-THEIRS2222", title="Theirs", email="a@example.sk", customer_id=None,
        percent=10, amount=None, minimum=None,
        expires_at=world.harness.business.now() + timedelta(days=9), exclude_sale_items=False,
        reference="other-app-7",
    )  # fmt: skip
    port = world.deps.open_store(world.shop).coupons
    assert port
    port.create(theirs)
    assert _void_another(world, _forgotten(world), theirs.code).state == ActionState.FAILED
    assert world.coupons(theirs.code) == [True]
