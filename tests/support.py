"""A whole Afterglow in one process for tests: real database, real platforms, twins over HTTP.

Jobs run at once and in this process (`Harness.run_jobs`), with no Redis: what the clock would
enqueue is enqueued by `Harness.tick`.
"""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
from app.domain.ids import ShopId
from app.jobs.tasks import TASKS
from app.platforms.base import Fetched
from app.services.connections import StoreOpener

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SECRET = "test-secret-0123456789-0123456789-0123456789"


@dataclass
class MovableClock:
    """Stands still until a test moves it."""

    at: datetime = START

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

    def run_jobs(self) -> None:
        """Run what was asked for, and what that asks for, until nothing waits."""
        for _ in range(500):
            if not self.jobs:
                return
            name, arguments = self.jobs.popleft()
            TASKS[name](self.deps, *arguments)
        raise AssertionError(f"jobs never end: {list(self.jobs)[:5]}")

    def tick(self, **step: float) -> None:
        """Move both clocks and do what the clock process would enqueue."""
        from app.clock import Ticker

        self.wall.advance(**step)
        self.business.advance(**step)
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


def make_harness(tmp_path: Path, database_url: str, **overrides: Any) -> Harness:
    """A migrated database and everything on top of it."""
    settings = Settings(
        environment="development",
        data_dir=tmp_path,
        database_url=database_url,
        secret_keys=SECRET,
        public_url="http://127.0.0.1:8000",
        shopify_client_id="client-id",
        shopify_client_secret="client-secret-0123456789-0123456789",
        allow_loopback_stores=True,
        mail_transport="outbox",
        mail_from="hello@afterglow.example",
        **overrides,
    )
    upgrade(settings.database)
    wall, business, jobs = MovableClock(), MovableClock(), deque[Signal]()

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
            active_since=harness.business.now(),
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
    "START", "Harness", "MovableClock", "as_fetched", "close", "fixture", "make_harness", "replace",
    "switch_on",
]  # fmt: skip
