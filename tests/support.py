"""A whole Afterglow in one process for tests: real database, real platforms, twins over HTTP.

Jobs run at once and in this process (`Harness.run_jobs`), with no Redis: what the clock would
enqueue is enqueued by `Harness.tick`.
"""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from app.bootstrap import build_platforms
from app.channels.links import Links
from app.channels.outbox import OutboxMailbox, OutboxTransport
from app.config import Settings
from app.db.crypto import Keyring
from app.db.migrate import upgrade
from app.db.session import Database, Signal, create_engine_for
from app.db.shops import Shop, Shops
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.clocks import WallClock
from app.domain.ids import ShopId
from app.jobs.tasks import TASKS
from app.platforms.base import Fetched
from app.services.connections import StoreOpener

CLIENT_ID, CLIENT_SECRET = "client-id", "client-secret-0123456789-0123456789"
SECRET = "test-secret-0123456789-0123456789-0123456789"


def _wall_now() -> datetime:
    return WallClock().now()  # signatures are judged by the twins' real clocks


def _tomorrow_morning() -> datetime:
    """Business time begins at the same hour whenever a test runs (quiet hours)."""
    return (_wall_now() + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)


@dataclass
class MovableClock:
    """Stands still until a test moves it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def advance(self, **step: float) -> None:
        self.at += timedelta(**step)


@dataclass
class Harness:
    """Deps whose jobs wait in a list until a test runs them."""

    deps: Deps
    wall: MovableClock
    business: MovableClock
    jobs: deque[Signal] = field(default_factory=deque)
    twins: list[str] = field(default_factory=list)

    def follow(self, twin_url: str) -> None:
        """Let a twin live in our business time."""
        self.twins.append(twin_url)
        self._tell_twins()

    def _tell_twins(self) -> None:
        offset = (self.business.at - self.wall.at).total_seconds()
        for url in self.twins:
            requests.post(
                f"{url}/_twin/clock", json={"offset_seconds": int(offset)}, timeout=5
            ).raise_for_status()

    def drain_twins(self) -> None:
        """Wait until the twins have delivered, then do what that asks for."""
        for url in self.twins:
            requests.post(f"{url}/_twin/deliveries/drain", timeout=15).raise_for_status()
        self.run_jobs()

    def run_jobs(self) -> None:
        """Run what was asked for, and what that asks for, until nothing waits."""
        for _ in range(500):
            if not self.jobs:
                return
            name, arguments = self.jobs.popleft()
            TASKS[name](self.deps, *arguments)
        raise AssertionError(f"jobs never end: {list(self.jobs)[:5]}")

    def advance(self, **step: float) -> None:
        """Move business time and do what the clock process would enqueue."""
        self.business.advance(**step)
        self._tell_twins()
        self.tick()

    def tick(self) -> None:
        """One beat of the clock process; a minute of wall time, so that back-offs end."""
        from app.clock import Ticker

        self.wall.advance(minutes=1)
        self.business.advance(minutes=1)
        Ticker(self.deps).tick()
        self.run_jobs()

    def mails(self) -> list[Any]:
        """What was mailed, newest first."""
        return list(OutboxMailbox(self.deps.settings.data_dir / "outbox").list())

    @contextmanager
    def shop(self, shop_id: int) -> Iterator[ShopData]:
        """One shop's repositories in a read transaction."""
        with self.deps.db.read() as uow:
            yield ShopData(uow, ShopId(shop_id))

    @contextmanager
    def change(self, shop_id: int) -> Iterator[ShopData]:
        """One shop's repositories in a write transaction."""
        with self.deps.db.write() as uow:
            yield ShopData(uow, ShopId(shop_id))

    def get_shop(self, shop_id: int) -> Shop:
        with self.deps.db.read() as uow:
            return Shops(uow).get(ShopId(shop_id))


def make_harness(
    tmp_path: Path,
    database_url: str,
    public_url: str = "http://127.0.0.1:8000",
    **overrides: Any,
) -> Harness:
    """A migrated database and everything on top of it."""
    settings = Settings(
        environment="development",
        data_dir=tmp_path,
        database_url=database_url,
        secret_keys=SECRET,
        public_url=public_url,
        shopify_client_id=CLIENT_ID,
        shopify_client_secret=CLIENT_SECRET,
        allow_loopback_stores=True,
        mail_transport="outbox",
        mail_from="hello@afterglow.example",
        **overrides,
    )
    upgrade(settings.database)
    wall, business, jobs = (
        MovableClock(_wall_now()),
        MovableClock(_tomorrow_morning()),
        deque[Signal](),
    )

    def dispatch(signal: Signal) -> None:
        if signal not in jobs:
            jobs.append(signal)

    keyring = Keyring(settings.keys)
    db = Database(create_engine_for(settings.database), keyring, dispatch)
    platforms = build_platforms(settings, wall)
    deps = Deps(
        db=db,
        wall=wall,
        business=business,
        platforms=platforms,
        open_store=StoreOpener(db, platforms, wall),
        mail=OutboxTransport(tmp_path / "outbox"),
        mail_from=settings.mail_from,
        links=Links(settings.public_url, keyring.link_keys()),
        settings=settings,
        dispatch=dispatch,
    )
    return Harness(deps, wall, business, jobs)


def close(harness: Harness) -> None:
    """Let go of the database, so that warnings about open files stay errors."""
    harness.deps.db.engine.dispose()


def switch_on(
    harness: Harness, shop_id: int, automation: str, data: dict[str, Any] | None = None
) -> None:
    """As the merchant's switch does, at the present business time."""
    with harness.change(shop_id) as shop:
        shop.settings.save(
            automation,
            data or {},
            enabled=True,
            # A twin's clock may be a second behind: its orders must not seem to be older.
            active_since=harness.business.now() - timedelta(minutes=1),
            changed_by="test",
            now=harness.wall.now(),
        )


def fixture(platform: str, name: str) -> dict[str, Any]:
    """A recorded delivery: headers and body text."""
    path = Path(__file__).parent / "fixtures" / platform / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def as_fetched(topic: str, platform_id: str, content: Any, version: str) -> Fetched:
    """An object as a port would have read it."""
    return Fetched(topic, platform_id, json.dumps(content).encode(), version)


__all__ = [
    "Harness", "MovableClock", "as_fetched", "close", "fixture", "make_harness", "replace",
    "switch_on",
]  # fmt: skip
