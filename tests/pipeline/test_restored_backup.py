"""A backup is put back: nobody is mailed twice, and the merchant decides what may be done again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from redis import Redis

from app.db import clock as business_offset
from app.db import continuity as database
from app.db.actions import RESTORED
from app.db.backup import copy_running, put_back
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.decisions import Decline, Schedule
from app.domain.reasons import Reason, ReasonCode
from app.jobs.queues import connect
from app.jobs.witness import RedisWitness
from app.pipeline.plan import Planner
from app.services import continuity, held
from app.services.continuity import FileWitness, Watch
from tests.pipeline.stands import Stand, standing
from tests.support import Harness, close, make_harness, switch_on

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PLATFORMS = ["woocommerce", "shopify"]


def connected(stand: Stand) -> None:
    stand.lose_deliveries()  # `Stand.deliver` brings them
    stand.connect()
    stand.harness.run_jobs()
    switch_on(stand.harness, stand.shop_id, "review_request", {"days": 7})
    switch_on(stand.harness, stand.shop_id, "milestone_coupon", {"nth_orders": [1]})


def delivered(stand: Stand, email: str) -> str:
    """An order whose customer is to be asked in some days, and earns a coupon at once."""
    order_id = stand.order(email, country="SK")
    stand.move(order_id, "fulfil")
    stand.move(order_id, "deliver")
    stand.deliver()
    settle(stand.harness)
    return order_id


def settle(harness: Harness) -> None:
    """A minute of wall time; the stores refuse signatures that are a quarter of an hour off."""
    harness.tick()


def rows(stand: Stand, order_id: str) -> dict[str, Action]:
    with stand.harness.shop(stand.shop_id) as data:
        return {action.kind: action for action in data.actions.of_order(order_id)}


def sent(stand: Stand) -> list[tuple[str, str]]:
    return sorted((mail.to_address, mail.kind) for mail in stand.harness.mails())


def held_rows(stand: Stand) -> list[Action]:
    with stand.harness.shop(stand.shop_id) as data:
        return data.actions.held(100)


@contextmanager
def put_back_into(stand: Stand, copy: Path, tmp_path: Path, **settings: Any) -> Iterator[Harness]:
    """The copy in the place of the database, at a later time; nothing has looked at it yet."""
    before = stand.harness
    close(before)
    place = tmp_path / "afterglow.sqlite3"
    put_back(copy, place, tmp_path / "aside.sqlite3")
    after = make_harness(tmp_path, f"sqlite:///{place}", **settings)
    after.wall.at, after.business.at, after.twins = before.wall.at, before.business.at, before.twins
    # What the business clock of a demo says is not in the harness' own clock.
    with after.deps.db.read() as uow:
        assert business_offset.offset(uow) == timedelta()
    stand.harness = after
    try:
        yield after
    finally:
        stand.harness = before
        close(after)


def life_goes_on(stand: Stand) -> None:
    """What happens from now on is done as ever."""
    stand.wait(hours=1)
    fresh = delivered(stand, "silvia@example.sk")
    stand.wait(days=9)
    settle(stand.harness)
    ends = {(row.state, row.problem) for row in rows(stand, fresh).values()}
    assert ends == {(ActionState.DONE, None)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_nobody_is_mailed_twice_and_the_merchant_decides(
    platform: str, tmp_path: Path, database_url: str
) -> None:
    with standing(platform, tmp_path, database_url) as stand:
        connected(stand)
        known = delivered(stand, "zofia@example.sk")
        assert rows(stand, known)[ActionKind.REVIEW_REQUEST_MAIL].state is ActionState.PLANNED
        copy = tmp_path / "copy.sqlite3"
        deps = stand.harness.deps
        copy_running(
            tmp_path / "afterglow.sqlite3", copy, stand.harness.wall.now(), deps.db.keyring
        )

        later = delivered(stand, "lubo@example.sk")  # not in the backup
        stand.wait(days=9)
        settle(stand.harness)
        before = sent(stand)
        assert len([kind for _, kind in before if kind == "review_request_mail"]) == 2
        assert len([kind for _, kind in before if kind == "coupon_mail"]) == 2

        unsent = delivered(stand, "emre@example.sk")  # due at the restore, but nobody was awake
        stand.wait(days=9)
        origin = {"shopify_origin": stand.url} if platform == "shopify" else {}
        with put_back_into(stand, copy, tmp_path, **origin) as harness:
            found = Watch(harness.deps).look_back()
            assert found
            assert dict(found.rows) == {stand.shop_id: 1}
            assert Watch(harness.deps).look_back() is None  # noticed once
            settle(harness)
            stand.job("reconcile")  # what the stores know of the lost days
            settle(harness)
            assert sent(stand) == sorted([*before, ("emre@example.sk", "coupon_mail")])

            waiting = held_rows(stand)
            assert {(row.order_id, row.kind) for row in waiting} == {
                (known, ActionKind.REVIEW_REQUEST_MAIL),
                (later, ActionKind.COUPON_CREATE),
                (later, ActionKind.REVIEW_REQUEST_MAIL),
                (unsent, ActionKind.COUPON_CREATE),
                (unsent, ActionKind.REVIEW_REQUEST_MAIL),
            }
            assert {row.reason.code for row in waiting} == {ReasonCode.RESTORED_BACKUP}
            with harness.shop(stand.shop_id) as data:
                (problem,) = [p for p in data.problems.all_open() if p.key == RESTORED]
                verbs = [line.verb for line in data.journal.of_order(known)]
            assert problem.params == {"n": 5}
            assert "blocked" in verbs

            # The one that was really not sent goes out; the one that was is recognised.
            for order_id in (unsent, known):
                row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
                assert held.let_go(harness.deps, stand.shop_id, row.id)
                assert not held.let_go(harness.deps, stand.shop_id, row.id)
            settle(harness)
            assert sent(stand) == sorted(
                [
                    *before,
                    ("emre@example.sk", "coupon_mail"),
                    ("emre@example.sk", "review_request_mail"),
                ]
            )
            assert held.decide_all(harness.deps, stand.shop_id, go=False) == 3
            settle(harness)
            stand.job("reconcile")
            settle(harness)
            assert held_rows(stand) == []
            assert len(sent(stand)) == len(before) + 2
            with harness.shop(stand.shop_id) as data:
                assert not data.problems.is_open(RESTORED)

            life_goes_on(stand)


def due_shop(stand: Stand) -> str:
    connected(stand)
    order_id = delivered(stand, "zofia@example.sk")
    stand.harness.business.advance(days=9)
    return order_id


@pytest.mark.both_databases
def test_an_announced_restore_holds_what_was_due_begun_or_blocked(
    tmp_path: Path, database_url: str
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        connected(stand)
        blocked_id = delivered(stand, "lubo@example.sk")
        order_id = delivered(stand, "zofia@example.sk")
        stand.harness.business.advance(days=9)
        deps = stand.harness.deps
        row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
        blocked = rows(stand, blocked_id)[ActionKind.REVIEW_REQUEST_MAIL]
        now = stand.harness.business.now()
        with stand.harness.change(stand.shop_id) as data:
            # Its merchant may have mended it, and the mail gone out, in the lost days.
            data.problems.open("scopes_missing", {}, now)
            waits = Reason.of(ReasonCode.PROBLEM_OPEN, problem="scopes_missing")
            assert data.actions.block(blocked, "scopes_missing", waits)
            begun = data.actions.claim(row, stand.harness.wall.now(), row.payload)
            assert begun
            data.messages.reserve(row.id, row.customer_id, row.kind, "<a@b>", now, marketing=True)
        told = continuity.announce(deps)
        assert dict(told.rows) == {stand.shop_id: 2}
        assert told.found.lost_until == now
        assert told.found.lost_since <= now
        stand.harness.wall.advance(minutes=10)
        settle(stand.harness)  # the lease ran out: nobody recovers what the merchant decides
        stand.job("check_connection")  # finds the permissions there: not what these wait for
        assert {each.id for each in held_rows(stand)} == {row.id, blocked.id}
        with stand.harness.shop(stand.shop_id) as data:
            assert [m.state for m in data.messages.all_to(row.customer_id or 0)][-1] == "uncertain"
        assert "review_request_mail" not in {kind for _, kind in sent(stand)}
        assert held.decide_all(deps, stand.shop_id, go=True) == 2
        settle(stand.harness)
        for person in ("zofia@example.sk", "lubo@example.sk"):
            assert sent(stand).count((person, "review_request_mail")) == 1


@pytest.mark.both_databases
def test_a_row_that_is_let_go_is_not_held_again_by_news_of_its_order(
    tmp_path: Path, database_url: str
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        order_id = due_shop(stand)
        continuity.announce(stand.harness.deps)
        row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
        assert held.let_go(stand.harness.deps, stand.shop_id, row.id)
        stand.move(order_id, "touch")  # decided again before a worker comes to it
        stand.deliver()
        settle(stand.harness)
        assert rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL].state is ActionState.DONE


@pytest.mark.both_databases
def test_what_news_of_the_lost_days_moves_into_them_is_held(
    tmp_path: Path, database_url: str
) -> None:
    """Planned for a later day when the backup was made; then the parcel arrived early."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        connected(stand)
        order_id = delivered(stand, "zofia@example.sk")
        stand.harness.business.advance(days=1)
        found = continuity.announce(stand.harness.deps).found
        row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
        assert row.state is ActionState.PLANNED  # not due yet
        earlier = Schedule(
            kind=row.kind,
            dedupe_key=row.dedupe_key,
            due_at=found.lost_until - timedelta(hours=1),
            useful_until=found.lost_until + timedelta(days=30),
            reason=row.reason,
            order_id=order_id,
            payload=row.payload,
        )
        with stand.harness.change(stand.shop_id) as data:
            planner = Planner(stand.harness.deps, data)
            planner.apply(earlier, row.automation, row.customer_id, row.settings_version)
        assert [each.id for each in held_rows(stand)] == [row.id]
        settle(stand.harness)
        assert "review_request_mail" not in {kind for _, kind in sent(stand)}


@pytest.mark.both_databases
def test_a_held_row_that_was_withdrawn_and_planned_again_is_held_again(
    tmp_path: Path, database_url: str
) -> None:
    """Its order was cancelled and came back; the merchant has said nothing."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        order_id = due_shop(stand)
        continuity.announce(stand.harness.deps)
        row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
        cancelled = Reason.of(ReasonCode.ORDER_CANCELLED)
        again = Schedule(
            kind=row.kind,
            dedupe_key=row.dedupe_key,
            due_at=row.due_at,
            useful_until=row.due_at + timedelta(days=30),
            reason=row.reason,
            order_id=order_id,
            payload=row.payload,
        )
        for decision in (Decline(row.kind, row.dedupe_key, cancelled, order_id), again):
            with stand.harness.change(stand.shop_id) as data:
                planner = Planner(stand.harness.deps, data)
                planner.apply(decision, row.automation, row.customer_id, row.settings_version)
        assert [each.id for each in held_rows(stand)] == [row.id]


def test_redis_remembers_each_databases_last_beat(redis: Redis) -> None:
    witness = RedisWitness(redis)
    assert witness.saw("one") is None
    witness.write("one", NOW)
    assert (witness.saw("one"), witness.saw("another")) == (NOW, None)
    redis.set("last-beat:one", "half a da")
    assert witness.saw("one") is None
    lost = RedisWitness(connect("redis://127.0.0.1:1/0"))
    lost.write("one", NOW)
    assert lost.saw("one") is None


def test_an_order_cancelled_meanwhile_withdraws_its_held_row_and_the_problem_ends(
    tmp_path: Path, database_url: str
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        order_id = due_shop(stand)
        continuity.announce(stand.harness.deps)
        stand.move(order_id, "cancel")
        stand.deliver()
        settle(stand.harness)
        row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
        assert (row.state, row.reason.code) == (ActionState.SKIPPED, ReasonCode.ORDER_CANCELLED)
        with stand.harness.shop(stand.shop_id) as data:
            assert not data.problems.is_open(RESTORED)


def test_another_shop_can_neither_see_nor_decide(tmp_path: Path, database_url: str) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        order_id = due_shop(stand)
        continuity.announce(stand.harness.deps)
        row = rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL]
        assert not held.let_go(stand.harness.deps, stand.shop_id + 1, row.id)
        assert not held.withdraw(stand.harness.deps, stand.shop_id + 1, row.id)
        assert held.decide_all(stand.harness.deps, stand.shop_id + 1, go=True) == 0
        assert rows(stand, order_id)[ActionKind.REVIEW_REQUEST_MAIL] == row


@pytest.mark.both_databases
def test_a_database_that_went_back_in_time_is_noticed_by_its_witness(
    tmp_path: Path, database_url: str
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        order_id = due_shop(stand)
        harness, witness = stand.harness, FileWitness(tmp_path)
        watch = Watch(harness.deps, [witness])
        harness.wall.advance(minutes=1)  # the clock of the test so far has stopped
        assert watch.beat("clock")
        assert watch.look_back() is None
        with harness.deps.db.read() as uow:
            identity = database.identified(uow).identity
        harness.wall.advance(minutes=3)  # stopped for a while: no reason to hold anything
        assert watch.beat("clock")
        assert held_rows(stand) == []
        # The database forgot two minutes that the witness remembers.
        harness.wall.advance(minutes=2)
        witness.write(identity, harness.wall.now())
        found = watch.look_back()
        assert found
        assert [row.order_id for row in held_rows(stand)] == [order_id]
        assert watch.look_back() is None
        # Another database in the same directory is none of its business.
        witness.write("another", harness.wall.now() + timedelta(days=2))
        assert watch.look_back() is None


@pytest.mark.both_databases
def test_of_processes_that_notice_it_at_one_moment_one_holds(
    tmp_path: Path, database_url: str
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        order_id = due_shop(stand)
        harness, witness = stand.harness, FileWitness(tmp_path)
        watch = Watch(harness.deps, [witness])
        harness.wall.advance(minutes=1)
        assert watch.beat("clock")
        with harness.deps.db.read() as uow:
            identity = database.identified(uow).identity
        harness.wall.advance(minutes=2)
        witness.write(identity, harness.wall.now())
        start = Barrier(4)

        def notice(_: int) -> bool:
            start.wait()
            return watch.look_back() is not None

        with ThreadPoolExecutor(4) as processes:
            assert sorted(processes.map(notice, range(4))) == [False, False, False, True]
        with harness.shop(stand.shop_id) as data:
            verbs = [line.verb for line in data.journal.of_order(order_id)]
            restoration = database.latest(data.uow)
        assert verbs.count("blocked") == 1
        assert restoration
        assert restoration.id == 1


def test_a_witness_that_cannot_be_read_or_written_is_no_witness(tmp_path: Path) -> None:
    witness = FileWitness(tmp_path / "missing")
    witness.write("a", NOW)
    assert witness.saw("a") is None
    (tmp_path / "last-beat.json").write_text("{half")
    assert FileWitness(tmp_path).saw("a") is None
