"""Many deliveries in one transaction end as the same deliveries one by one, whatever is in them."""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db import models
from app.db.batch import BatchData, Named, batch_of
from app.db.batch.desk import Desk
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.ids import ShopId
from app.domain.money import Money
from app.domain.snapshots import Person
from app.pipeline import interpret
from app.pipeline.facts import Facts
from bench.stories import Posted, at_home, deliveries, life
from tests.support import Harness, close, make_harness

pytestmark = pytest.mark.both_databases

_TABLES = (
    models.orders, models.customers, models.identities, models.consents, models.events,
    models.products, models.actions, models.journal, models.refresh, models.inbox,
    models.coupons, models.returns, models.return_lines,
)  # fmt: skip
# differ from shop to shop
_OWN = {"id", "shop_id", "value_hash", "email_hash", "sealed_body", "due_at_wall", "public_ref"}
_KEYED_BY = {
    "coupon": "customer_id", "return-decide": "return_id", "return-update": "return_id",
    "return-mail": "return_id",
}  # fmt: skip


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    made = make_harness(tmp_path, database_url)
    yield made
    close(made)


@dataclass
class Told:
    """A shop and what was delivered to it."""

    harness: Harness
    shop_id: ShopId

    def post(self, told: Sequence[Posted]) -> None:
        with self.harness.change(self.shop_id) as data:
            home = data.shop.domain
            for number, posted in enumerate(at_home(one, home) for one in told):
                data.inbox.add(
                    dedupe_key=f"{number}:{uuid.uuid4()}",
                    source="webhook",
                    topic=posted.topic,
                    sealed_body=data.uow.keyring.seal_body(posted.body),
                    now=self.harness.wall.now(),
                    triggered_at=posted.at,
                )

    def drain(self, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(interpret, "BATCH", at_once)
        interpret.drain(self.harness.deps, self.shop_id)

    def picture(self) -> dict[str, list[dict[str, Any]]]:
        """All rows, with ids replaced by their place, and what was sealed opened."""
        with self.harness.shop(self.shop_id) as data:
            places = {
                "customer_id": self._places(data, models.customers),
                "merged_into": self._places(data, models.customers),
                "action_id": self._places(data, models.actions),
                "return_id": self._places(data, models.returns),
            }
            return {
                table.name: [
                    self._row(row._mapping, data, places)
                    for row in data.uow.connection.execute(
                        select(table).where(table.c.shop_id == self.shop_id)
                    )
                ]
                for table in _TABLES
            }

    def _places(self, data: ShopData, table: Any) -> dict[int, int]:
        query = select(table.c.id).where(table.c.shop_id == self.shop_id).order_by(table.c.id)
        return {row_id: n for n, (row_id,) in enumerate(data.uow.connection.execute(query))}

    def _row(self, row: Any, data: ShopData, places: dict[str, dict[int, int]]) -> dict[str, Any]:
        values = {name: value for name, value in row.items() if name not in _OWN}
        for name, found in places.items():
            if values.get(name):
                values[name] = found[values[name]]
        if values.get("person"):
            values["person"] = data.uow.keyring.open_json(values["person"])
        if "sealed_body" in row:
            del values["dedupe_key"]
            values["has_body"] = row["sealed_body"] is not None
        what, _, rest = str(values.get("dedupe_key", "")).partition(":")
        if name := _KEYED_BY.get(what):
            whose, _, rest = rest.partition(":")
            values["dedupe_key"] = f"{what}:{places[name][int(whose)]}:{rest}"
        if str(values.get("type", "")).startswith("return_"):  # an event
            values["key"] = places["return_id"][int(values["key"])]
        if payload := values.get("payload"):  # random
            values["payload"] = {
                k: v for k, v in payload.items() if k not in ("code", "message_id", "return_id")
            }
        return values


def a_shop(harness: Harness, platform: str, name: str) -> Told:
    domain = f"{name}.myshopify.com" if platform == "shopify" else f"https://{name}.example"
    now = harness.business.now()
    with harness.deps.db.write() as uow:
        shops = Shops(uow)
        shop = shops.ensure(platform, domain, ShopState.ACTIVE, now)
        shops.open_installation(shop.id, (), now)
        shops.change(shop.id, currency="CHF" if platform == "shopify" else "EUR")
        shops.change(shop.id, history_complete=True)
    with harness.change(shop.id) as data:  # the lives of orders began half an hour ago
        for automation, values in (
            ("review_request", {}),
            ("milestone_coupon", {"nth_orders": [1, 2]}),
        ):
            data.settings.save(
                automation, values, enabled=True, active_since=now.replace(year=now.year - 1),
                changed_by="test", now=now,
            )  # fmt: skip
    return Told(harness, shop.id)


def compared(one: Told, other: Told) -> None:
    """Row by row, so that a difference is readable; products name their shop in addresses."""
    first, second = one.picture(), other.picture()
    for table in first:
        a, b = (sorted(_texts(rows[table]), key=str) for rows in (first, second))
        assert a == b, table


def _texts(rows: list[dict[str, Any]]) -> list[str]:
    texts = (json.dumps(row, default=str, sort_keys=True) for row in rows)
    return [text.replace("one-by-one", "shop").replace("together", "shop") for text in texts]


@pytest.mark.parametrize(
    ("platform", "count", "seed"), [("shopify", 110, 7), ("woocommerce", 170, None)]
)
def test_a_batch_ends_as_its_rows_one_by_one(
    harness: Harness,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    count: int,
    seed: int | None,
) -> None:
    told = deliveries(platform, count, 1, harness.business.now(), customers=3)
    if seed is not None:  # late, early, and some of them twice
        shuffled = random.Random(seed)
        told = [*told, *shuffled.sample(told, 15)]
        shuffled.shuffle(told)
    alone, together = a_shop(harness, platform, "one-by-one"), a_shop(harness, platform, "together")
    for shop, at_once in ((alone, 1), (together, 60)):
        shop.post(told)
        shop.drain(at_once, monkeypatch)
    compared(alone, together)
    with harness.shop(together.shop_id) as data:
        planned = data.actions.counts()
    assert planned["review_request", ActionState.PLANNED] > 3  # there was something to compare
    assert any(automation == "milestone_coupon" for automation, _ in planned)


def order(number: int, at: Any, email: str, **changes: Any) -> Posted:
    """A paid WooCommerce order."""
    first = next(p for p in life("woocommerce", number, at) if "order" in p.topic)
    body = json.loads(first.body)
    body["billing"]["email"] = email
    body |= {
        "status": "processing",
        "date_paid_gmt": body["date_created_gmt"],
        "customer_id": 0,
    } | changes
    return Posted("order.updated", json.dumps(body).encode(), at)


def test_a_bad_row_is_parked_alone(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours while one of forty rows is taken in: 39 are done, in their order."""
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    told = [order(n, now, f"c{n}@posta.example") for n in range(100, 140)]
    shop.post(told)
    take = Facts.take

    def stumbling(self: Facts, snapshot: Any) -> None:
        take(self, snapshot)
        if getattr(snapshot, "order_id", "") == "117":
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Facts, "take", stumbling)
    shop.drain(100, monkeypatch)
    with harness.shop(shop.shop_id) as data:
        assert data.inbox.counts() == {"done": 39, "failed": 1}
        assert data.orders.get("117") is None
        assert data.orders.count() == 39
        assert [line.verb for line in data.journal.all() if line.verb == "failed"] == ["failed"]
        assert data.actions.of_order("117") == []
    monkeypatch.setattr(Facts, "take", take)
    with harness.change(shop.shop_id) as data:
        assert data.inbox.replay_failed() == 1
    shop.drain(100, monkeypatch)
    with harness.shop(shop.shop_id) as data:
        assert data.inbox.counts() == {"done": 40}
        assert data.orders.get("117") is not None


def test_two_rows_of_one_order_and_of_one_customer(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second sees what the first did: a milestone is reached within one batch."""
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    told = [order(n, now, "anna@posta.example") for n in (200, 202, 204, 206, 208)]
    later = order(200, now, "anna@posta.example", total="99.00")
    body = json.loads(later.body) | {"date_modified_gmt": now.strftime("%Y-%m-%dT%H:%M:%S")}
    shop.post([*told, Posted(later.topic, json.dumps(body).encode(), now)])
    shop.drain(100, monkeypatch)
    with harness.shop(shop.shop_id) as data:
        stored = data.orders.get("200")
        assert stored
        assert stored.order.total == Money(9_900, "EUR")
        assert stored.customer_id
        assert len(data.orders.history(stored.customer_id)) == 5
        coupons = [
            action
            for action in data.actions.of_customer(stored.customer_id)
            if action.kind is ActionKind.COUPON_CREATE
        ]
        assert [a.payload["milestone_key"] for a in coupons if "orders" in a.dedupe_key]


def test_a_guest_registers_within_a_batch(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two orders as a guest and one signed in: one customer with three orders."""
    now = harness.business.now()
    alone = a_shop(harness, "woocommerce", "one-by-one")
    together = a_shop(harness, "woocommerce", "together")
    told = [
        order(300, now, "eva@posta.example"),
        order(301, now, "other@posta.example", customer_id=77),
        order(302, now, "eva@posta.example", customer_id=77),
        order(303, now, "eva@posta.example", customer_id=77),
    ]
    for shop, at_once in ((alone, 1), (together, 100)):
        shop.post(told)
        shop.drain(at_once, monkeypatch)
    compared(alone, together)
    with harness.shop(together.shop_id) as data:
        first, last = data.orders.get("300"), data.orders.get("303")
        assert first
        assert last
        assert last.customer_id
        assert first.customer_id == last.customer_id
        assert len(data.orders.history(last.customer_id)) == 4


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("by", ["its code", "its customer"])
def test_a_coupon_is_used_as_soon_as_an_order_of_its_customer_carries_it(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, by: str, *, written: bool
) -> None:
    """The order was somebody else's, whom the batch does not know just then."""
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    shop.post([order(700, now, "anna@posta.example")])
    shop.drain(100, monkeypatch)
    with harness.change(shop.shop_id) as data:
        other = data.customers.resolve(Person(email="eva@posta.example"), now, None)
        stored = data.orders.get("700")
        assert other
        assert stored
        carrying = replace(stored.order, coupon_codes=("WELCOME-1",))
        if by == "its customer":
            data.orders.save(carrying, stored.customer_id, None, None)
        data.coupons.add(
            customer_id=other, email_hash="eva", milestone_key="orders:1", code="WELCOME-1",
            order_id="1", terms={}, now=stored.order.placed_at,
        )  # fmt: skip
        coupon = data.coupons.by_code("WELCOME-1")
        assert coupon
        data.coupons.change(coupon.id, "issued")
    with harness.deps.db.write() as uow, batch_of(uow, shop.shop_id, Named()) as data:
        data.desk.settle()
        data.orders.history(other)
        assert [each.state for each in data.coupons.of_customer(other, [])] == ["issued"]
        data.orders.save(carrying, other, None, None)
        if written:  # as soon as anything is asked that is not known
            data.desk.flush()
        assert [each.state for each in data.coupons.of_customer(other, [])] == ["used"]


def test_somebody_forgotten_stays_so_in_a_batch(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    with harness.change(shop.shop_id) as data:
        data.customers.bury_person(Person(email="gone@posta.example"), now)
    told = [order(n, now, f"c{n}@posta.example") for n in range(400, 405)]
    shop.post([*told, order(410, now, "gone@posta.example")])
    shop.drain(100, monkeypatch)
    with harness.shop(shop.shop_id) as data:
        stored = data.orders.get("410")
        assert stored
        assert stored.customer_id is None
        assert stored.sealed_person is None
        assert data.customers.find_email("gone@posta.example") is None
        bodies = select(models.inbox.c.sealed_body.is_(None)).order_by(models.inbox.c.id)
        dropped = [row[0] for row in data.uow.connection.execute(bodies)]
    assert dropped == [False] * 5 + [True]


class Died(BaseException):
    """As a kill: nobody handles it."""


def test_a_crash_in_the_middle_leaves_nothing_behind(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was written before the worker died is rolled back; the next one does all of it."""
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    shop.post([order(n, now, f"c{n}@posta.example") for n in range(500, 520)])
    harness.jobs.clear()
    flush = Desk.flush

    def dying(desk: Desk) -> None:
        flush(desk)
        written = desk.connection.execute(select(models.orders.c.id)).all()
        if len(written) == 20:
            raise Died

    monkeypatch.setattr(Desk, "flush", dying)
    with pytest.raises(Died):
        shop.drain(100, monkeypatch)
    with harness.shop(shop.shop_id) as data:
        assert data.inbox.counts() == {"pending": 20}
        assert data.orders.count() == data.journal.count() == 0
    assert not harness.jobs
    monkeypatch.undo()
    interpret.drain(harness.deps, shop.shop_id)
    with harness.shop(shop.shop_id) as data:
        assert data.inbox.counts() == {"done": 20}
        assert data.orders.count() == 20


@pytest.mark.only_postgresql  # SQLite's write transaction keeps everybody else out
def test_a_row_changed_by_somebody_else_is_looked_at_again(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker claims the request while a batch, which knows it as planned, withdraws it: the batch
    finds out and asks the claimed row to stop instead of overwriting it.
    """
    now, shop = harness.business.now(), a_shop(harness, "woocommerce", "together")
    done_at = json.loads(order(602, now, "c@posta.example").body)["date_modified_gmt"]
    completed = {"status": "completed", "date_completed_gmt": done_at}
    shop.post([order(602, now, "c@posta.example", **completed)])
    shop.drain(100, monkeypatch)
    read_ahead, claimed = BatchData.read_ahead, []

    def meanwhile(self: BatchData, named: Any) -> None:
        read_ahead(self, named)
        with harness.deps.db.engine.begin() as other:  # past all that keeps writers apart
            taken = (
                models.actions.update()
                .where(models.actions.c.order_id == "602", models.actions.c.state == "planned")
                .values(state="performing", revision=models.actions.c.revision + 1)
                .returning(models.actions.c.id)
            )
            claimed.extend(row_id for (row_id,) in other.execute(taken))

    monkeypatch.setattr(BatchData, "read_ahead", meanwhile)
    stop = {"status": "cancelled", "date_modified_gmt": now.strftime("%Y-%m-%dT%H:%M:%S")}
    shop.post([order(602, now, "c@posta.example", **stop), order(603, now, "d@posta.example")])
    shop.drain(100, monkeypatch)
    assert claimed
    with harness.shop(shop.shop_id) as data:
        assert data.inbox.counts() == {"done": 3}
        stopped = data.actions.get(claimed[0])
    assert stopped
    assert stopped.state is ActionState.PERFORMING
    assert stopped.cancel_requested
