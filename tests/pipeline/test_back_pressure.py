"""More deliveries than the database takes: each is answered 200 or 503, and nothing is lost.

The real web process, 32 connections that never pause, and somebody else's lock on the database for
several seconds in the middle. What was told to come again comes again (Shopify), or is polled
(WooCommerce sends once).
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
import pytest
import requests
from sqlalchemy import func, select

from app.cli.run import web_command
from app.config import Settings
from app.db import intake
from app.db.models import inbox
from tests.pipeline.conftest import WooStore, connected_store
from tests.serving import AtOnce
from tests.support import CLIENT_ID, CLIENT_SECRET, SECRET, Harness, close, fixture, make_harness

pytestmark = [pytest.mark.both_databases, pytest.mark.timeout(180)]

CONNECTIONS = 32
DELIVERIES = 1500
LOCKED_SECONDS = 4.0
ANSWERED_WITHIN = 5.0  # seconds: then Shopify hangs up
MAY_GROW = 64 * 1024 * 1024  # bytes
ROOT = Path(__file__).parents[2]


@pytest.fixture
def harness(tmp_path: Path, database_url: str, public_url: str) -> Iterator[Harness]:
    """Everything but the web process, which is a real one at `public_url`."""
    made = make_harness(tmp_path, database_url, public_url)
    yield made
    close(made)


@pytest.fixture
def web(tmp_path: Path, database_url: str, public_url: str, harness: Harness) -> Iterator[Any]:
    """The web process as `afterglow run` starts it; without Redis, which nothing here needs."""
    mine = {name.upper() for name in Settings.model_fields}
    port = public_url.rpartition(":")[2]
    env = {name: value for name, value in os.environ.items() if name not in mine} | {
        "ENVIRONMENT": "development", "DATA_DIR": str(tmp_path), "DATABASE_URL": database_url,
        "SECRET_KEYS": SECRET, "PUBLIC_URL": public_url, "WEB_PORT": port,
        "REDIS_URL": "redis://127.0.0.1:9/0", "SHOPIFY_CLIENT_ID": CLIENT_ID,
        "SHOPIFY_CLIENT_SECRET": CLIENT_SECRET, "ALLOW_LOOPBACK_STORES": "true",
        "MAIL_TRANSPORT": "outbox", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = web_command(harness.deps.settings.model_copy(update={"web_port": int(port)}))
    process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
    try:
        eventually(lambda: requests.get(f"{public_url}/healthz", timeout=1).ok)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(15)


def eventually(ready: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
        except requests.RequestException:
            pass
        assert time.monotonic() < until
        time.sleep(0.05)


class Senders:
    """Shopify's side: connections that send one delivery after the other."""

    def __init__(self, url: str) -> None:
        self._host = url.removeprefix("http://")
        body: dict[str, Any] = fixture("shopify", "orders__updated__documented_2026-07")["body"]
        self._bodies = [json.dumps({**body, "id": 10**9 + n}).encode() for n in range(DELIVERIES)]
        self.answers: list[tuple[int, int, float]] = []  # delivery, status, seconds

    def send(self, which: list[int]) -> Counter[int]:
        """Each of them once; how they were answered."""
        waiting, before = iter(which), len(self.answers)
        lock = threading.Lock()

        def work() -> None:
            connection = http.client.HTTPConnection(self._host, timeout=20)
            while True:
                with lock:
                    number = next(waiting, None)
                if number is None:
                    break
                began = time.monotonic()
                status = self._post(connection, number)
                self.answers.append((number, status, time.monotonic() - began))
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Counter(status for _, status, _ in self.answers[before:])

    def delivery(self, number: int) -> tuple[dict[str, str], bytes]:
        """Headers and body."""
        body = self._bodies[number]
        signature = hmac.digest(CLIENT_SECRET.encode(), body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json", "X-Shopify-Topic": "orders/updated",
            "X-Shopify-Shop-Domain": "crowded.myshopify.com",
            "X-Shopify-Webhook-Id": f"delivery-{number}",
            "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
        }  # fmt: skip
        return headers, body

    def _post(self, connection: http.client.HTTPConnection, number: int) -> int:
        headers, body = self.delivery(number)
        connection.request("POST", "/webhooks/shopify", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@contextmanager
def locked_by_another(database_url: str) -> Iterator[None]:
    """A program that is not ours keeps the inbox from being written."""
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        other = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()
    else:
        with psycopg.connect(database_url) as connection:
            connection.execute("LOCK TABLE inbox IN EXCLUSIVE MODE")
            yield
            connection.rollback()


class Memory:
    """The most that a process and its children held while it was watched."""

    def __init__(self, process: psutil.Process) -> None:
        self._process, self._stop = process, threading.Event()
        self.before = self.most = self._now()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self.most = max(self.most, self._now())

    def _now(self) -> int:
        family = [self._process, *self._process.children(recursive=True)]
        return sum(int(one.memory_info().rss) for one in family)


def stored(harness: Harness, topic: str) -> int:
    with harness.deps.db.read() as uow:
        query = select(func.count()).select_from(inbox).where(inbox.c.topic == topic)
        return int(uow.connection.execute(query).scalar_one())


def test_a_locked_database_loses_nothing(
    harness: Harness, web: psutil.Process, database_url: str, public_url: str
) -> None:
    with connected_store(harness) as woo:
        senders = Senders(public_url)
        senders.send([0])  # the shop's row is there before it is crowded
        rest = list(range(1, DELIVERIES))

        def lock_for_a_while() -> None:
            time.sleep(0.3)
            with locked_by_another(database_url):
                time.sleep(LOCKED_SECONDS)

        other = threading.Thread(target=lock_for_a_while)
        with Memory(web) as memory:
            other.start()
            told = senders.send(rest)
            other.join()

        assert set(told) == {200, 503}
        assert stored(harness, "orders/updated") == told[200] + 1
        assert max(seconds for _, _, seconds in senders.answers) < ANSWERED_WITHIN
        assert memory.most - memory.before < MAY_GROW

        # Shopify sends again what was not acknowledged, and once more what was.
        again = [number for number, status, _ in senders.answers if status == 503]
        assert set(senders.send([*again, *rest[:50]])) == {200}
        assert stored(harness, "orders/updated") == DELIVERIES

        # WooCommerce does not: what it told in vain is polled.
        with locked_by_another(database_url):
            orders = [placed(woo) for _ in range(3)]
            eventually(lambda: failed(woo) > 0)
        requests.post(f"{woo.url}/_twin/deliveries/drain", timeout=30).raise_for_status()
        harness.run_jobs()
        harness.deps.dispatch(("reconcile", (woo.shop.id,)))
        harness.run_jobs()
        with harness.shop(woo.shop.id) as data:
            assert all(data.orders.get(order_id) for order_id in orders)


def test_above_what_may_wait_each_is_told_so_at_once_and_taken_when_it_comes_again(
    harness: Harness, database_url: str, public_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the bound is small; those that found room are answered once they are on disk."""
    monkeypatch.setattr(intake, "_MOST_WAITING", 5)
    door, senders = AtOnce(harness.deps), Senders(public_url)

    def told(which: Iterable[int]) -> dict[int, Future[int]]:
        return {n: door.post("/webhooks/shopify", *senders.delivery(n)) for n in which}

    assert told([0])[0].result(10) == 200
    for first in (1, 1 + CONNECTIONS):  # room is given back
        with locked_by_another(database_url):
            asked = told(range(first, first + CONNECTIONS))
            eventually(lambda now=asked: sum(f.done() for f in now.values()) >= CONNECTIONS // 2)
            refused = {f.result() for f in asked.values() if f.done()}
        taken = [number for number, answer in asked.items() if answer.result(10) == 200]
        assert refused == {503}
        assert len(taken) >= 5
        assert stored(harness, "orders/updated") == first + len(taken)
        for number in asked.keys() - taken:
            assert told([number])[number].result(10) == 200
    assert stored(harness, "orders/updated") == 1 + 2 * CONNECTIONS


def failed(woo: WooStore) -> int:
    """Deliveries of the WooCommerce store that were not taken."""
    summary = requests.get(f"{woo.url}/_twin/deliveries/summary", timeout=5).json()
    return int(summary["total"]["failed"])


def placed(woo: WooStore) -> str:
    made = requests.post(
        f"{woo.url}/_twin/orders",
        json={
            "email": "zofia@example.sk", "country": "SK", "payment_method": "card",
            "items": [{"sku": "PES-EGE", "quantity": 1}],
        },
        timeout=10,
    )  # fmt: skip
    made.raise_for_status()
    return str(made.json()["id"])
