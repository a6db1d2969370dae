"""Stores that fail half-way, refuse, throttle or are away: effects end once, and say what waits."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.bootstrap import build_platforms
from app.channels.base import OutgoingMail, SendResult
from app.db.shops import Shops
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.errors import Uncertain
from app.domain.reasons import Reason, ReasonCode
from app.pipeline.perform import perform, perform_due
from app.services import reviews as review_service
from app.services.connections import StoreOpener
from tests.contract.effects_world import World
from tests.pipeline.stands import Shopify, Woo, standing

CREATE, VOID = ActionKind.COUPON_CREATE, ActionKind.COUPON_VOID
PUBLISH, SIGN_IN = ActionKind.REVIEW_PUBLISH, ActionKind.SIGN_IN_MAIL
PLATFORMS = ("woocommerce", "shopify")
# Bodies of the requests that change something there; what is only read is not hit.
CHANGING = {
    ("woocommerce", CREATE): {"method": "POST", "path": "/wp-json/wc/v3/coupons"},
    ("woocommerce", VOID): {"method": "POST", "path": "/wp-json/wc/v3/coupons/"},
    ("woocommerce", PUBLISH): {"method": "POST", "path": "/wp-json/wc/v3/products/reviews"},
    ("shopify", CREATE): {"contains": "discountCodeBasicCreate"},
    ("shopify", VOID): {"contains": "discountCodeDeactivate"},
    ("shopify", PUBLISH): {"contains": "metaobjectUpsert"},
}


@pytest.fixture(params=PLATFORMS)
def world(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing(request.param, tmp_path, database_url) as stand:
        yield World(stand)


@pytest.fixture
def woo(tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand)


@pytest.fixture
def shopify(tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing("shopify", tmp_path, database_url) as stand:
        yield World(stand)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs of the real clients, shorter than in life."""
    monkeypatch.setattr("app.platforms.woocommerce.client.TIMEOUTS", (1, 0.3))
    monkeypatch.setattr("app.platforms.shopify.transport._TIMEOUTS", (1, 0.3))


def _done_once(world: World, action: Action) -> None:
    assert action.state == ActionState.DONE
    match action.kind:
        case ActionKind.COUPON_CREATE:
            assert world.coupons(str(action.payload["code"])) == [True]
        case ActionKind.COUPON_VOID:
            assert world.coupons(str(action.payload["code"])) == [False]
        case ActionKind.REVIEW_PUBLISH:
            assert world.reviews(f"Review {world.number}.") == 1
            assert world.rating_count() in (None, world.number)


FAULTS: list[dict[str, Any]] = [
    {"kind": "cut"},  # acts, and nobody hears of it
    {"kind": "slow", "seconds": 0.8},  # acts, too late for our patience
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429, "retry_after": 40},
]


@pytest.mark.parametrize("kind", [CREATE, VOID, PUBLISH])
def test_whatever_happens_to_the_request_it_is_done_once(
    world: World, impatient: None, kind: ActionKind
) -> None:
    for fault in FAULTS:
        action_id = world.prepare(kind)
        hit = CHANGING[world.stand.platform, kind]
        world.stand.fault(**fault, **hit, times=1)
        waiting = world.perform(action_id)
        assert waiting.state == ActionState.DEFERRED, fault
        assert waiting.reason == Reason.of(ReasonCode.STORE_UNREACHABLE, attempts=1)
        world.stand.heal()
        world.go_on()
        _done_once(world, world.action(action_id))


def test_a_wish_to_come_back_later_is_kept(world: World) -> None:
    action_id = world.prepare(CREATE)
    hit = CHANGING[world.stand.platform, CREATE]
    world.stand.fault(kind="status", status=429, retry_after=40, **hit, times=1)
    world.perform(action_id)
    now, wall = world.harness.business.now(), world.harness.wall.now()
    with world.harness.shop(world.shop_id) as data:
        assert action_id not in data.actions.due(now, wall + timedelta(seconds=39), 9)
        assert action_id in data.actions.due(now, wall + timedelta(seconds=41), 9)


def test_a_store_that_is_away_is_asked_less_and_less_often(world: World) -> None:
    """Also where it fails before the action is claimed: the order cannot be read anew."""
    action_id = world.prepare(CREATE)
    world.harness.business.advance(minutes=30)  # our picture of the order is old by now
    world.stand.fault(kind="status", status=500)
    waits = []
    for _ in range(4):
        before = world.harness.wall.now()
        assert world.perform(action_id).state == ActionState.DEFERRED
        waits.append(_waits_until(world, action_id) - before)
    assert waits[-1] > timedelta(seconds=30)
    assert all(later > earlier for earlier, later in pairwise(waits))
    assert world.action(action_id).reason.params["attempts"] == 4
    world.stand.heal()
    world.go_on()
    _done_once(world, world.action(action_id))


def _waits_until(world: World, action_id: int) -> Any:
    """The end of the back-off, found by asking what is due when."""
    wall, now = world.harness.wall.now(), world.harness.business.now()
    with world.harness.shop(world.shop_id) as data:
        for seconds in range(4000):
            at = wall + timedelta(seconds=seconds)
            if action_id in data.actions.due(now, at, 9):
                return at
    raise AssertionError("it never comes back")


def test_a_refused_key_opens_a_problem_and_a_new_key_resumes_the_work(woo: World) -> None:
    stand = woo.stand
    assert isinstance(stand, Woo)
    action_id = woo.prepare(CREATE)
    stand.call("DELETE", f"/_twin/keys/{stand.key_id}")
    blocked = woo.perform(action_id)
    assert (blocked.state, blocked.problem) == (ActionState.BLOCKED, "store_key_refused")
    with woo.harness.shop(woo.shop_id) as data:
        assert [problem.key for problem in data.problems.all_open()] == ["store_key_refused"]
    perform_due(woo.deps, woo.shop_id)  # it waits for the merchant, not for the clock
    assert woo.verbs(action_id).count("blocked") == 1
    stand.connect()
    woo.harness.run_jobs()
    woo.go_on()
    _done_once(woo, woo.action(action_id))
    with woo.harness.shop(woo.shop_id) as data:
        assert data.problems.all_open() == []


def test_a_key_that_may_only_read_blocks_what_would_write(woo: World) -> None:
    stand = woo.stand
    action_id = woo.prepare(CREATE)
    key = stand.call("POST", "/_twin/keys", {"permissions": "read"})
    pair = (key["consumer_key"], key["consumer_secret"])
    with woo.data() as data:
        data.credentials.put({"key": pair[0], "secret": pair[1]}, None, woo.harness.wall.now())
    assert woo.perform(action_id).state == ActionState.BLOCKED
    stand.connect()
    woo.harness.run_jobs()
    woo.go_on()
    _done_once(woo, woo.action(action_id))


def test_a_firewalls_refusal_blocks_and_goes_on_by_itself(woo: World) -> None:
    """A page with a 4xx is nobody's "no" for good: the store was never asked."""
    action_id = woo.prepare(CREATE)
    woo.stand.fault(kind="status", status=406)
    blocked = woo.perform(action_id)
    assert (blocked.state, blocked.problem) == (ActionState.BLOCKED, "store_firewall")
    woo.stand.job("check_connection")
    assert woo.action(action_id).state == ActionState.BLOCKED
    woo.stand.heal()
    woo.stand.job("check_connection")
    woo.go_on()
    _done_once(woo, woo.action(action_id))
    with woo.harness.shop(woo.shop_id) as data:
        assert data.problems.all_open() == []


def test_a_removed_app_blocks_until_it_is_opened_again(shopify: World) -> None:
    stand = shopify.stand
    assert isinstance(stand, Shopify)
    action_id = shopify.prepare(CREATE)
    stand.do("uninstall")  # and its delivery was lost
    blocked = shopify.perform(action_id)
    assert blocked.state in (ActionState.BLOCKED, ActionState.DEFERRED)
    stand.do("install")
    shopify.go_on()  # the tokens of before are dead, which opens the problem
    assert shopify.action(action_id).problem == "store_token_expired"
    stand.connect()
    shopify.harness.run_jobs()
    shopify.go_on()
    _done_once(shopify, shopify.action(action_id))


def test_a_wrong_client_secret_of_ours_costs_nothing_but_time(shopify: World) -> None:
    action_id = shopify.prepare(CREATE)
    stand = shopify.stand
    assert isinstance(stand, Shopify)
    stand.do("expire-access-tokens")
    settings = shopify.deps.settings.model_copy(update={"shopify_client_secret": "x" * 32})
    platforms = build_platforms(settings, shopify.harness.wall)
    wrong = replace(
        shopify.deps,
        platforms=platforms,
        open_store=StoreOpener(shopify.deps.db, platforms, shopify.harness.wall),
    )
    perform(wrong, shopify.shop_id, action_id)
    assert shopify.action(action_id).state == ActionState.DEFERRED
    with shopify.harness.shop(shopify.shop_id) as data:
        assert data.problems.all_open() == []  # the merchant can do nothing about it
    shopify.go_on()
    _done_once(shopify, shopify.action(action_id))


# withdrawn while it is being done


class _Meanwhile:
    """The real port; something happens in our database while the store works."""

    def __init__(self, port: Any, meanwhile: Callable[[], None]) -> None:
        self._port = port
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def create(self, spec: Any) -> Any:
        made = self._port.create(spec)
        self._meanwhile()
        return made


def test_a_coupon_withdrawn_while_it_is_made_becomes_void_and_is_not_mailed(world: World) -> None:
    action_id = world.prepare(CREATE)
    key = world.action(action_id).dedupe_key

    def withdraw() -> None:
        with world.data() as data:
            reason = Reason.of(ReasonCode.MILESTONE_LOST)
            data.actions.cancel(key, reason, world.harness.business.now())

    def open_store(shop: Any) -> Any:
        store = world.deps.open_store(shop)
        return replace(store, coupons=_Meanwhile(store.coupons, withdraw))

    perform(replace(world.deps, open_store=open_store), world.shop_id, action_id)
    assert world.action(action_id).state == ActionState.DONE
    world.go_on()
    code = str(world.action(action_id).payload["code"])
    assert world.coupons(code) == [False]
    assert world.mail.handed_over == []


def test_a_coupon_of_a_lost_answer_becomes_void_when_its_order_is_refunded(world: World) -> None:
    """Nobody knows that it exists; were it only skipped, it would stay good for ever."""
    action_id = world.prepare(CREATE)
    order_id = world.action(action_id).order_id
    assert order_id
    world.stand.fault(kind="cut", **CHANGING[world.stand.platform, CREATE], times=1)
    assert world.perform(action_id).state == ActionState.DEFERRED
    world.stand.move(order_id, "refund")
    world.learn(order_id)
    assert world.action(action_id).state == ActionState.SKIPPED
    world.go_on()
    assert world.coupons(str(world.action(action_id).payload["code"])) == [False]
    assert world.mail.handed_over == []


def test_a_revised_review_is_published_although_the_store_has_the_first_one(world: World) -> None:
    action_id = world.prepare(PUBLISH)
    assert world.perform(action_id).state == ActionState.DONE
    order_id = world.action(action_id).order_id
    assert order_id
    with world.harness.shop(world.shop_id) as data:
        (review,) = data.reviews.of_order(order_id)
    new = review_service.NewReview(review.product_id, 2, "Changed my mind.", "Jana N.")
    review_service.submit(world.deps, world.shop_id, order_id, [new])
    world.harness.jobs.clear()
    with world.harness.shop(world.shop_id) as data:
        second = [a for a in data.actions.of_order(order_id) if a.kind is PUBLISH][-1]
    hit = CHANGING[world.stand.platform, PUBLISH]
    world.stand.fault(kind="status", status=503, **hit, times=1)
    assert world.perform(second.id).state == ActionState.DEFERRED
    world.go_on()
    assert world.action(second.id).state == ActionState.DONE
    assert (world.reviews("Changed my mind."), world.reviews("Review 1.")) == (1, 0)


# mail


class _Silent:
    """A mail server that takes the mail and goes silent, once."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.silences = 1

    def send(self, message: OutgoingMail) -> SendResult:
        result: SendResult = self._transport.send(message)
        if self.silences:
            self.silences -= 1
            raise Uncertain("no answer to the mail")
        return result

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def lookup(self, _message_id: str) -> None:
        return None


def test_a_silent_mail_server_makes_a_marketing_mail_uncertain(woo: World) -> None:
    action_id = woo.prepare(ActionKind.REVIEW_REQUEST_MAIL)
    woo.deps = replace(woo.deps, mail=_Silent(woo.mail))
    assert woo.perform(action_id).state == ActionState.UNCERTAIN
    woo.go_on()
    assert woo.action(action_id).state == ActionState.UNCERTAIN
    assert woo.sendings(woo.action(action_id)) == 1


def test_a_silent_mail_server_gets_a_sign_in_mail_once_more(woo: World) -> None:
    action_id = woo.prepare(SIGN_IN)
    woo.deps = replace(woo.deps, mail=_Silent(woo.mail))
    assert woo.perform(action_id).state == ActionState.DEFERRED
    woo.go_on()
    assert woo.action(action_id).state == ActionState.DONE
    assert "repeated" in woo.verbs(action_id)


def test_a_paused_shop_still_mails_its_merchant(woo: World) -> None:
    sign_in = woo.prepare(SIGN_IN)
    ask = woo.prepare(ActionKind.REVIEW_REQUEST_MAIL)
    publish = woo.prepare(PUBLISH)
    with woo.deps.db.write() as uow:
        Shops(uow).change(woo.shop_id, paused_at=woo.harness.business.now())
    perform_due(woo.deps, woo.shop_id)
    assert woo.action(sign_in).state == ActionState.DONE
    assert woo.action(ask).state == ActionState.PLANNED
    assert woo.action(publish).state == ActionState.PLANNED


def test_a_database_that_is_away_for_a_moment_is_no_fault_of_the_action(woo: World) -> None:
    """The letter is composed from rows that cannot be read just now: tried again, not failed."""
    action_id = woo.prepare(ActionKind.REVIEW_REQUEST_MAIL)

    class Away:
        def send(self, _message: OutgoingMail) -> SendResult:
            raise OperationalError("SELECT 1", {}, Exception("database is locked"))

        def lookup(self, _message_id: str) -> bool:
            return False

    deps = replace(woo.deps, mail=Away())
    perform(deps, woo.shop_id, action_id)
    assert woo.action(action_id).state == ActionState.DEFERRED
    woo.go_on()
    assert woo.action(action_id).state == ActionState.DONE
    assert woo.sendings(woo.action(action_id)) == 1
