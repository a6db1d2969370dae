"""A running Shopify twin, and the adapter opened on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

import twins.shopify
from app.domain.clocks import WallClock
from app.domain.snapshots import OrderSnapshot
from app.platforms.base import Connection, Fetched, Page, Received, Store
from app.platforms.shopify.platform import Shopify
from twins.common.server import RunningTwin
from twins.shopify.config import Limits

HANDLE = "cinar-breza"
SHOP = f"{HANDLE}.myshopify.com"
CLIENT_ID = "afterglow-test"
CLIENT_SECRET = "shpss_0123456789abcdef0123456789abcdef"


def now() -> datetime:
    return WallClock().now()


@dataclass
class Twin:
    """The running twin, as a merchant and a customer use it."""

    url: str

    def do(self, action: str, **given: Any) -> Any:
        return self._json("POST", f"/_twin/shops/{HANDLE}/{action}", given)

    def see(self, kind: str) -> list[Any]:
        return self._json("GET", f"/_twin/shops/{HANDLE}/{kind}")  # type: ignore[no-any-return]

    def id_token(self, seconds: int = 60) -> str:
        path = f"/_twin/shops/{HANDLE}/id-token?seconds={seconds}"
        return str(self._json("GET", path)["id_token"])

    def fault(self, **fault: Any) -> None:
        self._json("POST", "/_twin/faults", fault)

    def order(self, email: str | None = "jana@example.com", **given: Any) -> Any:
        items = given.pop("items", [{"product": "copper-cezve", "quantity": 2}])
        person = {"first_name": "Jana", "last_name": "Nová", "country": "SK", "locale": "sk"}
        return self.do("create-order", email=email, items=items, **(person | given))

    def product(self) -> str:
        return str(self.see("products")[0]["id"])

    def _json(self, method: str, path: str, given: Any = None) -> Any:
        answer = requests.request(method, self.url + path, json=given, timeout=10)
        answer.raise_for_status()
        return answer.json()


def running(limits: Limits | None = None) -> RunningTwin:
    return twins.shopify.start(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, seed="demo", limits=limits
    )


def platform_of(twin: Twin, sleep: Any = lambda _: None) -> Shopify:
    return Shopify(CLIENT_ID, [CLIENT_SECRET], WallClock(), origin=twin.url, sleep=sleep)


def opened(twin: Twin, platform: Shopify) -> Store:
    """A store with the tokens that a merchant's visit gave, renewed on demand."""
    pair = platform.tokens.exchange(SHOP, twin.id_token())

    def token(force: bool) -> str:
        nonlocal pair
        if force:
            pair = platform.tokens.refresh(SHOP, pair.refresh_token)
        return pair.access_token

    return platform.open(Connection(SHOP, token=token))


def pictures(platform: Shopify, fetched: Fetched) -> Any:
    return platform.normalise(Received(fetched.topic, fetched.body, None, SHOP))


def whole_order(platform: Shopify, store: Store, order_id: int) -> OrderSnapshot:
    fetched = store.orders.fetch(str(order_id))
    assert fetched
    (order,) = pictures(platform, fetched)
    assert isinstance(order, OrderSnapshot)
    return order


def all_pages(read: Any) -> list[Page]:
    pages = [read(None)]
    while pages[-1].cursor:
        pages.append(read(pages[-1].cursor))
    return pages
