"""Work that is due: rows as planning would have left them, written in bulk."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Table, insert, text

from app.db.codec import order_doc, person_doc
from app.db.models import actions, customers, identities, messages, orders
from app.db.session import Database
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.ids import ShopId
from app.domain.money import Money
from app.domain.reasons import ReasonCode
from app.domain.snapshots import Line, OrderSnapshot, Person, ProductSnapshot
from app.pipeline.runtime import Runtime

DAY = timedelta(days=1)
_CHUNK = 2_000
_AUTOMATIONS = {
    ActionKind.REVIEW_REQUEST_MAIL: "review_request",
    ActionKind.COUPON_CREATE: "milestone_coupon",
}
_PRODUCT = "777"

Rules = Mapping[str, dict[str, Any]]
ASKS_AND_REWARDS: Rules = {
    "review_request": {"days_after_delivery": 1},
    "milestone_coupon": {"nth_orders": [1]},
}
_AT_ANY_HOUR: Rules = {
    "contact": {"quiet_from_hour": 0, "quiet_until_hour": 0, "budget_messages": 20}
}


def a_shop(db: Database, name: str, now: datetime) -> ShopId:
    """A shop without a store: what is due there has to ask none."""
    with db.write() as uow:
        shops = Shops(uow)
        shop = shops.ensure("woocommerce", f"https://{name}.example", ShopState.ACTIVE, now)
        shops.open_installation(shop.id, (), now - 90 * DAY)
        shops.change(shop.id, name=name, timezone="Europe/Bratislava", currency="EUR", country="SK")
        shops.set_owner_email(shop.id, f"owner@{name}.example")
    return shop.id


def sign_in(rt: Runtime, shop_id: ShopId, due_at: datetime) -> str:
    """A merchant wants to sign in, now or later; returns the mail's Message-ID. The queue is told
    nothing.
    """
    name = f"<sign-in-{secrets.token_hex(8)}@bench>"
    with rt.db.write() as uow:
        uow.connection.execute(
            insert(actions).values(
                shop_id=shop_id, kind=ActionKind.SIGN_IN_MAIL, automation="",
                dedupe_key=name, state=ActionState.PLANNED, payload={"message_id": name},
                reason=ReasonCode.REQUESTED, reason_params={}, settings_version=0, generation=1,
                due_at=due_at, useful_until=due_at + DAY, created_at=due_at,
            )
        )  # fmt: skip
    return name


class DueWork:
    """Orders of customers of their own, with one action each. Pictures of them are fresh."""

    def __init__(
        self, db: Database, shop_id: ShopId, now: datetime, rules: Rules = ASKS_AND_REWARDS
    ) -> None:
        self._db, self._shop_id, self._now = db, shop_id, now
        self._begin(rules)

    def _begin(self, rules: Rules) -> None:
        """An old shop with its automations on, at any hour, and one product."""
        product = ProductSnapshot(_PRODUCT, "Peştemal Ege", self._now - 90 * DAY)
        sent = (
            {"action_id": -n, "kind": ActionKind.REVIEW_REQUEST_MAIL, "marketing": True,
             "message_id": f"<old-{n}@bench>", "state": "sent", "at": self._now - 60 * DAY}
            for n in range(1, 61)
        )  # fmt: skip
        with self._db.write() as uow:
            data = ShopData(uow, self._shop_id)
            data.products.save(product, self._now)
            for key, values in {**rules, **_AT_ANY_HOUR}.items():
                data.settings.save(
                    key, values, enabled=True, active_since=self._now - 80 * DAY,
                    changed_by="bench", now=self._now,
                )  # fmt: skip
            Shops(uow).change(self._shop_id, history_complete=True)
        self._write(messages, sent)

    def plan(self, kind: ActionKind, numbers: range, due_at: datetime) -> None:
        """So many more actions; `numbers` name their orders and customers."""
        first = self._customers(numbers)
        self._write(orders, (self._order(n, first + n - numbers.start) for n in numbers))
        rows = (self._action(kind, n, first + n - numbers.start, due_at) for n in numbers)
        self._write(actions, rows)

    def plan_one(self, kind: ActionKind, number: int, due_at: datetime) -> str:
        """One action more; returns the Message-ID of its mail."""
        self.plan(kind, range(number, number + 1), due_at)
        return self._message_id(kind, number)

    def _message_id(self, kind: ActionKind, number: int) -> str:
        return f"<{kind}-{self._shop_id}-{number}@bench>"

    def pile_up(self, count: int, due_at: datetime) -> None:
        """So many more review requests, of orders that nobody knows. Written by the database."""
        self._write(actions, iter([self._action(ActionKind.REVIEW_REQUEST_MAIL, -1, 0, due_at)]))
        one = "shop_id = :shop AND dedupe_key = 'review_request_mail:-1'"
        names = [column.name for column in actions.columns if column.name != "id"]
        values = ", ".join("'pile-' || n" if name == "dedupe_key" else name for name in names)
        statement = text(
            "WITH RECURSIVE numbers(n) AS"
            " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
            f" INSERT INTO actions ({', '.join(names)})"
            f" SELECT {values} FROM actions, numbers WHERE {one}"
        )
        with self._db.write() as uow:
            uow.connection.execute(statement, {"shop": self._shop_id, "count": count - 1})
            if uow.connection.dialect.name == "postgresql":  # it would by itself, a minute later
                uow.connection.execute(text("ANALYZE actions"))

    def _customers(self, numbers: range) -> int:
        sealed = [self._db.keyring.seal_json(person_doc(_person(n))) for n in numbers[:500]]
        self._sealed = sealed
        people = (
            {"person": sealed[n % len(sealed)], "country": "SK", "locale": "sk_SK",
             "created_at": self._now - 30 * DAY}
            for n in numbers
        )  # fmt: skip
        first = self._write(customers, people)
        with self._db.read() as uow:
            hasher = ShopData(uow, self._shop_id).hasher
        self._write(
            identities,
            (
                {"kind": "email", "value_hash": hasher.fingerprint("email", _email(n)),
                 "customer_id": first + n - numbers.start}
                for n in numbers
            ),
        )  # fmt: skip
        return first

    def _order(self, number: int, customer: int) -> dict[str, Any]:
        placed = self._now - 9 * DAY
        total = Money(6_000, "EUR")
        order = OrderSnapshot(
            order_id=str(10_000_000 + number), number=f"#{number}", version=placed,
            status="completed", placed_at=placed, total=total, person=Person(), paid=True,
            paid_at=placed, fully_fulfilled=True, delivered_at=self._now - 5 * DAY,
            locale="sk_SK", country="SK",
            lines=(Line("11", _PRODUCT, "Peştemal Ege", 2, total),),
        )  # fmt: skip
        return {
            "platform_id": order.order_id, "number": order.number, "customer_id": customer,
            "doc": order_doc(order), "person": self._sealed[number % len(self._sealed)],
            "currency": "EUR", "total_minor": 6_000, "refunded_minor": 0, "cancelled": False,
            "counts": True, "placed_at": placed, "paid_at": placed, "version": placed,
            "read_at": self._now,
        }  # fmt: skip

    def _action(
        self, kind: ActionKind, number: int, customer: int, due_at: datetime
    ) -> dict[str, Any]:
        payload: dict[str, Any] = {"message_id": self._message_id(kind, number)}
        if kind is ActionKind.REVIEW_REQUEST_MAIL:
            item = {"line_id": "11", "product_id": _PRODUCT, "title": "Peştemal Ege"}
            payload["items"] = [item]
        elif kind is ActionKind.COUPON_CREATE:
            payload = {
                "code": f"BENCH-{number:08}", "milestone_key": "orders:1", "percent": 10,
                "valid_days": 60, "minimum_minor": 0, "currency": "EUR",
            }  # fmt: skip
        return {
            "kind": kind, "automation": _AUTOMATIONS.get(kind, ""),
            "dedupe_key": f"{kind}:{number}", "state": ActionState.PLANNED,
            "order_id": str(10_000_000 + number), "customer_id": customer, "payload": payload,
            "reason": ReasonCode.AFTER_DELIVERY, "reason_params": {}, "settings_version": 1,
            "generation": 1, "due_at": due_at, "useful_until": due_at + 12 * DAY,
            "created_at": self._now - DAY,
        }  # fmt: skip

    def _write(self, table: Table, rows: Iterator[dict[str, Any]]) -> int:
        """Insert; returns the first row's id (nobody else writes meanwhile)."""
        first = 0
        while chunk := list(islice(rows, _CHUNK)):
            plain = [{"shop_id": self._shop_id, **row} for row in chunk]
            with self._db.write() as uow:
                uow.connection.execute(insert(table), plain)
                if not first:
                    newest = (
                        table.select().with_only_columns(table.c.id).order_by(table.c.id.desc())
                    )
                    last = uow.connection.execute(newest.limit(1)).scalar_one()
                    first = last - len(plain) + 1
        return first


def _email(number: int) -> str:
    return f"customer{number}@posta.example"


def _person(number: int) -> Person:
    return Person(email=_email(number), first_name="Žofia", last_name=f"Nováková {number}")
