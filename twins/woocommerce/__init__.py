"""A WooCommerce 10.0.2 store as far as the app can tell: REST v3, wc-auth, webhooks, storefront.

Built from measurements of a live store (WordPress 6.9.7, HPOS). Fulfilment follows the common
shipment-tracking plugins, because core has none: `fulfil` writes the order meta
`_wc_shipment_tracking_items` and completes the order (cash on delivery stays unpaid);
`deliver` sets the custom order status `delivered`, as tracking plugins do when the carrier reports
it. Nothing else tells of a delivery: its time is the time of that change.
"""

from twins.common import server
from twins.common.clock import TwinClock
from twins.common.delivery import DeliveryQueue
from twins.common.faults import Faults, with_faults
from twins.common.server import RunningTwin
from twins.common.state import Documents
from twins.woocommerce.app import create_app
from twins.woocommerce.hookshot import forge, safe_send
from twins.woocommerce.plugin_host import PluginHost
from twins.woocommerce.seed import seed_demo, seed_users
from twins.woocommerce.store import Config, Store


def start(
    port: int = 0,
    host: str = "127.0.0.1",
    *,
    state: str = ":memory:",
    demo: bool = False,
    config: Config | None = None,
    queue_delay: float = 0.2,
    webhook_timeout: float = 60,
    allow_http_callback: bool = True,
    plugin: bool = False,
    php: bool = True,
) -> RunningTwin:
    """Start a store; `state` is its SQLite file, `demo` stocks it with textiles.

    `queue_delay` is how long (seconds) a change waits for the webhook queue to run;
    `allow_http_callback` lets wc-auth call back to http on loopback, which no real store does.
    `plugin` activates our plugin in it; without `php` a stand-in answers for the plugin.
    """
    documents = Documents(state)
    clock = TwinClock(documents)
    faults = Faults()
    store = Store(documents, clock, faults, config or Config())
    deliveries = DeliveryQueue(clock.now, faults, forge, webhook_timeout, send=safe_send)
    plugin_host = PluginHost(store, php=php)
    app = create_app(store, deliveries, queue_delay, allow_http_callback, plugin_host)
    seed_users(store)
    if plugin:
        plugin_host.switch(on=True)
    if demo:
        seed_demo(store)
    running = server.start(
        with_faults(app, faults), clock.now, host, port, on_stop=(deliveries.stop, documents.close)
    )
    store.home_url = store.served_at = running.url
    return running
