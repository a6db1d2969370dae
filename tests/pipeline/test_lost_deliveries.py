"""A full disk loses nothing for good, and a guest who registers keeps the history."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import Connection, event

from app.domain.money import Money
from app.domain.snapshots import BaselineSnapshot, Person
from tests.pipeline.conftest import WooStore
from tests.support import Harness, switch_on


def test_what_a_full_disk_refused_is_found_by_polling(harness: Harness, woo: WooStore) -> None:
    engine = harness.deps.db.engine

    def no_more_pages(connection: Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def room_again(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")

    event.listen(engine, "begin", no_more_pages)
    long_name = secrets.token_hex(60_000)  # does not fit into the room that is left
    placed = requests.post(
        f"{woo.url}/_twin/orders",
        json={
            "email": "zofia@example.sk", "country": "SK", "payment_method": "card",
            "items": [{"sku": woo.skus()[0], "quantity": 1}], "last_name": long_name,
        },
        timeout=10,
    )  # fmt: skip
    placed.raise_for_status()
    requests.post(f"{woo.url}/_twin/deliveries/drain", timeout=15).raise_for_status()
    log = requests.get(f"{woo.url}/_twin/deliveries", timeout=5).json()
    assert {line["status"] for line in log if line["topic"] == "order.created"} == {503}
    event.remove(engine, "begin", no_more_pages)
    event.listen(engine, "begin", room_again)

    harness.wall.advance(minutes=11)
    harness.advance(minutes=11)
    with harness.shop(woo.shop.id) as data:
        stored = data.orders.get(str(placed.json()["id"]))
    assert stored
    assert stored.order.paid


@pytest.mark.both_databases
def test_a_guest_who_registers_keeps_the_orders_and_is_rewarded_once(
    harness: Harness, woo: WooStore
) -> None:
    switch_on(harness, woo.shop.id, "milestone_coupon", {"nth_orders": [3]})
    woo.place(email="petra@example.sk")
    woo.place(email="petra@example.sk")
    made = woo.post("customers", email="petra@example.sk", first_name="Petra")
    for _ in range(3):
        woo.place(email="petra@example.sk", customer_id=made["id"])
        harness.advance(hours=2)
    assert len(woo.coupons()) == 1
    assert len(harness.mails()) == 1


@pytest.mark.both_databases
def test_what_two_customers_bought_before_our_records_is_added_up_when_they_become_one(
    harness: Harness, woo: WooStore
) -> None:
    now = harness.business.now()

    def bought(orders: int, days_ago: int) -> BaselineSnapshot:
        first = now - timedelta(days=days_ago)
        spent = Money(orders * 1000, "EUR")
        return BaselineSnapshot("", None, orders, spent, now - timedelta(days=1), first)

    with harness.change(woo.shop.id) as data:
        people: list[Any] = [
            data.customers.resolve(Person(email=f"{name}@example.sk"), now) for name in "abc"
        ]
        kept, with_history, without = people
        data.customers.set_baseline(kept, bought(2, 300))
        data.customers.set_baseline(with_history, bought(3, 700))
        data.customers.merge(kept, with_history)
        data.customers.merge(without, kept)
        found = data.customers.get(without)
    assert found
    assert found.baseline
    assert (found.baseline.orders, found.baseline.spent) == (5, Money(5000, "EUR"))
    assert found.baseline.first_order_at == now - timedelta(days=700)
