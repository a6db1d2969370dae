"""Shopify as one commerce platform."""

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import MappingProxyType

from app.domain.clocks import Clock
from app.domain.errors import Bug
from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind, Snapshot
from app.platforms.base import (
    Connection,
    Delivery,
    Endpoint,
    Ignored,
    RawRequest,
    Received,
    Refusal,
    Store,
    TokenPair,
    Unknown,
)
from app.platforms.shopify.client import Client
from app.platforms.shopify.coupons import Coupons
from app.platforms.shopify.customers import Customers
from app.platforms.shopify.info import store_info
from app.platforms.shopify.normalise import normalise
from app.platforms.shopify.orders import Orders
from app.platforms.shopify.products import Products
from app.platforms.shopify.returns import Returns
from app.platforms.shopify.reviews import Reviews
from app.platforms.shopify.throttle import Bucket
from app.platforms.shopify.tokens import Tokens
from app.platforms.shopify.topics import FETCHED, TOPICS
from app.platforms.shopify.transport import Transport
from app.platforms.shopify.verify import verify
from app.platforms.shopify.webhooks import Webhooks


class Shopify:
    """Implements `Platform`. `secrets` are the client secrets, current first; `clock` is wall time;
    `origin` is for the twin (development).
    """

    key = "shopify"
    topics: Mapping[str, str] = TOPICS
    plugin_topics: Mapping[str, str] = MappingProxyType({})  # nothing of ours runs in shops
    polls_minutes = 15
    import_days = 60  # older orders need the scope read_all_orders

    def __init__(
        self,
        client_id: str,
        secrets: Sequence[str],
        clock: Clock,
        origin: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(origin)
        self._clock = clock
        self._sleep = sleep
        self._buckets: dict[str, Bucket] = {}
        self._lock = Lock()
        self.shared_secrets = tuple(secrets)
        self.tokens = Tokens(client_id, secrets[0], self._transport, clock)
        self.renew: Callable[[str, str], TokenPair] | None = self.tokens.refresh

    def verify(self, request: RawRequest, endpoint: Endpoint) -> Delivery | Refusal:
        """See verify.py."""
        return verify(request, endpoint)

    def normalise(self, received: Received) -> Sequence[Snapshot] | Ignored | Unknown:
        """See normalise/."""
        return normalise(received)

    def open(self, connection: Connection) -> Store:
        """Ports to one shop; all of them, and all opened later, share its bucket of points."""
        if connection.token is None:
            raise Bug("A Shopify shop was opened without a way to get its access token.")
        client = Client(
            connection.domain,
            connection.token,
            self._transport,
            self._bucket(connection.domain),
            self._sleep,
        )
        return Store(
            info=lambda: store_info(client),
            orders=Orders(client),
            products=Products(client),
            customers=Customers(client),
            coupons=Coupons(client, self._clock),
            reviews=Reviews(client),
            returns=Returns(client),
            webhooks=Webhooks(client),
        )

    def order_url(self, connection: Connection, order_id: PlatformId) -> str:
        """The order in the shop's admin."""
        return f"https://{connection.domain}/admin/orders/{order_id}"

    def fetch_topic(self, kind: ObjectKind) -> str:
        """The inbox topic of a fetched object of this kind."""
        return FETCHED[kind]

    def _bucket(self, shop: str) -> Bucket:
        with self._lock:
            return self._buckets.setdefault(shop, Bucket())
