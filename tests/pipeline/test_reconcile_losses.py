"""One delivery in twenty is lost: after one cycle our projections are what the store has."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from app.domain.returns import ReturnState
from app.domain.snapshots import (
    CustomerSnapshot,
    ObjectKind,
    OrderSnapshot,
    Person,
    ProductSnapshot,
    ReturnedLine,
    ReturnSnapshot,
    Snapshot,
)
from app.pipeline.freshness import read
from app.platforms.base import Received
from tests.pipeline.conftest import WooStore
from tests.pipeline.shopify_store import ShopifyStore, shopify_store
from tests.support import Harness
from twins.shopify.config import Limits

ORDERS = 150
LOST = {"kind": "drop", "percent": 5}
RETURN_MOVES: tuple[tuple[str, ...], ...] = (
    (),
    ("approve-return",),
    ("decline-return",),
    ("cancel-return",),
    ("approve-return", "close-return"),
    ("close-return",),
)


@pytest.fixture
def shopify(tmp_path: Path, database_url: str, public_url: str) -> Iterator[ShopifyStore]:
    plenty = Limits(retry_scale=0.001, bucket_points=1e6, restore_points_per_second=1e6)
    with shopify_store(tmp_path, database_url, public_url, plenty) as store:
        store.enter()
        yield store


def lose(url: str, **otherwise: Any) -> None:
    requests.post(f"{url}/_twin/faults", json=LOST | otherwise, timeout=5).raise_for_status()


def tell(url: str, path: str, **given: Any) -> dict[str, Any]:
    """A move in the store; what it sends is not waited for."""
    answer = requests.post(f"{url}/_twin/{path}", json=given, timeout=15)
    answer.raise_for_status()
    made: dict[str, Any] = answer.json() if answer.content else {}
    return made


def minute(harness: Harness) -> None:
    """Everything sent is taken in; then a minute passes (WooCommerce's versions are seconds)."""
    harness.drain_twins()
    harness.business.advance(minutes=1)
    harness._tell_twins()


def dropped(url: str) -> int:
    summary = requests.get(f"{url}/_twin/deliveries/summary", timeout=5).json()
    return int(summary["dropped"])


def truth(harness: Harness, shop_id: int, kind: ObjectKind, platform_id: str) -> Snapshot | None:
    """An object as the store has it now."""
    shop = harness.get_shop(shop_id)
    store = harness.deps.open_store(shop)
    ports: dict[ObjectKind, Any] = {
        ObjectKind.ORDER: store.orders,
        ObjectKind.PRODUCT: store.products,
        ObjectKind.CUSTOMER: store.customers,
        ObjectKind.RETURN: store.returns,
    }
    fetched = ports[kind].fetch(platform_id)
    if fetched is None:
        return None
    said = harness.deps.platforms[shop.platform].normalise(
        Received(fetched.topic, fetched.body, None, shop.domain, shop.currency)
    )
    assert isinstance(said, list)
    return said[0]


def differing(harness: Harness, shop_id: int, orders: list[str], products: list[str]) -> list[str]:
    """Which orders, persons and products we have otherwise than the store."""
    found = []
    for order_id in orders:
        true = truth(harness, shop_id, ObjectKind.ORDER, order_id)
        assert isinstance(true, OrderSnapshot)
        with harness.shop(shop_id) as data:
            stored, person = data.orders.get(order_id), data.orders.person(order_id)
        ours = replace(stored.order, arrival_watched=false_of(true)) if stored else None
        if ours != replace(true, person=Person()) or person != true.person:
            found.append(f"order {order_id}")
    for product_id in products:
        with harness.shop(shop_id) as data:
            known = data.products.many([product_id]).get(product_id)
        true_product = truth(harness, shop_id, ObjectKind.PRODUCT, product_id)
        assert true_product is None or isinstance(true_product, ProductSnapshot)
        if known != as_told(true_product, known):
            found.append(f"product {product_id}")
    return found


def as_told(true: ProductSnapshot | None, known: ProductSnapshot | None) -> ProductSnapshot | None:
    """As much as we claim to know: the rest of a partial picture is read before it is used."""
    if true is None or known is None or not known.partial:
        return true
    return replace(
        true,
        partial=True,
        url=known.url,
        image_url=known.image_url,
        categories=known.categories,
        regular_prices=known.regular_prices,
    )


def false_of(true: OrderSnapshot) -> bool:
    """What only watching tells is left out of the comparison."""
    return true.arrival_watched


def one_cycle(harness: Harness, shop_id: int) -> None:
    harness.deps.dispatch(("reconcile", (shop_id,)))
    harness.run_jobs()
    harness.wall.advance(minutes=3)  # patient reads become due
    harness.deps.dispatch(("refresh", (shop_id,)))
    harness.run_jobs()


def test_woocommerce(harness: Harness, woo: WooStore) -> None:
    client: Any = harness.deps.open_store(woo.shop).products._client
    products = client.get("products", {"per_page": "20", "_fields": "id,sku"}).rows()
    lose(woo.url)
    orders = []
    for number in range(ORDERS):
        placed = tell(
            woo.url, "orders", email=f"buyer{number % 50}@example.sk", country="SK", language="sk",
            payment_method="card", items=[{"sku": "PES-EGE", "quantity": 1 + number % 3}],
        )  # fmt: skip
        orders.append(str(placed["id"]))
    minute(harness)
    moves = ("complete", "refund", "cancel", "trash", "fulfil", "touch", "process")
    for number, order_id in enumerate(orders):
        tell(woo.url, f"orders/{order_id}/{moves[number % len(moves)]}")
    minute(harness)
    for order_id in orders[3 :: 2 * len(moves)]:
        tell(woo.url, f"orders/{order_id}/restore")
    for product in products:
        client.post(f"products/{product['id']}", {"name": f"Renamed {product['id']}"})
    minute(harness)
    known = known_ones(harness, woo.shop.id, [str(product["id"]) for product in products])

    assert dropped(woo.url) > 20
    lost = differing(harness, woo.shop.id, orders, known)
    assert len(lost) > 5
    one_cycle(harness, woo.shop.id)
    assert differing(harness, woo.shop.id, orders, known) == []


def known_ones(harness: Harness, shop_id: int, ids: list[str]) -> list[str]:
    with harness.shop(shop_id) as data:
        known = list(data.products.many(ids))
    assert known
    return known


@pytest.mark.both_databases
def test_shopify(shopify: ShopifyStore) -> None:
    harness, shop_id = shopify.harness, shopify.shop.id
    products = [str(product["id"]) for product in shopify.see("products")]
    store = harness.deps.open_store(shopify.shop)
    for product_id in products:
        read(harness.deps, shopify.shop, store, ObjectKind.PRODUCT, product_id)
    minute(harness)
    lose(shopify.url)

    def do(action: str, **given: Any) -> dict[str, Any]:
        return tell(shopify.url, f"shops/cinar-breza/{action}", **given)

    orders = []
    for number in range(ORDERS // 3):
        placed = do(
            "create-order", email=f"buyer{number % 50}@example.sk", country="SK", locale="sk",
            items=[{"product": "copper-cezve", "quantity": 1 + number % 3}], first_name="Jana",
            accepts_marketing=True,
        )  # fmt: skip
        orders.append(str(placed["id"]))
    minute(harness)
    for number, order_id in enumerate(orders):
        action, more = (
            ("fulfill", {}), ("refund", {}), ("cancel", {}), ("tags", {"tags": ["vip"]}),
        )[number % 4]  # fmt: skip
        do(action, order_id=int(order_id), **more)
    minute(harness)
    for order_id in orders[::4]:
        do("fulfillment-event", order_id=int(order_id), status="delivered")
    returns = returns_of_every_kind(do, orders[::8])
    minute(harness)
    for path in ("returns", "orders/updated"):  # one would do
        lose(shopify.url, percent=100, path=path)
    unheard_of = returns_of_every_kind(do, orders[4::8])
    lose(shopify.url, percent=50, path="products/update")
    lose(shopify.url, percent=100, path="products/delete")
    for product_id in products:
        do("change-product", product_id=int(product_id), title=f"Renamed {product_id}")
    for product_id in products[-3:]:
        do("delete-product", product_id=int(product_id))
    customers = sorted({int(order["customer_id"]) for order in shopify.see("orders")})[-50:]
    lose(shopify.url, percent=50, path="customers")  # two topics tell of it, one would do
    for customer_id in customers:
        do("consent", customer_id=customer_id, state="UNSUBSCRIBED")
    minute(harness)

    assert dropped(shopify.url) > 20
    lost = differing(harness, shop_id, orders[4::8], products)
    assert set(lost) >= {f"product {product_id}" for product_id in products[-3:]}
    assert differing_returns(harness, shop_id, unheard_of) == unheard_of
    behind = otherwise_minded(harness, shop_id, customers)
    assert behind
    one_cycle(harness, shop_id)
    assert differing(harness, shop_id, orders, products) == []
    assert differing_returns(harness, shop_id, returns + unheard_of) == []
    assert otherwise_minded(harness, shop_id, customers) == []


def returns_of_every_kind(do: Any, orders: list[str]) -> list[str]:
    """Asked for by customers or made by the merchant, and moved on."""
    found = []
    for number, order_id in enumerate(orders):
        asked = number % 6 < 5
        made = do("request-return" if asked else "create-return", order_id=int(order_id))
        for move in RETURN_MOVES[number % len(RETURN_MOVES)]:
            do(move, return_id=made["id"])
        found.append(str(made["id"]))
    return found


def differing_returns(harness: Harness, shop_id: int, returns: list[str]) -> list[str]:
    """Returns that we have otherwise than the store, or not at all."""
    found = []
    for return_id in returns:
        true = truth(harness, shop_id, ObjectKind.RETURN, return_id)
        assert isinstance(true, ReturnSnapshot)
        with harness.shop(shop_id) as data:
            ours = data.returns.by_platform_ref(return_id)
            lines = data.returns.lines([ours.id])[ours.id] if ours else ()
        told = [ReturnedLine(line.line_id, line.quantity, line.reason) for line in lines]
        state = ours and (ReturnState.REQUESTED if ours.state is ReturnState.HELD else ours.state)
        if state != true.state or told != [replace(line, note=None) for line in true.lines]:
            found.append(return_id)
    return found


def otherwise_minded(harness: Harness, shop_id: int, customers: list[int]) -> list[int]:
    """Customers whose consent we have otherwise than the store."""
    found = []
    for customer_id in customers:
        true = truth(harness, shop_id, ObjectKind.CUSTOMER, str(customer_id))
        assert isinstance(true, CustomerSnapshot)
        assert true.consent
        with harness.shop(shop_id) as data:
            ours = data.customers.find_platform(str(customer_id))
            state = data.customers.consent(ours)[0] if ours else None
        if state != true.consent.state:
            found.append(customer_id)
    return found
