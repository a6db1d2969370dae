"""WooCommerce as one of the platforms."""

from collections.abc import Callable, Mapping, Sequence

from app.domain.clocks import Clock
from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind, Snapshot
from app.platforms.base import (
    Connection,
    Delivery,
    Endpoint,
    Foreign,
    Ignored,
    Ping,
    RawRequest,
    Received,
    Refusal,
    Store,
    TokenPair,
    Unknown,
)
from app.platforms.woocommerce import topics
from app.platforms.woocommerce.client import StoreClient
from app.platforms.woocommerce.coupons import Coupons
from app.platforms.woocommerce.customers import Customers
from app.platforms.woocommerce.info import store_info
from app.platforms.woocommerce.normalise import normalise
from app.platforms.woocommerce.orders import Orders
from app.platforms.woocommerce.plugin import Plugin
from app.platforms.woocommerce.products import Products
from app.platforms.woocommerce.returns import Returns
from app.platforms.woocommerce.reviews import Reviews
from app.platforms.woocommerce.topics import PLUGIN_TOPICS
from app.platforms.woocommerce.verify import verify
from app.platforms.woocommerce.webhooks import Webhooks

_FETCH_TOPICS = {
    ObjectKind.ORDER: topics.FETCHED_ORDER,
    ObjectKind.PRODUCT: topics.FETCHED_PRODUCT,
    ObjectKind.CUSTOMER: topics.FETCHED_CUSTOMER,
    ObjectKind.REVIEW: topics.FETCHED_REVIEW,
}


class WooCommerce:
    """Platform for stores on WordPress with WooCommerce.

    `user_agent` is "Afterglow/<version>"; `wall` dates signatures; `allow_loopback` is the
    development switch that also allows stores on this machine, http and any port.
    """

    key = "woocommerce"
    shared_secrets: tuple[str, ...] = ()  # each webhook has its own
    topics: Mapping[str, str] = topics.TOPICS
    plugin_topics: Mapping[str, str] = PLUGIN_TOPICS
    polls_minutes = 10
    import_days = 90
    renew: Callable[[str, str], TokenPair] | None = None  # keys do not expire

    def __init__(self, user_agent: str, wall: Clock, *, allow_loopback: bool = False) -> None:
        self._user_agent = user_agent
        self._wall = wall
        self._allow_loopback = allow_loopback

    def verify(self, request: RawRequest, endpoint: Endpoint) -> Delivery | Ping | Refusal:
        """See `verify.verify`."""
        return verify(request, endpoint)

    def normalise(self, received: Received) -> Sequence[Snapshot] | Ignored | Unknown | Foreign:
        """See `normalise.normalise`. Raises BadPayload."""
        return normalise(received)

    def open(self, connection: Connection) -> Store:
        """Ports to one store over one connection pool; no request is made yet."""
        if connection.keys is None:
            raise ValueError("a WooCommerce connection needs its key and secret")
        client = StoreClient(
            connection.domain,
            connection.keys,
            user_agent=self._user_agent,
            wall=self._wall,
            allow_loopback=self._allow_loopback,
        )
        return Store(
            info=lambda: store_info(client),
            orders=Orders(client),
            products=Products(client),
            customers=Customers(client),
            coupons=Coupons(client, self._wall),
            reviews=Reviews(client),
            returns=Returns(client),
            webhooks=Webhooks(client),
            plugin=Plugin(client),
        )

    def order_url(self, connection: Connection, order_id: PlatformId) -> str:
        """The order in wp-admin; stores without HPOS redirect to their own page from there."""
        return f"{connection.domain}/wp-admin/admin.php?page=wc-orders&action=edit&id={order_id}"

    def fetch_topic(self, kind: ObjectKind) -> str:
        """The inbox topic of a fetched object of this kind."""
        return _FETCH_TOPICS[kind]
