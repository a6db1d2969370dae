"""One shop's long queue is worked off in turns, and others' work is found past it."""

import itertools
import socket
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import event, insert, update

from app.db.actions import shops_with_due_actions
from app.db.inbox import shops_with_pending
from app.db.models import actions
from app.db.session import Signal, UnitOfWork
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.reasons import ReasonCode
from app.domain.snapshots import ObjectKind
from app.jobs import turns
from app.jobs.tasks import TASKS
from app.jobs.turns import Turns
from app.pipeline import perform
from app.services import refreshing, replanning
from tests.pipeline.stands import Stand, standing
from tests.support import Harness, switch_on

AT_ONCE = timedelta(seconds=-1)  # the clocks of a test stand still: over with the first


def due(stand: Stand, count: int) -> None:
    """So many sign-in mails are due."""
    now = stand.harness.business.now()
    with stand.harness.deps.db.write() as uow:
        uow.connection.execute(
            insert(actions),
            [
                {
                    "shop_id": stand.shop_id, "kind": ActionKind.SIGN_IN_MAIL, "automation": "",
                    "dedupe_key": f"due-{n}", "state": ActionState.PLANNED,
                    "payload": {"message_id": f"<due-{n}@afterglow.example>"},
                    "reason": ReasonCode.REQUESTED, "reason_params": {}, "settings_version": 0,
                    "generation": 1, "due_at": now - timedelta(minutes=count - n),
                    "useful_until": now + timedelta(days=1), "created_at": now,
                }
                for n in range(count)
            ],
        )  # fmt: skip


def test_what_is_due_is_performed_in_turns(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.connect()
        stand.harness.jobs.clear()
        due(stand, 3)
        monkeypatch.setattr(perform, "TURN", AT_ONCE)
        again = ("perform", (stand.shop_id,))
        for mails in (1, 2, 3):
            stand.harness.jobs.clear()
            TASKS["perform"](stand.harness.deps, stand.shop_id)
            assert len(stand.harness.mails()) == mails
            assert (again in stand.harness.jobs) == (mails < 3)


def test_what_somebody_waits_for_goes_before_what_is_due_longer(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.connect()
        stand.harness.run_jobs()
        due(stand, 3)
        with stand.harness.deps.db.write() as uow:
            older = actions.c.dedupe_key != "due-2"
            uow.connection.execute(
                update(actions).where(older).values(kind=ActionKind.RETURN_RECEIVED_MAIL)
            )
        monkeypatch.setattr(perform, "TURN", AT_ONCE)
        assert perform.perform_due(stand.harness.deps, stand.shop_id)
        with stand.harness.shop(stand.shop_id) as data:
            done = [a.dedupe_key for a in data.actions.page() if a.state is ActionState.DONE]
        assert done == ["due-2"]


def test_settings_reach_what_waits_turn_by_turn(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.connect()
        stand.harness.run_jobs()
        switch_on(stand.harness, stand.shop_id, "review_request", {"days_after_delivery": 5})
        orders = [stand.order(f"p{n}@example.sk", country="SK") for n in range(3)]
        for order_id in orders:
            for move in ("fulfil", "deliver"):
                stand.wait(seconds=2)  # changes of one second would have to be read once more
                stand.move(order_id, move)
        stand.deliver()
        switch_on(stand.harness, stand.shop_id, "review_request", {"days_after_delivery": 9})
        monkeypatch.setattr(replanning, "TURN", AT_ONCE)
        monkeypatch.setattr(replanning, "CHUNK", 1)
        stand.harness.jobs.clear()
        replanning.replan(stand.harness.deps, stand.shop_id)
        assert versions(stand) == [1, 1, 2]
        assert list(stand.harness.jobs) == [("replan", (stand.shop_id,))]
        stand.harness.run_jobs()
        assert versions(stand) == [2, 2, 2]


def versions(stand: Stand) -> list[int]:
    """Under which settings each review request was decided."""
    with stand.harness.shop(stand.shop_id) as data:
        asks = [a for a in data.actions.page() if a.kind is ActionKind.REVIEW_REQUEST_MAIL]
    return sorted(action.settings_version for action in asks)


def test_reading_again_ends_with_its_turn(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.connect()
        stand.harness.run_jobs()
        orders = [stand.order(f"p{n}@example.sk") for n in range(2)]
        stand.deliver()
        with stand.harness.change(stand.shop_id) as data:
            for order_id in orders:
                data.refreshes.ask(
                    ObjectKind.ORDER, order_id, stand.harness.wall.now(), patient=False
                )
        monkeypatch.setattr(refreshing, "TURN", AT_ONCE)
        assert refreshing.refresh_due(stand.harness.deps, stand.shop_id)
        assert refreshing.refresh_due(stand.harness.deps, stand.shop_id)
        assert not refreshing.refresh_due(stand.harness.deps, stand.shop_id)


@pytest.mark.both_databases
def test_a_shop_finds_its_own_due_work_and_pending_rows_by_index(
    tmp_path: Path, database_url: str
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.connect()
        now, wall = stand.harness.business.now(), stand.harness.wall.now()

        def due_of_shop(uow: UnitOfWork) -> object:
            return ShopData(uow, stand.shop_id).actions.due(now, wall, 10)

        def shops_due(uow: UnitOfWork) -> object:
            return shops_with_due_actions(uow, now, wall)

        def pending(uow: UnitOfWork) -> object:
            return shops_with_pending(uow, wall)

        assert "ix_actions_claimable" in plan(stand.harness, due_of_shop)
        assert "ix_actions_claimable" in plan(stand.harness, shops_due)
        assert "ix_inbox_" in plan(stand.harness, pending)


def plan(harness: Harness, query: Callable[[UnitOfWork], object]) -> str:
    """How the database carries out what is asked in there."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    engine = harness.deps.db.engine
    event.listen(engine, "before_cursor_execute", note)
    with harness.deps.db.read() as uow:
        query(uow)
    event.remove(engine, "before_cursor_execute", note)
    ((statement, parameters),) = asked
    how = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # tables of a test are too small for an index
            connection.exec_driver_sql("SET enable_seqscan = off")
        return str(connection.exec_driver_sql(f"{how} {statement}", parameters).all())


# turns between workers


PERFORM, RECONCILE = ("perform", (7,)), ("reconcile", (7,))


def test_of_one_shop_one_job_has_the_turn(redis: Redis) -> None:
    asked: list[Signal] = []
    one, other = Turns(redis, asked.append), Turns(redis)
    with one.take(PERFORM) as first:
        with other.take(RECONCILE) as second, other.take(("drain", (7,))) as drained:
            assert (first, second, drained) == (True, False, True)
        with other.take(("perform", (8,))) as of_another_shop:
            assert of_another_shop
        assert asked == []
    assert asked == [RECONCILE]  # it was put down, and comes again
    with other.take(RECONCILE) as afterwards:
        assert afterwards
    assert asked == [RECONCILE]


def test_a_job_that_finds_the_turn_ending_takes_it(redis: Redis) -> None:
    """Its predecessor looked for what was put down just before it put itself down."""

    class Late(Redis):
        def sadd(self, name: Any, *values: Any) -> Any:
            redis.delete("turn:7")
            return super().sadd(name, *values)

    redis.set("turn:7", "somebody")
    late = Late(connection_pool=redis.connection_pool)
    with Turns(late).take(PERFORM) as ours:
        assert ours


def test_a_turn_that_ran_out_is_not_ended_for_its_successor(redis: Redis) -> None:
    with Turns(redis).take(PERFORM):
        redis.delete("turn:7")  # as after half a minute
        successor = Turns(redis).take(PERFORM)
        assert successor.__enter__()
    assert redis.exists("turn:7")


def test_what_is_due_rests_after_a_slow_turn_for_as_long(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.chain((100.0,), itertools.repeat(112.0))
    monkeypatch.setattr(turns, "monotonic", lambda: next(seconds))
    with Turns(redis).take(PERFORM) as first:
        assert first
    assert 10_000 < redis.pttl("rest:7") <= 12_000
    with Turns(redis).take(PERFORM) as second:
        assert not second
    with Turns(redis).take(RECONCILE) as other_work:
        assert other_work


def test_a_killed_worker_holds_its_shop_up_for_half_a_minute_at_most(redis: Redis) -> None:
    killed = Turns(redis).take(PERFORM)
    assert killed.__enter__()
    assert 0 < redis.pttl("turn:7") <= 30_000


def test_a_worker_killed_on_this_machine_holds_nobody_up(redis: Redis) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    redis.set("turn:7", f"{socket.gethostname()}-{dead.pid}-token")
    with Turns(redis).take(PERFORM) as ours:
        assert ours


def test_without_redis_nobody_waits() -> None:
    gone = Redis.from_url("redis://127.0.0.1:1/0")
    with Turns(gone).take(PERFORM) as one, Turns(gone).take(PERFORM) as other:
        assert one
        assert other
