"""Every page that a merchant can open, in a shop with 50,000 orders: how long, and how heavy."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app import cookies
from app.bootstrap import build_deps
from app.config import Settings
from app.db.migrate import upgrade
from app.db.shops import Shops
from app.deps import Deps
from app.domain.clocks import Clock
from app.domain.ids import ShopId
from app.web import create_app
from bench.rows import Row, at_most
from bench.shop_of import NOW, BusyShop, shop_of

ORDERS = 50_000
ROUNDS = 20
LIMIT_MS, LIMIT_BYTES = 100, 150_000
_WEIGHT = at_most(LIMIT_BYTES / 1000)

# Pages with what people type or follow: the same address with another question.
QUESTIONS = (
    "/app/activity?automation=review_request&outcome=not_done",
    "/app/activity?q=%23{order_id}",
    "/app/activity?q={email}",
    "/app/activity?from=2026-11-01",
    "/app/why?q=novakova",
    "/app/why?q=nobody+at+all",
    "/app/customers/{busiest_customer}",
    "/app/customers/{busiest_customer}?all",
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was measured."""

    path: str
    status: int
    milliseconds: list[float]
    size: int

    @property
    def p95(self) -> float:
        """All but one answer in twenty came within this time."""
        return sorted(self.milliseconds)[int(len(self.milliseconds) * 0.95) - 1]


@dataclass(frozen=True)
class Site:
    """The application over a busy shop, with a merchant signed in."""

    app: Flask
    deps: Deps
    busy: BusyShop
    client: FlaskClient

    def paths(self) -> Iterator[str]:
        """Every address that a merchant can open. A new part of one needs a value here."""
        values = {
            "order_id": self.busy.order_id,
            "action_id": self.busy.action_id,
            "customer_id": self.busy.customer_id,
            "return_id": self.busy.return_id,
            "key": "review_request",
            "message": "review_request",
            "language": "sk",
            "word": "cancel",
            "step": "approve",
        }
        for rule in self.app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and str(rule).startswith("/app/"):
                yield _built(rule, values)
        known = {"busiest_customer": self.busy.busiest_customer, "email": self.busy.email, **values}
        yield from (question.format(**known) for question in QUESTIONS)


def run() -> list[Row]:
    """The slowest and the heaviest page against the limits, and each page in a line."""
    with site(ORDERS) as found:
        pages = [measure(found, path, ROUNDS) for path in found.paths()]
    slowest = max(pages, key=lambda page: page.p95)
    heaviest = max(pages, key=lambda page: page.size)
    head = [
        Row("slowest page, p95", slowest.p95, "ms", slowest.path, target=at_most(LIMIT_MS)),
        Row("heaviest page", heaviest.size / 1000, "kB", heaviest.path, target=_WEIGHT),
    ]
    return head + [
        Row(f"  {page.path}", page.p95, "ms", f"{page.size / 1000:.0f} kB, {page.status}")
        for page in sorted(pages, key=lambda page: -page.p95)
    ]


def measure(found: Site, path: str, rounds: int) -> Page:
    """Open a page several times; the first time, which compiles its template, does not count."""
    answer = found.client.get(path)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer = found.client.get(path)
        answer.get_data()
        times.append((time.perf_counter() - began) * 1000)
    return Page(path, answer.status_code, times, len(answer.get_data()))


@contextmanager
def site(orders: int, database_url: str = "") -> Iterator[Site]:
    """The real application over a shop with so many orders; on SQLite if no database is named."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            environment="development",
            data_dir=Path(folder),
            database_url=database_url or f"sqlite:///{folder}/bench.db",
            secret_keys="bench-secret-0123456789-0123456789-0123456789",
            redis_url=f"redis://127.0.0.1:1/{os.getpid() % 16}",
            mail_transport="outbox",
            mail_from="hello@afterglow.example",
            log_level="ERROR",
        )
        upgrade(settings.database)
        built, clock = build_deps(settings), Still()
        deps = replace(built, wall=clock, business=clock)
        busy = shop_of(deps.db, orders)
        app = create_app(deps)
        try:
            yield opened(app, deps, busy)
        finally:
            deps.db.engine.dispose()


def opened(app: Flask, deps: Deps, busy: BusyShop) -> Site:
    """The application over a busy shop that is there already."""
    return Site(app, deps, busy, _signed_in(app, deps, busy))


class Still(Clock):
    """It is always the same moment: the one up to which the shop was at work."""

    def now(self) -> datetime:
        """That moment."""
        return NOW


def _signed_in(app: Flask, deps: Deps, busy: BusyShop) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(*session(deps, busy.shop_id))
    return client


def session(deps: Deps, shop_id: ShopId) -> tuple[str, str]:
    """The cookie, name and value, of a merchant who has signed in."""
    with deps.db.read() as uow:
        shop = Shops(uow).get(shop_id)
    response = Response()
    cookies.sign_in(deps, response, shop, "owner", csrf="csrf")
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    return name, rest.partition(";")[0]


def _built(rule: Rule, values: dict[str, object]) -> str:
    wanted = {name: values[name] for name in rule.arguments}
    built = rule.build(wanted, append_unknown=False)
    assert built
    return str(built[1])
