"""What the ports read, against the twin, which executes Shopify's own schema."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from shopify_twin import CLIENT_SECRET, HANDLE, SHOP, Twin, all_pages, now, pictures, whole_order

from app.domain.errors import MerchantMustFix
from app.domain.money import Money
from app.domain.snapshots import BaselineSnapshot, ConsentState, CustomerSnapshot, OrderSnapshot
from app.platforms.base import Delivery, Endpoint, RawRequest, Received, Store
from app.platforms.shopify.platform import Shopify
from app.platforms.shopify.scopes import REQUIRED_SCOPES


def test_what_the_shop_says_about_itself(store: Store) -> None:
    info = store.info()
    assert info.name == "Çınar & Breza"
    assert (info.timezone, info.currency) == ("Europe/Bratislava", "EUR")
    assert (info.country, info.language) == ("SK", "sk")
    assert info.domain == SHOP
    assert (set(info.scopes), info.missing_scopes) == (set(REQUIRED_SCOPES), ())
    assert info.address
    assert "Bratislava" in info.address


def test_an_order_from_payment_to_arrival_and_refund(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    placed = twin.order(accepts_marketing=True)
    order = whole_order(platform, store, placed["id"])
    assert (order.number, order.paid, order.country) == (placed["name"], True, "SK")
    assert (order.person.email, order.person.first_name) == ("jana@example.com", "Jana")
    assert (order.locale, order.checkout_consent) == ("sk", True)
    assert order.total == Money(2 * 3890 + 490, "EUR")
    assert order.paid_at == order.placed_at
    (line,) = order.lines
    assert (line.quantity, line.total) == (2, Money(2 * 3890, "EUR"))

    twin.do("fulfill", order_id=placed["id"])
    arrived = (now() - timedelta(minutes=5)).replace(microsecond=0)
    happened = arrived.strftime("%Y-%m-%dT%H:%M:%SZ")
    twin.do("fulfillment-event", order_id=placed["id"], status="delivered", happened_at=happened)
    order = whole_order(platform, store, placed["id"])
    assert order.fully_fulfilled
    assert [parcel.delivered_at for parcel in order.fulfilments] == [arrived]

    twin.do("refund", order_id=placed["id"], lines={line.line_id: 1})
    order = whole_order(platform, store, placed["id"])
    assert [refund.lines for refund in order.refunds] == [{line.line_id: 1}]
    assert order.paid


def test_cash_on_delivery_is_paid_when_it_was_collected(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    placed = twin.order(gateway="Cash on Delivery (COD)", paid=False)
    assert not whole_order(platform, store, placed["id"]).paid
    twin.do("pay", order_id=placed["id"])
    order = whole_order(platform, store, placed["id"])
    assert order.paid
    assert order.paid_at
    assert order.paid_at >= order.placed_at


def test_an_order_of_many_lines_and_a_refund_of_most_of_them(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    placed = twin.order(items=[{"product": "olive-soap", "quantity": 2}] * 60)
    lines = [str(line["id"]) for line in placed["lines"]]
    twin.do("refund", order_id=placed["id"], lines=dict.fromkeys(lines[:25], 1))
    order = whole_order(platform, store, placed["id"])
    assert [line.line_id for line in order.lines] == lines
    assert order.refunds[0].lines == dict.fromkeys(lines[:25], 1)


def test_webhook_and_fetched_order_show_the_same(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    placed = twin.order()
    twin.do("fulfill", order_id=placed["id"])
    path = f"{twin.url}/_twin/shops/{HANDLE}/orders/{placed['id']}/webhook-body"
    body = requests.get(path, timeout=10).content
    (told,) = platform.normalise(Received("orders/updated", body, None, SHOP))
    assert isinstance(told, OrderSnapshot)
    read = whole_order(platform, store, placed["id"])
    assert told == replace(read, paid_at=None)  # a webhook body does not tell when


def test_what_is_gone_is_none(twin: Twin, store: Store) -> None:
    placed = twin.order()
    twin.do("delete-order", order_id=placed["id"])
    assert store.orders.fetch(str(placed["id"])) is None
    assert store.products.fetch("1") is None
    assert store.customers.fetch("1") is None


def test_changed_and_placed_orders_come_whole_and_by_the_page(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    old = (now() - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    early = twin.order(created_at=old)
    placed = [twin.order(f"c{number}@example.com")["id"] for number in range(12)]
    yesterday = now() - timedelta(days=1)

    pages = all_pages(lambda cursor: store.orders.placed(yesterday, cursor))
    assert len(pages) > 1
    items = [item for page in pages for item in page.items]
    assert [item.platform_id for item in items] == [str(order_id) for order_id in placed]
    (order,) = pictures(platform, items[0])
    assert order.lines
    for page in pages:
        assert page.store_now
        assert abs(page.store_now - now()) < timedelta(minutes=1)

    twin.do("tags", order_id=early["id"], tags=["vip"])
    changed = all_pages(lambda cursor: store.orders.changed(yesterday, cursor))
    ids = {item.platform_id for page in changed for item in page.items}
    assert ids == {str(order_id) for order_id in [early["id"], *placed]}
    everything = all_pages(lambda cursor: store.orders.placed(now() - timedelta(days=60), cursor))
    assert str(early["id"]) in {item.platform_id for page in everything for item in page.items}


def test_nothing_changed_is_an_empty_page(store: Store) -> None:
    page = store.orders.changed(now() + timedelta(hours=1), None)
    assert (list(page.items), page.cursor) == ([], None)


def test_product(twin: Twin, platform: Shopify, store: Store) -> None:
    fetched = store.products.fetch(twin.product())
    assert fetched
    (product,) = pictures(platform, fetched)
    assert product.title == "Peshtemal towel, olive stripe"
    assert product.reviewable
    card = next(p for p in twin.see("products") if p["gift_card"])
    fetched = store.products.fetch(str(card["id"]))
    assert fetched
    assert not pictures(platform, fetched)[0].reviewable


def test_customer_with_consent(twin: Twin, platform: Shopify, store: Store) -> None:
    placed = twin.order(accepts_marketing=True)
    fetched = store.customers.fetch(str(placed["customer_id"]))
    assert fetched
    (customer,) = pictures(platform, fetched)
    assert customer.person.email == "jana@example.com"
    assert customer.consent.state is ConsentState.SUBSCRIBED
    assert (customer.lifetime_orders, customer.country) == (1, "SK")


def test_the_baseline_tells_everybodys_totals_as_of_the_stores_time(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    for _ in range(2):
        placed = twin.order()
    items = [item for page in all_pages(store.customers.baseline) for item in page.items]
    assert len(items) == len(twin.see("customers"))
    (found,) = [item for item in items if item.platform_id == str(placed["customer_id"])]
    customer, baseline = pictures(platform, found)
    assert isinstance(customer, CustomerSnapshot)
    assert isinstance(baseline, BaselineSnapshot)
    assert (baseline.orders, baseline.spent) == (2, Money(2 * (2 * 3890 + 490), "EUR"))
    assert abs(baseline.as_of - now()) < timedelta(minutes=1)
    plain = store.customers.fetch(found.platform_id)
    assert plain
    assert plain.version != found.version


def test_withheld_personal_data_leave_the_rest_readable(
    twin: Twin, platform: Shopify, store: Store
) -> None:
    placed = twin.order()
    twin.do("personal-data", approved=False)
    order = whole_order(platform, store, placed["id"])
    assert (order.person.email, order.person.first_name) == (None, None)
    assert (order.country, order.paid) == ("SK", True)


def test_a_missing_scope_is_the_merchants_to_grant(twin: Twin, store: Store) -> None:
    twin.do("scopes", scopes=["read_products"])
    with pytest.raises(MerchantMustFix) as told:
        store.orders.fetch("1")
    assert told.value.problem == "scopes_missing"


def test_webhooks_that_the_twin_signs_are_accepted(twin: Twin, platform: Shopify) -> None:
    placed = twin.order()
    deadline = now() + timedelta(seconds=10)
    found: list[Any] = []
    while not found:
        assert now() < deadline
        attempts = requests.get(f"{twin.url}/_twin/deliveries", timeout=10).json()
        found = [attempt for attempt in attempts if attempt["topic"] == "orders/paid"]
    sent = requests.get(f"{twin.url}/_twin/deliveries/{found[0]['id']}", timeout=10).json()
    headers = {name.lower(): value for name, value in sent["headers"]}
    request = RawRequest(headers, sent["body"].encode())
    delivery = platform.verify(request, Endpoint((CLIENT_SECRET,)))
    assert isinstance(delivery, Delivery)
    assert delivery.shop_domain == SHOP
    (order,) = platform.normalise(
        Received(delivery.topic, delivery.body, delivery.triggered_at, SHOP)
    )
    assert isinstance(order, OrderSnapshot)
    assert order.order_id == str(placed["id"])
    assert order.paid_at == delivery.triggered_at
