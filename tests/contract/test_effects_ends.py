"""Ends that go wrong: an answer that never comes, a database that is locked right after the act,
an action withdrawn while it is tried, a coupon that our table does not know.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import OperationalError

from app.channels.base import OutgoingMail, SendResult
from app.db.models import actions, coupons
from app.db.session import PATIENCE, Database, DatabaseUnavailable, UnitOfWork
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.decisions import Schedule
from app.domain.errors import MerchantMustFix, Retryable, Uncertain
from app.domain.ids import ActionId
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.failures import Busy
from app.pipeline.perform import LEASE, perform, recover
from app.platforms.base import CouponSpec
from app.services import handling
from tests.contract.effects_world import World
from tests.pipeline.stands import standing

ASK, SIGN_IN = ActionKind.REVIEW_REQUEST_MAIL, ActionKind.SIGN_IN_MAIL
CREATE, VOID = ActionKind.COUPON_CREATE, ActionKind.COUPON_VOID
LOST = Reason.of(ReasonCode.MILESTONE_LOST)
WANTED = Reason.of(ReasonCode.REQUESTED)


@pytest.fixture(params=["woocommerce", "shopify"])
def world(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing(request.param, tmp_path, database_url) as stand:
        yield World(stand)


@pytest.fixture
def blind(tmp_path: Path, database_url: str) -> Iterator[World]:
    """Its mails go to a server that cannot be asked what it took."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand, blind=True)


@dataclass
class Server:
    """A mail server that takes each mail and then does the next of these, if any is left."""

    world: World
    ends: list[Callable[[], None]]
    takes: bool = True

    def send(self, message: OutgoingMail) -> SendResult:
        took = self.world.mail.send(message) if self.takes else SendResult("")
        if self.ends:
            self.ends.pop(0)()
        return took

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def lookup(self, _message_id: str) -> None:
        return None

    def forget(self, addresses: Collection[str]) -> None:
        self.world.mail.forget(addresses)


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


# withdrawn while it is tried in vain


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
