"""Privacy requests: what we hold is handed over, or gone from every row and byte."""

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db.models import metadata
from app.db.privacy import export_by_token
from app.db.reviews import ReviewWords
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionKind, ActionState
from app.domain.decisions import Schedule
from app.domain.errors import Bug
from app.domain.ids import CustomerId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import Control, Person
from app.pipeline.plan import Planner
from app.services import privacy
from tests.pipeline.stands import Shopify, Stand, standing

pytestmark = pytest.mark.both_databases

EMAIL, FIRST, LAST = "Zofia.Novakova@example.sk", "Žofia", "Nováková-Ürün"
OTHER = "kemal@example.com"


@pytest.fixture(params=["woocommerce", "shopify"])
def stand(request: Any, tmp_path: Path, database_url: str) -> Iterator[Stand]:
    with standing(request.param, tmp_path, database_url) as stand:
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        yield stand


@pytest.fixture
def shopify(tmp_path: Path, database_url: str) -> Iterator[Shopify]:
    with standing("shopify", tmp_path, database_url) as stand:
        assert isinstance(stand, Shopify)
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        yield stand


def everything(stand: Stand) -> str:
    """All that the database holds, with every sealed value opened, in lower case."""
    found = []
    with stand.harness.deps.db.read() as uow:
        for table in metadata.sorted_tables:
            for row in uow.connection.execute(select(table)):
                found += [revealed(stand, value) for value in row]
    return "\n".join(found).lower()


def revealed(stand: Stand, value: Any) -> str:
    if not isinstance(value, bytes | memoryview):
        return json.dumps(value, default=str, ensure_ascii=False)
    data = bytes(value)
    try:
        data = stand.harness.deps.db.keyring.open(bytes(value))
        data = stand.harness.deps.db.keyring.open_body(bytes(value))
    except (Bug, zlib.error):
        pass
    text = data.decode(errors="replace")
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


def marks() -> list[str]:
    return [EMAIL.lower(), FIRST.lower(), LAST.lower()]


def shown(stand: Stand) -> list[str]:
    text = everything(stand)
    return [mark for mark in marks() if mark in text]


def life_of(stand: Stand) -> tuple[CustomerId, str]:
    """A customer with an order, its webhooks, a review, a coupon, a plan and a failed row."""
    order_id = stand.order(EMAIL, first_name=FIRST, last_name=LAST)
    stand.order(OTHER, first_name="Kemal", last_name="Demir")
    stand.deliver()
    stand.job("reconcile")
    harness = stand.harness
    now = harness.business.now()
    with harness.change(stand.shop_id) as data:
        customer = data.customers.find_email(EMAIL)
        assert customer
        data.reviews.save(
            order_id=order_id,
            product_id="7",
            customer_id=customer,
            rating=5,
            sealed=data.reviews.seal(ReviewWords(f"Soft. {FIRST}", f"{FIRST} {LAST}")),
            now=now,
        )
        data.coupons.add(
            customer_id=customer,
            email_hash=data.customers.email_hash(EMAIL) or "",
            milestone_key="orders:1",
            code="THANKS1",
            order_id=order_id,
            terms={},
            now=now,
        )
        data.inbox.add(
            dedupe_key="broken",
            source="webhook",
            topic="orders/create",
            sealed_body=data.uow.keyring.seal_body(
                json.dumps({"order_id": order_id, "name": f"{FIRST} {LAST}"}).encode()
            ),
            now=now,
        )
        plan(stand, data, customer, order_id)
    harness.run_jobs()
    return customer, order_id


def plan(stand: Stand, data: ShopData, customer: CustomerId, order_id: str) -> None:
    now = stand.harness.business.now()
    schedule = Schedule(
        kind=ActionKind.REVIEW_REQUEST_MAIL,
        dedupe_key=f"review:{order_id}",
        due_at=now.replace(year=now.year + 1),
        useful_until=now.replace(year=now.year + 2),
        reason=Reason.of(ReasonCode.AFTER_DELIVERY),
        order_id=order_id,
    )
    Planner(stand.harness.deps, data).apply(schedule, "review_request", customer, 0)


def erase(stand: Stand, customer: CustomerId) -> None:
    privacy.erase_customer(stand.harness.deps, stand.shop_id, customer)
    stand.harness.run_jobs()


def open_requests(stand: Stand) -> int:
    with stand.harness.shop(stand.shop_id) as data:
        return len(data.privacy.open_requests())


def test_nothing_of_an_erased_customer_is_left(stand: Stand, tmp_path: Path) -> None:
    customer, order_id = life_of(stand)
    assert shown(stand) == marks()
    erase(stand, customer)
    assert open_requests(stand) == 0
    assert shown(stand) == []
    assert OTHER in everything(stand)
    for file in tmp_path.glob("afterglow.sqlite3*"):
        assert not any(mark.encode() in file.read_bytes().lower() for mark in marks())
    with stand.harness.shop(stand.shop_id) as data:
        action = data.actions.by_key(f"review:{order_id}")
        assert action
        assert (action.state, action.reason.code) == (
            ActionState.CANCELLED,
            ReasonCode.CUSTOMER_ERASED,
        )
        stored = data.orders.get(order_id)
        assert stored
        assert stored.order.total.minor > 0
        (review,) = data.reviews.of_order(order_id)
        assert (review.rating, review.sealed) == (5, None)


def test_nothing_brings_an_erased_customer_back(stand: Stand) -> None:
    customer, order_id = life_of(stand)
    erase(stand, customer)
    stand.wait(minutes=30)
    stand.move(order_id, "fulfil")
    again = stand.order(EMAIL.upper(), first_name=FIRST, last_name=LAST)
    stand.job("reconcile")
    with stand.harness.change(stand.shop_id) as data:
        Shops(data.uow).change(stand.shop_id, history_complete=False)
        data.cursors.clear()
    stand.job("import_history")
    with stand.harness.shop(stand.shop_id) as data:
        stored = data.orders.get(again)
        assert stored
        assert stored.customer_id is None
        assert data.customers.find_email(EMAIL) is None
        email_hash = data.customers.email_hash(EMAIL)
        assert data.customers.suppressed_scopes(email_hash or "") == {"all"}
    assert shown(stand) == []


@pytest.mark.parametrize("step", ["_cancel", "drain", "_clear_bodies", "_clear_rows"])
def test_an_erasure_killed_at_any_step_is_finished(
    shopify: Shopify, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    customer, _ = life_of(shopify)
    privacy.erase_customer(shopify.harness.deps, shopify.shop_id, customer)
    real, calls = getattr(privacy, step), []

    def dies_after_it(*arguments: Any) -> Any:
        real(*arguments)
        calls.append(step)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(privacy, step, dies_after_it)
        with pytest.raises(KeyboardInterrupt):
            privacy.carry_out(shopify.harness.deps, shopify.shop_id)
    assert calls
    assert open_requests(shopify) == 1
    privacy.carry_out(shopify.harness.deps, shopify.shop_id)
    assert open_requests(shopify) == 0
    assert shown(shopify) == []


def test_the_platforms_own_requests(shopify: Shopify) -> None:
    customer, order_id = life_of(shopify)
    shopify_id = next(
        person["id"]
        for person in shopify.call("GET", "/_twin/shops/cinar-breza/customers")
        if person["email"].lower() == EMAIL.lower()
    )
    shopify.do("data-request", customer_id=shopify_id)
    shopify.deliver()
    with shopify.harness.shop(shopify.shop_id) as data:
        (action,) = [a for a in data.actions.of_customer(customer) if a.kind == "data_export_mail"]
        token = str(action.payload["export"])
        found = export_by_token(data.uow, token, shopify.harness.wall.now())
    assert found
    _, name, content = found
    file = json.loads(content)
    assert name.endswith(".json")
    (profile,) = [one["profile"] for one in file["customers"]]
    assert (profile["email"].lower(), profile["first_name"]) == (EMAIL.lower(), FIRST)
    (order,) = file["orders"]
    assert order["order_id"] == order_id
    assert order["reviews"][0]["text"] == f"Soft. {FIRST}"
    assert [event["type"] for event in order["events"]][:2] == ["order_placed", "order_paid"]
    assert file["customers"][0]["coupons"][0]["code"] == "THANKS1"
    assert len(shopify.harness.mails()) == 1
    assert action.state in (ActionState.PLANNED, ActionState.DONE)

    shopify.do("redact-customer", customer_id=shopify_id)
    shopify.deliver()
    assert open_requests(shopify) == 0
    assert shown(shopify) == []
    with shopify.harness.shop(shopify.shop_id) as data:
        assert export_by_token(data.uow, token, shopify.harness.wall.now()) is None


def test_a_person_unknown_to_us(stand: Stand) -> None:
    """The answer is that we hold nothing; who asked to be forgotten stays unknown."""
    harness, nobody = stand.harness, Person(email=EMAIL)
    with harness.change(stand.shop_id) as data:
        data.privacy.ask(Control.DATA_REQUEST, nobody, (), 1001, harness.wall.now())
    stand.job("privacy")
    with harness.shop(stand.shop_id) as data:
        (action,) = [a for a in data.actions.page() if a.kind == "data_export_mail"]
        token = str(action.payload["export"])
        found = export_by_token(data.uow, token, harness.wall.now())
    assert found
    assert json.loads(found[2])["orders"] == []
    with harness.change(stand.shop_id) as data:
        data.privacy.ask(Control.CUSTOMER_REDACT, nobody, (), 1002, harness.wall.now())
    stand.job("privacy")
    assert open_requests(stand) == 0
    with harness.shop(stand.shop_id) as data:
        assert export_by_token(data.uow, token, harness.wall.now()) is None
    assert shown(stand) == []
    order_id = stand.order(EMAIL, first_name=FIRST, last_name=LAST)
    stand.job("reconcile")
    with harness.shop(stand.shop_id) as data:
        stored = data.orders.get(order_id)
        assert stored
        assert stored.customer_id is None


def rows_of(stand: Stand, shop_id: int) -> dict[str, int]:
    with stand.harness.deps.db.read() as uow:
        counted = {}
        for table in metadata.sorted_tables:
            if "shop_id" in table.c:
                query = select(table).where(table.c.shop_id == shop_id)
                if rows := uow.connection.execute(query).all():
                    counted[table.name] = len(rows)
        return counted


def test_a_redacted_shop_leaves_its_name_only(
    shopify: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    life_of(shopify)
    harness = shopify.harness
    with harness.deps.db.write() as uow:
        other = Shops(uow).ensure(
            "woocommerce", "https://x.example", ShopState.ACTIVE, harness.wall.now()
        )
        ShopData(uow, other.id).customers.resolve(Person(email=OTHER), harness.wall.now())
    before = rows_of(shopify, other.id)
    shopify.do("uninstall")
    shopify.deliver()
    shopify.do("redact-shop")
    real, deleted = privacy.delete_some, []

    def dies_in_the_middle(*arguments: Any) -> bool:
        deleted.append(arguments[1].name)
        if len(deleted) == 8:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(privacy, "delete_some", dies_in_the_middle)
        with pytest.raises(KeyboardInterrupt):
            shopify.deliver()
    assert open_requests(shopify) == 1
    shopify.job("privacy")
    assert rows_of(shopify, shopify.shop_id) == {}
    assert shown(shopify) == []
    shop = harness.get_shop(shopify.shop_id)
    assert (shop.state, shop.name, shop.postal_address) == (ShopState.ERASED, "", None)
    assert rows_of(shopify, other.id) == before


def test_a_shop_that_came_back_keeps_its_new_data(shopify: Shopify) -> None:
    shopify.do("redact-shop")
    shopify.order(OTHER)
    shopify.job("reconcile")
    shopify.deliver()
    assert open_requests(shopify) == 0
    assert harness_orders(shopify) > 0


def harness_orders(stand: Stand) -> int:
    with stand.harness.shop(stand.shop_id) as data:
        return data.orders.count()


def test_a_late_delivery_of_an_erased_shop_stores_nobody(shopify: Shopify) -> None:
    shopify.order(EMAIL, first_name=FIRST, last_name=LAST)
    privacy.erase_shop(shopify.harness.deps, shopify.shop_id)
    shopify.deliver()
    assert set(rows_of(shopify, shopify.shop_id)) <= {"inbox", "journal"}
    assert shown(shopify) == []


def test_a_late_delivery_about_an_erased_customer_keeps_no_body(stand: Stand) -> None:
    customer, order_id = life_of(stand)
    erase(stand, customer)
    stand.wait(minutes=30)
    stand.move(order_id, "fulfil")
    stand.order(EMAIL, first_name=FIRST, last_name=LAST)
    stand.deliver()
    with stand.harness.shop(stand.shop_id) as data:
        assert not data.inbox.has_pending("webhook")
    assert shown(stand) == []


def test_the_platforms_id_of_an_erased_customer_is_forgotten(shopify: Shopify) -> None:
    customer, _ = life_of(shopify)
    (shopify_id,) = [
        str(person["id"])
        for person in shopify.call("GET", "/_twin/shops/cinar-breza/customers")
        if person["email"].lower() == EMAIL.lower()
    ]
    assert shopify_id in everything(shopify)
    erase(shopify, customer)
    shopify.job("reconcile")
    assert shopify_id not in everything(shopify)


def test_a_shop_that_was_kept_once_can_be_erased_later(shopify: Shopify) -> None:
    """Connected again while it was being erased; then it left for good."""
    deps = shopify.harness.deps
    with shopify.harness.change(shopify.shop_id) as data:
        data.privacy.ask(Control.SHOP_REDACT, Person(), (), 0, shopify.harness.wall.now())
    shopify.job("privacy")
    life_of(shopify)
    privacy.erase_shop(deps, shopify.shop_id)
    shopify.harness.run_jobs()
    assert rows_of(shopify, shopify.shop_id) == {}
    assert shown(shopify) == []


def test_a_shop_that_comes_back_at_the_last_moment_is_not_blanked(
    shopify: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = privacy.shop_tables

    def then_a_visit() -> Iterator[Any]:
        yield from real()
        shopify.connect()

    with monkeypatch.context() as patch:
        patch.setattr(privacy, "shop_tables", then_a_visit)
        privacy.erase_shop(shopify.harness.deps, shopify.shop_id)
    shopify.job("privacy")
    assert shopify.harness.get_shop(shopify.shop_id).connected
    assert open_requests(shopify) == 0


def test_a_data_request_is_answered_after_the_merchant_left(shopify: Shopify) -> None:
    life_of(shopify)
    shopify_id = next(
        person["id"]
        for person in shopify.call("GET", "/_twin/shops/cinar-breza/customers")
        if person["email"].lower() == EMAIL.lower()
    )
    shopify.do("uninstall")
    shopify.deliver()
    shopify.do("data-request", customer_id=shopify_id)
    shopify.deliver()
    assert not shopify.harness.get_shop(shopify.shop_id).connected
    shopify.harness.tick()
    (mail,) = shopify.harness.mails()
    assert mail.kind == ActionKind.DATA_EXPORT_MAIL


def test_a_file_that_waits_is_sent_although_the_merchant_leaves(shopify: Shopify) -> None:
    harness = shopify.harness
    with harness.change(shopify.shop_id) as data:
        data.privacy.ask(Control.DATA_REQUEST, Person(email=EMAIL), (), 1001, harness.wall.now())
    privacy.carry_out(harness.deps, shopify.shop_id)
    harness.jobs.clear()
    shopify.do("uninstall")
    shopify.deliver()
    harness.tick()
    (mail,) = harness.mails()
    assert mail.kind == ActionKind.DATA_EXPORT_MAIL
