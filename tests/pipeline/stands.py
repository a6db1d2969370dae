"""A twin and a whole Afterglow connected to it, with the same moves on both platforms."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

import twins.shopify
import twins.woocommerce
from app.db.webhooks import by_token
from app.domain.snapshots import OrderSnapshot
from app.platforms.base import Delivery, Endpoint, RawRequest, Received, StoreInfo
from app.services import connections
from tests.serving import take
from tests.support import Harness, close, make_harness

SHOPIFY = "cinar-breza"
SECRET = "client-secret-0123456789-0123456789"


class Stand(ABC):
    """One store; `shop_id` is ours."""

    platform: str
    harness: Harness
    shop_id: int = 0

    def __init__(self, url: str) -> None:
        self.url = url

    @abstractmethod
    def connect(self) -> None:
        """As a merchant does; jobs wait in the harness."""

    @abstractmethod
    def order(self, email: str | None, **person: str) -> str:
        """A paid order; returns its id."""

    @abstractmethod
    def move(self, order_id: str, move: str) -> None:
        """fulfil, deliver, cancel, refund."""

    @abstractmethod
    def products(self) -> list[str]:
        """Ids of what is on the shelf."""

    @abstractmethod
    def rename(self, product_id: str, title: str) -> None:
        """The merchant gives a product another title."""

    @abstractmethod
    def take_away(self, product_id: str) -> None:
        """The merchant takes a product off the shelf, to where the admin's button puts it."""

    def wait(self, **step: float) -> None:
        """Business time passes, for the store and for us."""
        self.harness.business.advance(**step)
        self.harness._tell_twins()

    def lose_deliveries(self) -> None:
        self.call("POST", "/_twin/faults", {"kind": "drop"})

    def deliver(self) -> None:
        """What the store tried to send so far reaches us after all, and is interpreted."""
        self.call("POST", "/_twin/deliveries/drain", {})
        platform = self.harness.deps.platforms[self.platform]
        for attempt in self.call("GET", "/_twin/deliveries"):
            sent = self.call("GET", f"/_twin/deliveries/{attempt['id']}")
            headers = {name.lower(): value for name, value in sent["headers"]}
            request = RawRequest(headers, sent["body"].encode())
            endpoint = self.endpoint(attempt["target"])
            verified = platform.verify(request, endpoint)
            if isinstance(verified, Delivery):
                take(self.harness.deps, verified, self.shop_id)
        self.harness.run_jobs()

    @abstractmethod
    def endpoint(self, url: str) -> Endpoint:
        """What we know of a delivery address."""

    def fault(self, **fault: Any) -> None:
        self.call("POST", "/_twin/faults", fault)

    def heal(self) -> None:
        self.call("DELETE", "/_twin/faults")

    def truth(self, order_id: str) -> OrderSnapshot | None:
        """The order as the store has it now."""
        deps = self.harness.deps
        shop = self.harness.get_shop(self.shop_id)
        fetched = deps.open_store(shop).orders.fetch(order_id)
        if fetched is None:
            return None
        received = Received(fetched.topic, fetched.body, None, shop.domain)
        said = deps.platforms[self.platform].normalise(received)
        assert isinstance(said, list)
        (order,) = said
        assert isinstance(order, OrderSnapshot)
        return order

    def job(self, name: str) -> None:
        """One job and all that it asks for."""
        self.harness.deps.dispatch((name, (self.shop_id,)))
        self.harness.run_jobs()

    def call(self, method: str, path: str, given: Any = None) -> Any:
        answer = requests.request(method, self.url + path, json=given, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


class Woo(Stand):
    platform = "woocommerce"

    def connect(self) -> None:
        key = self.call("POST", "/_twin/keys")
        keys = (key["consumer_key"], key["consumer_secret"])
        self.key_id = key["key_id"]
        info = connections.verify(self.harness.deps, "woocommerce", self.url, keys)
        assert isinstance(info, StoreInfo)
        shop = connections.connect(self.harness.deps, "woocommerce", self.url, keys, info)
        self.shop_id = shop.id

    def order(self, email: str | None, **person: str) -> str:
        items = [{"sku": "PES-EGE", "quantity": 2}]
        placed = self.call("POST", "/_twin/orders", {"items": items, "email": email, **person})
        return str(placed["id"])

    def endpoint(self, url: str) -> Endpoint:
        token = url.rpartition("/")[2]
        with self.harness.deps.db.read() as uow:
            row = by_token(uow, token)
        assert row
        return Endpoint((row.secret,), token, row.topic)

    def move(self, order_id: str, move: str) -> None:
        self.call("POST", f"/_twin/orders/{order_id}/{move}", {})

    def products(self) -> list[str]:
        rows = self._rest.get("products", {"per_page": "100", "_fields": "id"}).rows()
        return sorted(str(row["id"]) for row in rows)

    def rename(self, product_id: str, title: str) -> None:
        self._rest.post(f"products/{product_id}", {"name": title})

    def take_away(self, product_id: str) -> None:
        self._rest.post(f"products/{product_id}", {"status": "trash"})

    @property
    def _rest(self) -> Any:
        products: Any = self.harness.deps.open_store(self.harness.get_shop(self.shop_id)).products
        return products._client


class Shopify(Stand):
    platform = "shopify"

    def connect(self) -> None:
        token = self.call("GET", f"/_twin/shops/{SHOPIFY}/id-token?seconds=60")["id_token"]
        platform: Any = self.harness.deps.platforms["shopify"]
        domain = f"{SHOPIFY}.myshopify.com"
        self.shop_id = connections.enter(
            self.harness.deps, "shopify", domain, lambda: platform.tokens.exchange(domain, token)
        ).id

    def do(self, action: str, **given: Any) -> Any:
        return self.call("POST", f"/_twin/shops/{SHOPIFY}/{action}", given)

    def order(self, email: str | None, **person: str) -> str:
        items = [{"product": "copper-cezve", "quantity": 2}]
        return str(self.do("create-order", email=email, items=items, **person)["id"])

    def endpoint(self, url: str) -> Endpoint:
        return Endpoint((SECRET,))

    def move(self, order_id: str, move: str) -> None:
        more = {"status": "delivered"} if move == "deliver" else {}
        action = {"fulfil": "fulfill", "deliver": "fulfillment-event"}.get(move, move)
        self.do(action, order_id=int(order_id), **more)

    def products(self) -> list[str]:
        shown = self.call("GET", f"/_twin/shops/{SHOPIFY}/products")
        return sorted(str(product["id"]) for product in shown)

    def rename(self, product_id: str, title: str) -> None:
        self.do("change-product", product_id=int(product_id), title=title)

    def take_away(self, product_id: str) -> None:
        self.do("delete-product", product_id=int(product_id))


@contextmanager
def standing(platform: str, tmp_path: Path, database_url: str, **settings: Any) -> Iterator[Stand]:
    """A stand of one platform."""
    twin = (
        twins.woocommerce.start(demo=True, queue_delay=0.02)
        if platform == "woocommerce"
        else twins.shopify.start(client_id="client-id", client_secret=SECRET, seed="demo")
    )
    with twin:
        stand: Stand = Woo(twin.url) if platform == "woocommerce" else Shopify(twin.url)
        origin = {"shopify_origin": twin.url} if platform == "shopify" else {}
        stand.harness = make_harness(tmp_path, database_url, **origin, **settings)
        stand.harness.follow(twin.url)
        try:
            yield stand
        finally:
            close(stand.harness)
