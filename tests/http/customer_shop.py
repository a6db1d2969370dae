"""A shop with one delivered order, as customers' links find it; real database, real application."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from app.bootstrap import build_deps
from app.channels.links import Purpose
from app.channels.outbox import OutboxMailbox, StoredMail
from app.config import Settings
from app.db.return_lists import Wanted
from app.db.returns import ReturnRow
from app.db.session import Database, Signal
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Schedule
from app.domain.ids import CustomerId
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnState
from app.domain.snapshots import Line, OrderSnapshot, Person, ProductSnapshot
from app.pipeline import returns
from app.pipeline.perform import perform_due
from app.pipeline.plan import Planner
from app.pipeline.returns.plans import ReturnPlan
from app.services.rate_limits import rate_limits
from app.web import create_app
from tests.support import MovableClock

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
EMAIL = "zofia@posta.example"
ZOFIA = Person(email=EMAIL, first_name="Žofia", last_name="Nováková", city="Trnava")


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


ORDER = OrderSnapshot(
    order_id="4187",
    number="#4187",
    version=NOW - timedelta(days=7),
    status="completed",
    placed_at=NOW - timedelta(days=12),
    total=euros(9_000),
    person=ZOFIA,
    paid=True,
    paid_at=NOW - timedelta(days=12),
    delivered_at=NOW - timedelta(days=7),
    locale="en_GB",
    country="SK",
    lines=(
        Line("11", "501", "Peştemal Ege", 2, euros(6_000), variant_title="indigo, 100 × 180 cm"),
        Line("12", "502", "Bakır cezve", 1, euros(3_000), variant_title="copper, 3 cups"),
        Line("13", "503", "Gift card", 1, euros(0), is_gift_card=True),
    ),
)
PRODUCTS = (
    ProductSnapshot("501", "Peştemal Ege", None, image_url="https://cdn.example/pestemal.jpg"),
    ProductSnapshot("502", "Bakır cezve", None),
    ProductSnapshot("503", "Gift card", None, reviewable=False),
)


@dataclass
class CustomerShop:
    """One shop in a running application; `signals` are the jobs that were asked for."""

    deps: Deps
    app: Flask
    shop: Shop
    signals: list[Signal] = field(default_factory=list)

    def advance(self, **step: float) -> None:
        """Let time pass, on the wall and in business."""
        for clock in (self.deps.wall, self.deps.business):
            assert isinstance(clock, MovableClock)
            clock.advance(**step)

    @property
    def client(self) -> FlaskClient:
        """A browser without cookies."""
        return self.app.test_client(use_cookies=False)

    def link(self, purpose: Purpose, data: dict[str, str], **query: str) -> str:
        """Path and query of a link, as a mail carries it."""
        parts = urlsplit(self.deps.links.make(purpose, data, **query))
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def review_link(self, order_id: str = "4187", **query: str) -> str:
        return self.link(Purpose.REVIEW, {"s": self.shop.public_ref, "o": order_id}, **query)

    def preferences_link(self, email: str = EMAIL) -> str:
        return self.link(
            Purpose.PREFERENCES, {"s": self.shop.public_ref, "h": self.email_hash(email)}
        )

    def unsubscribe_link(self, scope: str, email: str = EMAIL) -> str:
        data = {"s": self.shop.public_ref, "h": self.email_hash(email), "k": scope}
        return self.link(Purpose.UNSUBSCRIBE, data)

    def email_hash(self, email: str = EMAIL) -> str:
        with self.read() as data:
            return data.customers.email_hash(email) or ""

    def suppressed(self, email: str = EMAIL) -> frozenset[str]:
        value_hash = self.email_hash(email)
        with self.read() as data:
            return data.customers.suppressed_scopes(value_hash)

    @contextmanager
    def read(self) -> Iterator[ShopData]:
        with self.deps.db.read() as uow:
            yield ShopData(uow, self.shop.id)

    @contextmanager
    def write(self) -> Iterator[ShopData]:
        with self.deps.db.write() as uow:
            yield ShopData(uow, self.shop.id)

    def add_order(self, order: OrderSnapshot = ORDER) -> CustomerId:
        """Store or change an order; returns its customer."""
        with self.write() as data:
            customer = data.customers.resolve(order.person, NOW, data.customers.seal(order.person))
            assert customer is not None
            data.customers.update(customer, locale=order.locale)
            data.orders.save(order, customer, data.customers.seal(order.person), NOW)
            for product in PRODUCTS:
                data.products.save(product, NOW)
        return customer

    def plan(self, kind: ActionKind, key: str, customer: CustomerId, **payload: Any) -> None:
        """Work that waits for three more days, as an automation plans it."""
        automation = "review_request" if "review" in kind else "milestone_coupon"
        schedule = Schedule(
            kind=kind,
            dedupe_key=key,
            due_at=NOW + timedelta(days=3),
            useful_until=NOW + timedelta(days=40),
            reason=Reason.of(ReasonCode.AFTER_DELIVERY, n=10, date=NOW),
            order_id="4187",
            payload=payload,
        )
        with self.write() as data:
            Planner(self.deps, data).apply(schedule, automation, customer, 1)

    def action(self, key: str) -> Action:
        with self.read() as data:
            action = data.actions.by_key(key)
        assert action is not None
        return action

    def work(self) -> None:
        """Do what is due, as the worker does."""
        perform_due(self.deps, self.shop.id)

    def mails(self) -> list[StoredMail]:
        """What was mailed, newest first."""
        mailbox = OutboxMailbox(self.deps.settings.data_dir / "outbox")
        found = (mailbox.get(entry.id) for entry in mailbox.list())
        return [mail for mail in found if mail]

    def return_link(self, order_id: str = "4187", then: str = "", **query: str) -> str:
        """The page of an order's returns, or one below it."""
        link = self.link(Purpose.RETURN, {"s": self.shop.public_ref, "o": order_id}, **query)
        path, _, asked = link.partition("?")
        return f"{path}{then}?{asked}" if asked else path + then

    def status_link(self, row: ReturnRow) -> str:
        return self.link(Purpose.RETURN_STATUS, {"s": self.shop.public_ref, "r": row.public_ref})

    def returns(self) -> list[ReturnRow]:
        """All returns of the shop, newest first."""
        with self.read() as data:
            return data.return_lists.page(Wanted(frozenset(ReturnState)), 100)

    def rules(self, **settings: Any) -> None:
        """Switch the rules for returns on."""
        with self.write() as data:
            data.settings.save(
                "returns_approval",
                settings,
                enabled=True,
                active_since=NOW,
                changed_by="t",
                now=NOW,
            )

    def move(
        self, row: ReturnRow, state: ReturnState, answer: str = "", **ruling: Any
    ) -> ReturnRow:
        """Bring a return to a state, as the merchant (or, with a ruling, the rules) would."""
        with self.read() as data:
            words = replace(data.returns.words(row), answer=answer)
        with self.write() as data:
            sealed, by = data.returns.seal(words), "rules" if ruling else "owner"
            moved = returns.move(self.deps, data, row, state, by=by, sealed=sealed, **ruling)
        assert moved is not None
        return moved

    def mail(self, row: ReturnRow, kind: ActionKind) -> StoredMail:
        """The mail about a return as it stands now."""
        with self.write() as data:
            plan = ReturnPlan(self.deps, data, row, self.deps.business.now())
            plan.mail(kind, f"test {kind}", Reason.of(ReasonCode.REQUESTED))
        self.work()
        found = self.mails()[0]
        assert found.entry.kind == kind
        return found

    def state(self) -> list[str]:
        """Everything in the database that a request could have changed, for comparing."""
        with self.deps.db.engine.connect() as connection:
            return list(connection.connection.driver_connection.iterdump())


@contextmanager
def customer_shop(
    database_url: str, data_dir: Path | None = None, **shop_values: Any
) -> Iterator[CustomerShop]:
    """The application with a fresh shop and its order #4187; mails go to `data_dir`."""
    rate_limits.cache_clear()  # they count callers, and all tests are one
    settings = Settings(
        environment="development",
        secret_keys=os.urandom(24).hex(),
        public_url="http://shop.test",
        redis_url="redis://127.0.0.1:1/0",  # nobody listens: limits are counted in the process
        database_url=database_url,
        mail_transport="outbox",
        **({"data_dir": data_dir} if data_dir else {}),
    )
    signals: list[Signal] = []
    built = build_deps(settings)
    deps = replace(
        built,
        db=Database(built.db.engine, built.db.keyring, signals.append),
        wall=MovableClock(NOW),
        business=MovableClock(NOW),
    )
    with deps.db.write() as uow:
        shops = Shops(uow)
        shop = shops.ensure("woocommerce", "https://cinar-breza.example", ShopState.ACTIVE, NOW)
        shops.open_installation(shop.id, [], NOW)
        values = {
            "name": "Çınar & Breza",
            "url": "https://cinar-breza.example/",
            "language": "sk",
            "timezone": "Europe/Bratislava",
            "colour": "#8a2f3c",
            "postal_address": "Çınar & Breza s.r.o., Dolná 14, 969 01 Banská Štiavnica",
            **shop_values,
        }
        shops.change(shop.id, **values)
        shop = shops.get(shop.id)
    found = CustomerShop(deps, create_app(deps), shop, signals)
    found.add_order()
    try:
        yield found
    finally:
        deps.db.engine.dispose()
