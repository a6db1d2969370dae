"""Each delivery of a real WooCommerce store, through verify, receive and interpret: what it makes.

The captures are one store's life, so each is also played in its place among the others.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.db.shops import Shop, Shops, ShopState
from app.pipeline.interpret import drain
from app.platforms.base import Delivery, Endpoint, Ping, RawRequest, Refusal
from tests.serving import take
from tests.support import Harness, close, make_harness

FOLDER = Path(__file__).parents[1] / "fixtures" / "woocommerce"
PLACED, PAID = "order_placed", "order_paid"
COMPLETED, CANCELLED = "order_completed", "order_cancelled"

# capture → the order, its facts, what is read again
ORDERS: dict[str, tuple[str, list[str], str]] = {
    "order-create-pending-0-order.created": ("19", [PLACED], ""),
    "order-create-pending-1-order.updated": ("19", [PLACED], ""),
    "order-processing-0-order.updated": ("19", [PLACED, PAID], ""),
    "order-completed-0-order.updated": ("19", [PLACED, PAID, COMPLETED], ""),
    # a refund is named without its time and lines
    "refund-partial-1-order.updated": ("19", [PLACED, PAID, COMPLETED], "order:19"),
    "order-create-paid-0-order.created": ("22", [PLACED, PAID], ""),
    "order-create-paid-1-order.updated": ("22", [PLACED, PAID], ""),
    "order-create-3-0-order.created": ("23", [PLACED], ""),
    "order-create-3-1-order.updated": ("23", [PLACED], ""),
    "coalesced-0": ("25", [PLACED, PAID, COMPLETED], ""),
    "storefront-draft-0-order.updated": ("29", [], ""),
    "storefront-place-with-another-mail-0-order.updated": ("31", [], ""),
    "storefront-placed-0-order.updated": ("31", [PLACED], ""),
    "storefront-placed-1-order.created": ("31", [PLACED], ""),
    "storefront-order-completed-0-order.updated": ("31", [PLACED, PAID, COMPLETED], ""),
    "order-cancel-after-complete-0-order.updated": (
        "31", [PLACED, PAID, COMPLETED, CANCELLED], "",
    ),
    "order-meta-only-0-order.updated": ("40", [PLACED, PAID, COMPLETED], "order:40"),
    "webhook-after-key-deleted-0-order.updated": ("40", [PLACED, PAID, COMPLETED], "order:40"),
    "webhook-after-key-deleted-1-order.updated": ("40", [PLACED, PAID, COMPLETED], "order:40"),
    "webhook-owner-demoted-1-order.updated": ("40", [PLACED, PAID, COMPLETED], "order:40"),
    "same-delivery-id-0": ("44", [PLACED], ""),
    "same-delivery-id-1": ("45", [PLACED], ""),
    "same-delivery-id-2": ("46", [PLACED], ""),
}  # fmt: skip
DELETES = {"order-trash-0-order.deleted": "order:22", "order-trash2-0-order.deleted": "order:31"}
IGNORED = (
    "created-then-force-deleted-0",  # a signed 404 in place of the order
    "created-then-force-deleted-1",
    "coupon-create-0-coupon.created",
)
PRODUCTS = {
    "to-500": "11",
    "order-cancel-after-complete-1-product.updated": "10",
    "order-processing-1-product.updated": "10",
    "product-update-0-product.updated": "10",
    "refund-partial-0-product.updated": "10",
    "review-create-0-product.updated": "10",
    "storefront-placed-2-product.updated": "10",
}
CUSTOMERS = ("customer-create-0-customer.created",)
UNSIGNED = ("no-secret",)  # a webhook made without a secret: nobody can tell who sends it


def capture(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return read


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json") if "body" in capture(path.stem))


class Store:
    """Takes captures as the web process and the drain do."""

    def __init__(self, harness: Harness, shop: Shop) -> None:
        self.harness = harness
        self.shop = shop

    def take(self, name: str) -> str:
        """What became of the request: a refusal's code, "ping", "accepted" or "duplicate"."""
        seen = capture(name)
        headers = {key.lower(): value for key, value in seen["headers"]}
        topic = headers.get("x-wc-webhook-topic") or name.removeprefix("ping-")
        endpoint = Endpoint((seen.get("secret") or "ours",), f"token-{topic}", topic)
        request = RawRequest(headers, seen["body"].encode())
        said = self.harness.deps.platforms["woocommerce"].verify(request, endpoint)
        if isinstance(said, Refusal):
            return said.code
        if isinstance(said, Ping):
            return "ping"
        assert isinstance(said, Delivery)
        before = self.rows()
        take(self.harness.deps, said, self.shop.id)
        new = self.rows() != before
        drain(self.harness.deps, self.shop.id)
        return "accepted" if new else "duplicate"

    def rows(self) -> dict[str, int]:
        with self.harness.shop(self.shop.id) as data:
            return data.inbox.counts()

    def facts(self, order_id: str) -> list[str]:
        with self.harness.shop(self.shop.id) as data:
            return [event.type for event in data.events.of_order(order_id)]

    def read_again(self) -> str:
        with self.harness.shop(self.shop.id) as data:
            due = data.refreshes.due(self.harness.wall.now())
        return ",".join(f"{row.kind}:{row.platform_id}" for row in due)

    def email_of(self, order_id: str) -> str | None:
        with self.harness.shop(self.shop.id) as data:
            return data.orders.person(order_id).email


def connected(harness: Harness, address: str) -> Store:
    now = harness.wall.now()
    with harness.deps.db.write() as uow:
        shop = Shops(uow).ensure("woocommerce", address, ShopState.CONNECTING, now)
        Shops(uow).open_installation(shop.id, (), now)
    return Store(harness, harness.get_shop(shop.id))


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    made = make_harness(tmp_path, database_url)
    yield made
    close(made)


@pytest.fixture
def store(harness: Harness) -> Store:
    return connected(harness, "http://127.0.0.1:8088")


def test_every_capture_is_in_one_of_the_tables() -> None:
    tables = (ORDERS, DELETES, IGNORED, PRODUCTS, CUSTOMERS, UNSIGNED)
    listed = [name for table in tables for name in table]
    listed += [name for name in names() if name.startswith("ping-")]
    rest = [name for name in names() if name not in listed]
    assert [name for name in rest if not name.startswith(("rest-", "wc-auth"))] == []
    assert set(listed) <= set(names())


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_becomes_its_facts(store: Store, name: str) -> None:
    order_id, facts, read_again = ORDERS[name]
    assert store.take(name) == "accepted"
    assert store.take(name) == "duplicate"
    assert store.rows() == {"done": 1}
    assert sorted(store.facts(order_id)) == sorted(facts)
    assert store.read_again() == read_again


@pytest.mark.parametrize("name", DELETES)
def test_a_delete_makes_us_read_the_order_and_concludes_nothing(store: Store, name: str) -> None:
    assert store.take(name) == "accepted"
    assert store.rows() == {"done": 1}
    assert store.read_again() == DELETES[name]
    assert store.facts(DELETES[name].removeprefix("order:")) == []


@pytest.mark.parametrize("name", IGNORED)
def test_what_says_nothing_is_kept_as_ignored(store: Store, name: str) -> None:
    assert store.take(name) == "accepted"
    assert store.rows() == {"ignored": 1}
    assert store.read_again() == ""


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_known_afterwards(store: Store, name: str) -> None:
    assert store.take(name) == "accepted"
    with store.harness.shop(store.shop.id) as data:
        (product,) = data.products.many([PRODUCTS[name]]).values()
    assert product.reviewable


@pytest.mark.parametrize("name", CUSTOMERS)
def test_a_customer_is_known_afterwards(store: Store, name: str) -> None:
    assert store.take(name) == "accepted"
    with store.harness.shop(store.shop.id) as data:
        customer_id = data.customers.find_platform("4")
        assert customer_id
        assert data.customers.person(customer_id).first_name == "Åsa"


@pytest.mark.parametrize("name", UNSIGNED)
def test_a_webhook_without_a_secret_is_refused(store: Store, name: str) -> None:
    assert store.take(name).startswith("signature_")
    assert store.rows() == {}


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("ping-")])
def test_a_ping_leaves_nothing(store: Store, name: str) -> None:
    assert store.take(name) == "ping"
    assert store.rows() == {}


def test_three_orders_under_one_delivery_id_are_three_orders(store: Store) -> None:
    for number in range(3):
        assert store.take(f"same-delivery-id-{number}") == "accepted"
    assert store.rows() == {"done": 3}
    assert [store.facts(order_id) for order_id in ("44", "45", "46")] == [[PLACED]] * 3


@pytest.mark.parametrize("updated_first", [True, False])
def test_an_order_told_as_updated_before_created_is_one_order(
    store: Store, updated_first: bool
) -> None:
    told = ["storefront-placed-0-order.updated", "storefront-placed-1-order.created"]
    for name in told if updated_first else told[::-1]:
        store.take(name)
    assert store.facts("31") == [PLACED]
    assert store.email_of("31") == "buyer@example.com"
    assert store.read_again() == ""


@pytest.mark.parametrize("late", [False, True])
def test_the_address_typed_last_is_the_one_that_is_kept(store: Store, late: bool) -> None:
    told = [
        "storefront-place-with-another-mail-0-order.updated",
        "storefront-placed-0-order.updated",
        "storefront-order-completed-0-order.updated",
    ]
    for name in told[::-1] if late else told:
        store.take(name)
    assert store.email_of("31") == "buyer@example.com"
    assert store.facts("31") == [PLACED, PAID, COMPLETED]


@pytest.mark.parametrize("seed", range(4))
def test_the_whole_life_of_the_store_ends_the_same_in_any_order(
    harness: Harness, seed: int
) -> None:
    life = [*ORDERS, *DELETES, *PRODUCTS, *CUSTOMERS]
    mixed = life[::-1] if seed == 0 else random.Random(seed).sample(life, len(life))
    as_it_was, otherwise = (
        connected(harness, f"{scheme}://127.0.0.1:8088") for scheme in ("http", "https")
    )
    for name in life:
        as_it_was.take(name)
    for name in mixed:
        otherwise.take(name)
        if seed % 2:
            otherwise.take(name)
    assert end_of(otherwise) == end_of(as_it_was)


def end_of(store: Store) -> list[Any]:
    """Orders, persons and facts, as far as no reading again changes them."""
    end: list[Any] = []
    for order_id in sorted({order_id for order_id, *_ in ORDERS.values()}, key=int):
        with store.harness.shop(store.shop.id) as data:
            stored = data.orders.get(order_id)
            assert stored
            end.append((stored.order, data.orders.person(order_id), stored.customer_id is None))
        end.append(sorted(store.facts(order_id)))
    return end
