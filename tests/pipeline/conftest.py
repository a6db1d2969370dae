"""A connected store on each platform, with webhooks over real HTTP."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

import twins.woocommerce
from app.db.shops import Shop
from app.platforms.base import StoreInfo
from app.services import subscriptions
from app.services.connections import connecting
from tests.serving import door_alone
from tests.support import Harness, close, make_harness


@pytest.fixture
def public_url(free_port: Callable[[], int]) -> str:
    """Where the stores deliver to."""
    return f"http://127.0.0.1:{free_port()}"


@dataclass
class Front:
    """What stands between the stores and us: while `status` is set it answers that itself."""

    status: int | None = None

    def around(self, app: Any) -> Any:
        def answer(environ: Any, start_response: Any) -> Any:
            if self.status is None:
                return app(environ, start_response)
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(f"{self.status} Down", [("Content-Length", "0")])
            return [b""]

        return answer


@pytest.fixture
def front() -> Front:
    """A proxy in front of the webhook route, which lets everything through."""
    return Front()


@pytest.fixture
def harness(tmp_path: Path, database_url: str, public_url: str, front: Front) -> Iterator[Harness]:
    """Everything but the queue, with the webhook route served at `public_url`."""
    made = make_harness(tmp_path, database_url, public_url)
    app = front.around(door_alone(made.deps))
    server = make_server("127.0.0.1", int(public_url.rpartition(":")[2]), app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    close(made)


@dataclass
class WooStore:
    """A connected WooCommerce twin and short ways to play merchant and customer."""

    harness: Harness
    url: str
    shop: Shop

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Call the twin's control API and let everything that follows happen."""
        answer = requests.post(f"{self.url}/_twin/{path}", json=body, timeout=15)
        answer.raise_for_status()
        self.harness.drain_twins()
        made: dict[str, Any] = answer.json() if answer.content else {}
        return made

    def place(self, **order: Any) -> str:
        """An order of one mug by a Slovak guest, unless told otherwise."""
        defaults = {
            "email": "zofia@example.sk", "country": "SK", "language": "sk",
            "payment_method": "card", "items": [{"sku": self.skus()[0], "quantity": 1}],
        }  # fmt: skip
        return str(self.post("orders", **{**defaults, **order})["id"])

    def move(self, order_id: str, move: str, **options: Any) -> None:
        """pay, process, fulfil, deliver, complete, refund, cancel, touch, trash, …"""
        self.post(f"orders/{order_id}/{move}", **options)

    def skus(self) -> list[str]:
        return [product["sku"] for product in self._rows("products")]

    def reviews(self) -> list[dict[str, Any]]:
        """What the store shows."""
        return self._rows("products/reviews")

    def coupons(self) -> list[dict[str, Any]]:
        """What the store would accept."""
        return self._rows("coupons")

    def _rows(self, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (
            self.harness.deps.open_store(self.shop).orders._client.get(path).rows()
        )
        return rows


@pytest.fixture
def woo(harness: Harness) -> Iterator[WooStore]:
    """A demo store, connected with pasted keys, history read, webhooks registered."""
    with connected_store(harness) as store:
        yield store


@contextmanager
def connected_store(harness: Harness, **options: Any) -> Iterator[WooStore]:
    """The same with a twin that was started with options."""
    with twins.woocommerce.start(port=0, demo=True, queue_delay=0.05, **options) as twin:
        harness.follow(twin.url)
        keys = requests.post(
            f"{twin.url}/_twin/keys", json={"permissions": "read_write"}, timeout=5
        ).json()
        pair = (keys["consumer_key"], keys["consumer_secret"])
        info = connecting.verify(harness.deps, "woocommerce", twin.url, pair)
        assert isinstance(info, StoreInfo), info
        shop = connecting.connect(harness.deps, "woocommerce", twin.url, pair, info)
        harness.run_jobs()
        subscriptions.synchronise(harness.deps, shop.id)
        harness.run_jobs()
        yield WooStore(harness, twin.url, shop)
