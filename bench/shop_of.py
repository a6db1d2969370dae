"""A shop that was at work for a year: orders, customers, and what automations made of them.

Written in bulk, past all pipelines: the rows are what those would have left. The same every time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Table, insert

from app.db.codec import order_doc, person_doc, product_doc
from app.db.models import (
    actions,
    coupons,
    customers,
    events,
    identities,
    inbox,
    journal,
    messages,
    orders,
    products,
    return_lines,
    returns,
    reviews,
    settings_versions,
    shops,
)
from app.db.session import Database, UnitOfWork
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.ids import ShopId
from app.domain.money import Money
from app.domain.reasons import ReasonCode
from app.domain.snapshots import Line, OrderSnapshot, Person, ProductSnapshot

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)
DAY = timedelta(days=1)
_CHUNK = 2_000
_SPAN = timedelta(days=365)
_PEOPLE = 800  # different names; sealing each anew would only take longer
_PRODUCTS = 60
_FIRST = (
    "Žofia", "Gülşah", "Ľubomír", "Jörg", "Emre", "Silvia", "İpek", "Owen", "Hannah", "Zeynep",
)  # fmt: skip
_LAST = ("Nováková", "Çetinkaya", "Šťastný", "Weiß", "Yıldız", "Ďurková", "Hughes", "Vogel")
_REVIEW = "Krásne utkaná a mäkká, farby ako na obrázku; po praní ostala, aká bola. Odporúčam." * 2
_COUNTRIES = ("SK", "TR", "DE", "GB", "FR", "CZ")
_REFUSALS = (
    ReasonCode.NO_CONSENT,
    ReasonCode.UNSUBSCRIBED,
    ReasonCode.ASKED_RECENTLY,
    ReasonCode.NOTHING_REVIEWABLE,
)

Rows = list[dict[str, Any]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BusyShop:
    """The shop and something of each kind in it, to be looked at."""

    shop_id: ShopId
    order_id: str
    customer_id: int
    busiest_customer: int  # with the longest history
    action_id: int
    return_id: int
    email: str


def shop_of(db: Database, count: int, *, platform: str = "woocommerce", seed: int = 1) -> BusyShop:
    """A new shop with so many orders: three to a customer, and one customer with hundreds."""
    random = Random(seed)
    with db.write() as uow:
        shop_id = _shop(uow, platform, seed)
    filler = _Filler(db, shop_id, random)
    filler.customers(max(1, count // 3))
    filler.orders(count)
    return filler.found()


def _shop(uow: UnitOfWork, platform: str, seed: int) -> ShopId:
    known = Shops(uow)
    domain = f"https://busy-{seed}.example" if platform == "woocommerce" else "busy.myshopify.com"
    shop = known.ensure(platform, domain, ShopState.ACTIVE, NOW - _SPAN)
    known.open_installation(shop.id, (), NOW - _SPAN)
    known.change(
        shop.id,
        name="Çınar & Breza",
        timezone="Europe/Bratislava",
        currency="EUR",
        country="SK",
        language="sk",
        colour="#8a2f3c",
        history_complete=True,
    )
    known.set_owner_email(shop.id, "owner@busy.example")
    for key in ("review_request", "milestone_coupon"):
        uow.connection.execute(
            insert(settings_versions).values(
                shop_id=shop.id, automation=key, version=1, enabled=True, data={},
                changed_by="bench", active_since=NOW - _SPAN, created_at=NOW - _SPAN,
            )
        )  # fmt: skip
    for number in range(_PRODUCTS):
        title = f"Peştemal {number}"
        product = ProductSnapshot(str(500 + number), title, NOW - _SPAN)
        uow.connection.execute(
            insert(products).values(
                shop_id=shop.id, platform_id=product.product_id, doc=product_doc(product),
                gone=False, read_at=NOW,
            )
        )  # fmt: skip
    return shop.id


class _Filler:
    """Writes rows of one shop, some thousand at a time."""

    def __init__(self, db: Database, shop_id: ShopId, random: Random) -> None:
        self._db, self._shop_id, self._random = db, shop_id, random
        people = [_person(number) for number in range(_PEOPLE)]
        self._sealed = [db.keyring.seal_json(person_doc(person)) for person in people]
        self._body = db.keyring.seal_body(b'{"id": 1, "status": "completed"}')
        self._words = db.keyring.seal_json({"text": _REVIEW, "author": "Žofia N."})
        self._docs = [order_doc(_order(number)) for number in range(200)]
        self._first_customer = 1
        self._customers = 0

    def customers(self, count: int) -> None:
        """Customers with one address each."""
        with self._db.read() as uow:
            hasher = ShopData(uow, self._shop_id).hasher
        self._customers = count
        rows = (
            {"person": self._sealed[n % _PEOPLE], "country": _COUNTRIES[n % 6], "locale": "sk_SK",
             "created_at": NOW - _SPAN}
            for n in range(count)
        )  # fmt: skip
        self._first_customer = self._write(customers, rows)
        self._write(
            identities,
            (
                {"kind": "email", "value_hash": hasher.fingerprint("email", _email(n)),
                 "customer_id": self._first_customer + n}
                for n in range(count)
            ),
        )  # fmt: skip

    def orders(self, count: int) -> None:
        """Orders over the year, and what became of each."""
        for numbers in _chunks(iter(range(count))):
            tables: dict[Table, Rows] = {
                table: []
                for table in (orders, events, actions, journal, messages, reviews, coupons, inbox)
            }
            for number in numbers:
                self._order(number, count, tables)
            first = 0
            for table, rows in tables.items():
                if table is actions:
                    first = self._write(actions, iter(rows))
                    for row, line in zip(rows, tables[journal], strict=True):
                        line["action_id"] = first + row.pop("_at")
                    for line in tables[messages]:
                        line["action_id"] += first
                else:
                    self._write(table, iter(rows))
        self._returns(count)

    def _order(self, number: int, count: int, tables: dict[Table, Rows]) -> None:
        random, order_id = self._random, str(1000 + number)
        placed = NOW - _SPAN * ((count - number) / count)
        doc = {
            **self._docs[number % len(self._docs)],
            "order_id": order_id,
            "number": f"#{order_id}",
            "placed_at": placed.isoformat(),
            "paid_at": placed.isoformat(),
        }
        customer = self._customer_of(number)
        total = 2_000 + number % 9_000
        tables[orders].append(
            {"platform_id": order_id, "number": f"#{order_id}", "customer_id": customer,
             "doc": doc, "person": self._sealed[number % _PEOPLE], "currency": "EUR",
             "total_minor": total, "refunded_minor": 0, "cancelled": False, "counts": True,
             "placed_at": placed, "paid_at": placed, "version": placed, "read_at": placed}
        )  # fmt: skip
        for kind, wait in (("order_placed", 0), ("order_paid", 0), ("order_delivered", 4)):
            at = placed + DAY * wait
            tables[events].append(
                {"type": kind, "subject": order_id, "key": "1", "customer_id": customer,
                 "data": {}, "occurred_at": at, "known_at": at}
            )  # fmt: skip
        tables[inbox].append(
            {"dedupe_key": f"order:{order_id}", "source": "webhook", "priority": 0,
             "topic": "order.updated",
             "sealed_body": self._body if number > count - 5_000 else None,
             "state": "done", "received_at": placed, "interpreted_at": placed}
        )  # fmt: skip
        self._request(order_id, customer, placed, tables)
        if number % 25 == 0:
            self._coupon(order_id, customer, placed, tables)
        if random.random() < 0.08:
            tables[reviews].append(
                {"order_id": order_id, "product_id": "500", "customer_id": customer,
                 "rating": random.randint(3, 5), "sealed": self._words, "revision": 1,
                 "published_revision": 1, "created_at": placed + 14 * DAY,
                 "updated_at": placed + 14 * DAY}
            )  # fmt: skip

    def _customer_of(self, number: int) -> int:
        """Every fortieth order is of one customer, who is everybody's best."""
        at = 0 if number % 40 == 0 else number // 3
        return self._first_customer + min(at, self._customers - 1)

    def _request(
        self, order_id: str, customer: int, placed: datetime, tables: dict[Table, Rows]
    ) -> None:
        """A review request: planned if its time is to come, else done or refused."""
        random, due = self._random, placed + 11 * DAY
        if due > NOW:
            state, reason = ActionState.PLANNED, ReasonCode.AFTER_DELIVERY
        elif random.random() < 0.6:
            state, reason = ActionState.DONE, ReasonCode.SENT
        else:
            state, reason = ActionState.SKIPPED, random.choice(_REFUSALS)
        self._action(
            tables, ActionKind.REVIEW_REQUEST_MAIL, "review_request", order_id, customer,
            state=state, reason=reason, due=due,
        )  # fmt: skip

    def _coupon(
        self, order_id: str, customer: int, placed: datetime, tables: dict[Table, Rows]
    ) -> None:
        self._action(
            tables, ActionKind.COUPON_CREATE, "milestone_coupon", order_id, customer,
            state=ActionState.DONE, reason=ReasonCode.CREATED_IN_STORE, due=placed,
        )  # fmt: skip
        tables[coupons].append(
            {"customer_id": customer, "email_hash": order_id, "milestone_key": f"orders:{order_id}",
             "code": f"THANKS-{order_id}", "state": "issued", "order_id": order_id,
             "platform_ref": order_id, "terms": {"percent": 10}, "created_at": placed}
        )  # fmt: skip

    def _action(
        self,
        tables: dict[Table, Rows],
        kind: ActionKind,
        automation: str,
        order_id: str,
        customer: int,
        *,
        state: ActionState,
        reason: ReasonCode,
        due: datetime,
    ) -> None:
        ended = None if state is ActionState.PLANNED else due
        at = len(tables[actions])
        tables[actions].append(
            {"_at": at, "kind": kind, "automation": automation, "dedupe_key": f"{kind}:{order_id}",
             "state": state, "order_id": order_id, "customer_id": customer, "payload": {},
             "reason": reason, "reason_params": {}, "settings_version": 1, "generation": 1,
             "revision": 1, "attempt": 1 if ended else 0, "cancel_requested": False,
             "due_at": due, "useful_until": due + 60 * DAY, "created_at": due - 7 * DAY,
             "ended_at": ended}
        )  # fmt: skip
        tables[journal].append(
            {"verb": state, "order_id": order_id, "customer_id": customer, "what": kind,
             "reason": reason, "params": {}, "at": ended or due - 7 * DAY}
        )  # fmt: skip
        if state is ActionState.DONE and kind.endswith("_mail"):
            tables[messages].append(
                {"customer_id": customer, "action_id": at, "kind": kind, "marketing": True,
                 "message_id": f"<{order_id}@bench>", "state": "sent", "at": due}
            )  # fmt: skip

    def _returns(self, count: int) -> None:
        """One order in fifty comes back; the newest are left to the merchant."""
        many = max(1, count // 50)
        states = ("refunded", "closed", "declined", "approved")
        rows: Rows = []
        for number in range(many):
            at = NOW - _SPAN * ((many - number) / many)
            held = number > many - 30
            rows.append(
                {"number": number + 1, "public_ref": f"ref-{self._shop_id}-{number}",
                 "order_id": str(1000 + number * 50),
                 "customer_id": self._customer_of(number * 50),
                 "kind": "return", "origin": "customer",
                 "state": "held" if held else states[number % 4],
                 "decided_by": None if held else "rules", "value_minor": 3_000, "currency": "EUR",
                 "revision": 1, "requested_at": at, "decided_at": None if held else at}
            )  # fmt: skip
        self._first_return = self._write(returns, iter(rows))
        lines = (
            {"return_id": self._first_return + n, "line_id": "11", "title": "Peştemal Ege",
             "quantity": 1, "reason": "too_small", "value_minor": 3_000}
            for n in range(many)
        )  # fmt: skip
        self._write(return_lines, lines)
        with self._db.write() as uow:
            uow.connection.execute(
                shops.update().where(shops.c.id == self._shop_id).values(return_count=many)
            )

    def _write(self, table: Table, rows: Iterator[dict[str, Any]]) -> int:
        """Insert; returns the id of the first row (nobody else writes meanwhile)."""
        first = 0
        for chunk in _chunks(rows):
            plain = [
                {"shop_id": self._shop_id, **{k: v for k, v in row.items() if k != "_at"}}
                for row in chunk
            ]
            with self._db.write() as uow:
                uow.connection.execute(insert(table), plain)
                if not first:
                    newest = table.c.id.desc()
                    query = table.select().with_only_columns(table.c.id).order_by(newest).limit(1)
                    first = uow.connection.execute(query).scalar_one() - len(plain) + 1
        return first

    def found(self) -> BusyShop:
        """Something of each kind: an order and its action that wait, somebody's address."""
        with self._db.read() as uow:
            data = ShopData(uow, self._shop_id)
            newest = data.orders.newest_persons(1)[0]
            action = data.actions.of_order(newest.order_id)[0]
            customer = newest.customer_id or 0
        return BusyShop(
            shop_id=self._shop_id,
            order_id=newest.order_id,
            customer_id=customer,
            busiest_customer=self._first_customer,
            action_id=action.id,
            return_id=self._first_return,
            email=_email(customer - self._first_customer),
        )


def _chunks(rows: Iterator[T]) -> Iterator[list[T]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _email(number: int) -> str:
    return f"customer{number}@posta.example"


def _person(number: int) -> Person:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]
    return Person(email=_email(number), first_name=first, last_name=f"{last} {number}")


def _order(number: int) -> OrderSnapshot:
    lines: Sequence[Line] = (
        Line("11", str(500 + number % _PRODUCTS), "Peştemal Ege", 2, Money(6_000, "EUR")),
        Line("12", str(500 + (number + 7) % _PRODUCTS), "Bakır cezve", 1, Money(3_000, "EUR")),
    )
    return OrderSnapshot(
        order_id="1", number="1", version=NOW, status="completed", placed_at=NOW,
        total=Money(9_000, "EUR"), person=Person(), paid=True, paid_at=NOW,
        delivered_at=NOW - 3 * DAY, locale="sk_SK", country=_COUNTRIES[number % 6],
        lines=tuple(lines),
    )  # fmt: skip
