"""A merchant at work in a shop with a week of history; real database, real application."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import count
from typing import Any

from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import cookies
from app.bootstrap import build_deps
from app.channels.outbox import OutboxMailbox, OutboxTransport
from app.config import Settings
from app.db.inbox import InboxRow
from app.db.session import Database, Signal
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import Action, ActionState
from app.domain.ids import InboxId
from app.domain.money import Money
from app.domain.reasons import Reason
from app.domain.snapshots import Line, OrderSnapshot, Person, ProductSnapshot
from app.jobs.tasks import TASKS
from app.pipeline.facts import Facts
from app.services import switching
from app.web import create_app
from tests.serving import with_door
from tests.support import MovableClock

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_NUMBERS = count()
DAY = timedelta(days=1)
PEOPLE = (
    ("Žofia", "Nováková", "SK"),
    ("Gülşah", "Çetinkaya", "TR"),
    ("Ľubomír", "Šťastný", "SK"),
    ("Jörg", "Weiß", "DE"),
    ("Emre", "Yıldız", "TR"),
    ("Silvia", "Ďurková", "SK"),
)


def person(n: int) -> Person:
    """One of the customers."""
    first, last, _ = PEOPLE[n % len(PEOPLE)]
    return Person(email=f"kunde{n}@posta.example", first_name=first, last_name=last)


def order(n: int, **changes: Any) -> OrderSnapshot:
    """Order #(4100 + n) of customer n, delivered three days before `NOW`."""
    number = f"#{4100 + n}"
    made = OrderSnapshot(
        order_id=str(4100 + n),
        number=number,
        version=NOW,
        status="completed",
        placed_at=NOW - 6 * DAY,
        total=Money(9_000, "EUR"),
        person=person(n),
        paid=True,
        paid_at=NOW - 6 * DAY,
        delivered_at=NOW - 3 * DAY,
        locale="sk_SK",
        country=PEOPLE[n % len(PEOPLE)][2],
        lines=(
            Line("11", "501", "Peştemal Ege", 2, Money(6_000, "EUR"), variant_title="indigo"),
            Line("12", "502", "Bakır cezve", 1, Money(3_000, "EUR")),
        ),
    )
    return replace(made, **changes)


@dataclass
class MerchantShop:
    """One shop in a running application, and a browser that is signed in to it."""

    deps: Deps
    app: Flask
    shop: Shop
    clock: MovableClock
    signals: list[Signal] = field(default_factory=list)

    @property
    def client(self) -> FlaskClient:
        """A signed-in browser, without redirects."""
        client = self.app.test_client()
        client.set_cookie(*self.cookie())
        return client

    def cookie(self) -> tuple[str, str]:
        """Name and value of the session cookie."""
        response = Response()
        cookies.sign_in(self.deps, response, self.shop, "owner", csrf="csrf-of-the-session")
        name, _, rest = response.headers["Set-Cookie"].partition("=")
        return name, rest.partition(";")[0]

    def get(self, path: str, language: str = "en") -> str:
        """A page's HTML; it must be there."""
        response = self.client.get(path, headers={"Accept-Language": language})
        assert response.status_code == 200, (path, response.status_code, response.text[:400])
        return response.text

    def post(self, path: str, form: Mapping[str, Any] | None = None) -> TestResponse:
        """Submit a form with the session's token."""
        data = {"csrf_token": "csrf-of-the-session", **(form or {})}
        return self.client.post(path, data=data, headers={"Accept": "text/html"})

    @contextmanager
    def read(self) -> Iterator[ShopData]:
        with self.deps.db.read() as uow:
            yield ShopData(uow, self.shop.id)

    @contextmanager
    def write(self) -> Iterator[ShopData]:
        with self.deps.db.write() as uow:
            yield ShopData(uow, self.shop.id)

    def take(self, *orders: OrderSnapshot) -> None:
        """Let orders come in as a poll would bring them: facts, events, plans, journal."""
        row = InboxRow(InboxId(0), "poll", "rest/order", b"", None, NOW)
        with self.write() as data:
            facts = Facts(self.deps, data, row)
            for each in orders:
                facts.take(each)

    def switch_on(self, key: str = "review_request", **settings: Any) -> None:
        """As the merchant does, a week ago."""
        self.clock.at = NOW - 7 * DAY
        switching.switch_on(self.deps, self.shop.id, key, "test")
        if settings:
            with self.read() as data:
                version = switching.stored(data, key).version
            saved = switching.save(
                self.deps, self.shop.id, key, settings, expected_version=version, by="test"
            )
            assert saved.saved, saved
        self.clock.at = NOW

    def work(self) -> None:
        """Run the jobs that were asked for."""
        while self.signals:
            name, arguments = self.signals.pop(0)
            TASKS[name](self.deps, *arguments)

    def action(self, order_id: str, kind: str = "review_request_mail") -> Action:
        with self.read() as data:
            return next(a for a in data.actions.of_order(order_id) if a.kind == kind)

    def end(self, order_id: str, state: ActionState, reason: Reason) -> Action:
        """Give an order's request an end, as performing it would."""
        action = self.action(order_id)
        with self.write() as data:
            assert data.actions.end(action, state, reason, self.clock.now())
        return self.action(order_id)

    def park(self, body: bytes) -> None:
        """A delivery that could not be read."""
        with self.write() as data:
            data.inbox.add(
                dedupe_key=f"parked:{body!r}",
                source="webhook",
                topic="order.updated",
                sealed_body=data.uow.keyring.seal_body(body),
                now=NOW,
            )
            (row,) = data.inbox.pending(1)
            data.inbox.finish(row, "failed", NOW, "order.updated has no id")

    def mails(self) -> list[Any]:
        """What was mailed, newest first."""
        return list(OutboxMailbox(self.deps.settings.data_dir / "outbox").list())


@contextmanager
def merchant_shop(
    database_url: str, data_dir: Any, *, bridge: str = "", **shop_values: Any
) -> Iterator[MerchantShop]:
    """The application with a connected shop; nothing is switched on. `bridge`: App Bridge's."""
    settings = Settings(
        environment="development",
        secret_keys=os.urandom(24).hex(),
        public_url="http://shop.test",
        # nobody listens: limits are counted in the process, for each shop anew
        redis_url=f"redis://127.0.0.1:1/{next(_NUMBERS)}",
        database_url=database_url,
        data_dir=data_dir,
        mail_transport="outbox",
        mail_from="hello@afterglow.example",
        shopify_app_bridge_url=bridge or "https://cdn.shopify.com/app-bridge.js",
        shopify_client_id="client-id",
        shopify_client_secret="client-secret-0123456789-0123456789",
    )
    signals: list[Signal] = []
    built, clock = build_deps(settings), MovableClock(NOW)
    deps = replace(
        built,
        db=Database(built.db.engine, built.db.keyring, signals.append),
        wall=clock,
        business=clock,
        mail=OutboxTransport(data_dir / "outbox"),
    )
    with deps.db.write() as uow:
        shops = Shops(uow)
        opened = NOW - 30 * DAY
        shop = shops.ensure("woocommerce", "https://cinar-breza.example", ShopState.ACTIVE, opened)
        shops.open_installation(shop.id, [], opened)
        values = {
            "name": "Çınar & Breza",
            "url": "https://cinar-breza.example/",
            "language": "sk",
            "timezone": "Europe/Bratislava",
            "country": "SK",
            "colour": "#8a2f3c",
            "history_complete": True,
            **shop_values,
        }
        shops.change(shop.id, **values)
        shops.set_owner_email(shop.id, "eliska@cinar-breza.example")
        shop = shops.get(shop.id)
        data = ShopData(uow, shop.id)
        for product in ("501", "502"):
            data.products.save(ProductSnapshot(product, product, None), NOW)
    found = MerchantShop(deps, with_door(deps, create_app(deps)), shop, clock, signals)
    try:
        yield found
    finally:
        deps.db.engine.dispose()


def text_of(html: str) -> str:
    """What a person reads in a page: tags out, white space folded."""
    visible = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", visible))).strip()
