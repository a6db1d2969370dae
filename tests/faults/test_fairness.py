"""One shop with a slow store and a long queue, another beside it: real processes, one worker."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import insert

from app.db import clock
from app.db.models import inbox
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Schedule
from app.domain.ids import ActionId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.jobs.queues import dispatcher
from app.pipeline.plan import Planner
from tests.pipeline.stands import Stand, standing
from tests.support import SECRET, Harness, switch_on

# The promise is five seconds; other tests run beside this one.
LIMIT = 8.0
ORDERS = 20


@pytest.fixture
def noisy(tmp_path: Path, database_url: str) -> Iterator[Stand]:
    """A store with orders that earned a coupon each; our pictures of them are old."""
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.connect()
        stand.harness.run_jobs()
        stand.deliver()
        switch_on(stand.harness, stand.shop_id, "milestone_coupon", {"nth_orders": [1]})
        for number in range(ORDERS):
            stand.order(f"p{number}@example.sk", country="SK")
        read_all(stand)
        stand.wait(minutes=10)
        yield stand


def read_all(stand: Stand) -> None:
    """As the look at changed orders does; what it makes due stays due."""
    from app.jobs.tasks import TASKS

    stand.harness.deps.dispatch(("reconcile", (stand.shop_id,)))
    while stand.harness.jobs:
        name, arguments = stand.harness.jobs.popleft()
        if name != "perform":
            TASKS[name](stand.harness.deps, *arguments)


def test_a_store_that_hardly_answers_keeps_one_of_two_workers_busy(
    noisy: Stand, tmp_path: Path, database_url: str, redis: Redis, valkey_url: str
) -> None:
    harness = noisy.harness
    other = quiet_shop(harness)
    noisy.fault(kind="slow", seconds=9, path="/wp-json/wc/")
    modules = ("app.worker", "app.worker", "app.clock")
    with processes(harness, tmp_path, database_url, valkey_url, *modules):
        eventually(lambda: bool(redis.exists(f"turn:{noisy.shop_id}")), 30)
        time.sleep(2)  # the clock asked for the slow shop again, and for more than one job of it
        planned = ask(harness, other)
        eventually(lambda: state(harness, other, planned) == ActionState.DONE, LIMIT)
        assert done(harness, noisy.shop_id) == 0
        noisy.heal()


def test_a_flood_of_deliveries_keeps_no_other_shop_waiting(
    noisy: Stand, tmp_path: Path, database_url: str, redis: Redis, valkey_url: str
) -> None:
    """One worker; before turns were short, it took 20 s to come back."""
    harness = noisy.harness
    other = quiet_shop(harness)
    flood(harness, noisy.shop_id)
    with processes(harness, tmp_path, database_url, valkey_url, "app.worker", "app.clock"):
        dispatch = dispatcher(redis)
        dispatch(("drain", (noisy.shop_id,)))
        eventually(lambda: pending(harness, noisy.shop_id) < FLOOD, 30)
        flood(harness, other, 1)
        dispatch(("drain", (other,)))
        planned = ask(harness, other)
        eventually(lambda: pending(harness, other) == 0, LIMIT)
        eventually(lambda: state(harness, other, planned) == ActionState.DONE, LIMIT)
        assert pending(harness, noisy.shop_id) > 0


FLOOD = 30_000


def flood(harness: Harness, shop_id: int, count: int = FLOOD) -> None:
    """So many deliveries wait to be read; each says something that we ignore."""
    body = harness.deps.db.keyring.seal_body(b'{"id": 1}')
    now = harness.wall.now()
    with harness.deps.db.write() as uow:
        uow.connection.execute(
            insert(inbox),
            [
                {
                    "shop_id": shop_id, "dedupe_key": f"flood-{n}", "source": "webhook",
                    "priority": 0, "topic": "nobody.knows", "sealed_body": body,
                    "state": "pending", "received_at": now,
                }
                for n in range(count)
            ],
        )  # fmt: skip


def quiet_shop(harness: Harness) -> ShopId:
    """A shop that asks its store for nothing."""
    with harness.deps.db.write() as uow:
        shops = Shops(uow)
        shop = shops.ensure(
            "woocommerce", "https://quiet.example", ShopState.ACTIVE, harness.wall.now()
        )
        shops.open_installation(shop.id, (), harness.business.now())
        shops.set_owner_email(shop.id, "owner@quiet.example")
        shops.change(shop.id, history_complete=True)
        return shop.id


def ask(harness: Harness, shop_id: ShopId) -> ActionId:
    """A merchant wants to sign in."""
    now = harness.business.now()
    with harness.change(shop_id) as data:
        planned = Planner(harness.deps, data).apply(
            Schedule(
                kind=ActionKind.SIGN_IN_MAIL,
                dedupe_key=f"asked:{time.monotonic()}",
                due_at=now,
                useful_until=now + timedelta(days=1),
                reason=Reason.of(ReasonCode.REQUESTED),
                order_id="",
            ),
            "", None, 0,
        )  # fmt: skip
    assert planned
    return planned


def state(harness: Harness, shop_id: ShopId, action_id: ActionId) -> str | None:
    with harness.shop(shop_id) as data:
        action = data.actions.get(action_id)
    return action.state if action else None


def done(harness: Harness, shop_id: int) -> int:
    """How many coupons were made."""
    with harness.shop(shop_id) as data:
        return sum(n for (_, state), n in data.actions.counts().items() if state == "done")


def pending(harness: Harness, shop_id: int) -> int:
    with harness.deps.db.read() as uow:
        return ShopData(uow, ShopId(shop_id)).inbox.counts().get("pending", 0)


def eventually(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


@contextmanager
def processes(
    harness: Harness, data_dir: Path, database_url: str, redis_url: str, *modules: str
) -> Iterator[None]:
    """Ours, on the harness's database and in its business time."""
    with harness.deps.db.write() as uow:
        clock.set_offset(uow, harness.business.now() - harness.wall.now())
    environment = {
        **os.environ, "ENVIRONMENT": "development", "DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEYS": SECRET,
        "ALLOW_LOOPBACK_STORES": "1", "MAIL_TRANSPORT": "outbox",
        "MAIL_FROM": "hello@afterglow.example", "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    root = Path(__file__).resolve().parents[2]
    running = [
        subprocess.Popen([sys.executable, "-m", module], cwd=root, env=environment)
        for module in modules
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
