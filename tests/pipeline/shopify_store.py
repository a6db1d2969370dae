"""A Shopify twin and a whole Afterglow that it delivers to, with short ways to play both sides."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import make_server

import twins.shopify
from app.db.shops import Shop, Shops
from app.services.connections import connecting
from tests.serving import door_alone
from tests.support import CLIENT_ID, CLIENT_SECRET, Harness, close, make_harness
from twins.shopify.config import Limits

HANDLE = "cinar-breza"
DOMAIN = f"{HANDLE}.myshopify.com"


@contextmanager
def served(
    tmp_path: Path, database_url: str, public_url: str, **overrides: Any
) -> Iterator[Harness]:
    """Everything but the queue, with the webhook route served at `public_url`."""
    made = make_harness(tmp_path, database_url, public_url, **overrides)
    app = door_alone(made.deps)
    server = make_server("127.0.0.1", int(public_url.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close(made)


@dataclass
class ShopifyStore:
    """The twin's shop; `shop` is ours, once somebody opened the app."""

    harness: Harness
    url: str

    def enter(self) -> Shop:
        """The merchant opens the app in the admin; what that asks for is done."""
        shop = self.enter_only()
        self.harness.run_jobs()
        return self.harness.get_shop(shop.id)

    def enter_without_history(self) -> Shop:
        """The same for a shop in which nothing had happened before."""
        shop = self.enter_only()
        self.harness.jobs.clear()
        with self.harness.deps.db.write() as uow:
            Shops(uow).change(shop.id, history_complete=True)
        return self.harness.get_shop(shop.id)

    def enter_only(self) -> Shop:
        """Jobs wait in the harness."""
        token = self._json("GET", "id-token?seconds=60")["id_token"]
        platform: Any = self.harness.deps.platforms["shopify"]
        return connecting.enter(
            self.harness.deps, "shopify", DOMAIN, lambda: platform.tokens.exchange(DOMAIN, token)
        )

    @property
    def shop(self) -> Shop:
        with self.harness.deps.db.read() as uow:
            found = Shops(uow).find("shopify", DOMAIN)
        assert found
        return found

    def do(self, action: str, **given: Any) -> Any:
        """One move of merchant, customer or carrier, and everything that follows from it."""
        answer = self._json("POST", action, given)
        self.harness.drain_twins()
        return answer

    def place(self, **given: Any) -> str:
        """An order by a Slovak customer, unless told otherwise; returns its id."""
        usual = {
            "email": "jana@example.sk", "first_name": "Jana", "last_name": "Nová",
            "country": "SK", "locale": "sk", "items": [{"product": "copper-cezve", "quantity": 2}],
        }  # fmt: skip
        return str(self.do("create-order", **(usual | given))["id"])

    def move(self, order_id: str, action: str, **given: Any) -> Any:
        """pay, fulfill, fulfillment-event, refund, cancel, tags, …"""
        return self.do(action, order_id=int(order_id), **given)

    def deliver(self, order_id: str) -> None:
        """The parcel leaves, and the carrier reports its arrival."""
        self.move(order_id, "fulfill")
        self.move(order_id, "fulfillment-event", status="delivered")

    def see(self, kind: str) -> list[dict[str, Any]]:
        """orders, customers, products, discounts, metafields, metaobjects of the shop."""
        seen: list[dict[str, Any]] = self._json("GET", kind)
        return seen

    def outcomes(self, order_id: str) -> list[tuple[str, str, str]]:
        """Kind, state and reason of each action of an order."""
        with self.harness.shop(self.shop.id) as data:
            actions = data.actions.of_order(order_id)
        return [(a.kind, a.state, a.reason.code) for a in actions]

    def events(self, order_id: str) -> list[str]:
        """What is known to have happened to an order."""
        with self.harness.shop(self.shop.id) as data:
            return [event.type for event in data.events.of_order(order_id)]

    def customer_of(self, order_id: str) -> int:
        (found,) = [o["customer_id"] for o in self.see("orders") if o["id"] == int(order_id)]
        return int(found)

    def fault(self, **fault: Any) -> None:
        requests.post(f"{self.url}/_twin/faults", json=fault, timeout=5).raise_for_status()

    def heal(self) -> None:
        requests.delete(f"{self.url}/_twin/faults", timeout=5).raise_for_status()

    def queue(self, what: str, **given: Any) -> None:
        """hold, release, drain of the deliveries."""
        path = f"{self.url}/_twin/deliveries/{what}"
        requests.post(path, json=given, timeout=15).raise_for_status()

    def sent(self) -> list[dict[str, Any]]:
        """The send log."""
        log: list[dict[str, Any]] = requests.get(f"{self.url}/_twin/deliveries", timeout=5).json()
        return log

    def replay(
        self, attempt_id: int, *, webhook_id: str, triggered_at: datetime, **headers: str
    ) -> int:
        """Send a logged delivery once more under other (unsigned) headers; returns the status."""
        sent = requests.get(f"{self.url}/_twin/deliveries/{attempt_id}", timeout=5).json()
        changed = dict(sent["headers"]) | {
            "X-Shopify-Webhook-Id": webhook_id,
            "X-Shopify-Triggered-At": triggered_at.isoformat(),
            **headers,
        }
        changed.pop("Host")
        target = sent["target"]
        answer = requests.post(target, data=sent["body"].encode(), headers=changed, timeout=15)
        self.harness.run_jobs()
        return answer.status_code

    def _json(self, method: str, action: str, given: Any = None) -> Any:
        address = f"{self.url}/_twin/shops/{HANDLE}/{action}"
        answer = requests.request(method, address, json=given, timeout=15)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def shopify_store(
    tmp_path: Path, database_url: str, public_url: str, limits: Limits | None = None
) -> Iterator[ShopifyStore]:
    """A demo shop where the app is installed and nobody has opened it yet."""
    with (
        twins.shopify.start(
            app_url=public_url,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            seed="demo",
            limits=limits or Limits(retry_scale=0.001),
        ) as twin,
        served(tmp_path, database_url, public_url, shopify_origin=twin.url) as harness,
    ):
        harness.follow(twin.url)
        yield ShopifyStore(harness, twin.url)
