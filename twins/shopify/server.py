"""Puts the twin together and serves it."""

from flask import Flask

from twins.common.clock import TwinClock
from twins.common.control import control_blueprint
from twins.common.delivery import DeliveryQueue
from twins.common.faults import Faults, with_faults
from twins.common.server import RunningTwin
from twins.common.server import start as serve
from twins.common.state import Documents
from twins.shopify.admin import admin_blueprint
from twins.shopify.api import api_blueprint
from twins.shopify.config import Limits, load_app_config
from twins.shopify.control import shop_control_blueprint
from twins.shopify.control_page import control_page_blueprint
from twins.shopify.demo import seed_demo
from twins.shopify.oauth import oauth_blueprint
from twins.shopify.pages import static_blueprint
from twins.shopify.shop import Twin
from twins.shopify.storefront import storefront_blueprint
from twins.shopify.webhooks import forge

DEFAULT_SHOP = "cinar-breza"
NO_APP = "http://127.0.0.1:9"  # the discard port: deliveries of tests must not reach a running app


def start(
    port: int = 0,
    *,
    app_url: str = NO_APP,
    client_id: str = "afterglow-dev",
    client_secret: str = "shopify-twin-client-secret-0123456789abcdef",  # noqa: S107 -- a stand-in's
    state: str = ":memory:",
    seed: str | None = None,
    limits: Limits | None = None,
) -> RunningTwin:
    """Start the twin and return it; port 0 takes a free one.

    `seed="demo"` fills a new state with the demo shop; without it the default shop is empty and
    the app is not installed.
    """
    limits = limits or Limits()
    documents = Documents(state)
    clock = TwinClock(documents)
    faults = Faults()
    queue = DeliveryQueue(clock.now, faults, forge, limits.webhook_timeout_seconds)
    app_config = load_app_config(app_url, client_id, client_secret)
    twin = Twin(documents, clock, app_config, limits, faults, queue)
    if twin.shop(DEFAULT_SHOP) is None:
        shop = twin.create_shop(DEFAULT_SHOP)
        if seed == "demo":
            seed_demo(shop)
    running = serve(
        with_faults(create_app(twin).wsgi_app, faults),
        clock.now,
        port=port,
        on_stop=[queue.stop, documents.close],
    )
    twin.url = running.url
    return running


def create_app(twin: Twin) -> Flask:
    """Return the twin's WSGI application."""
    app = Flask("twins.shopify", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(control_blueprint("shopify", twin.clock, twin.faults, twin.queue))
    app.register_blueprint(shop_control_blueprint(twin))
    app.register_blueprint(oauth_blueprint(twin))
    app.register_blueprint(api_blueprint(twin))
    app.register_blueprint(static_blueprint())
    app.register_blueprint(admin_blueprint(twin))
    app.register_blueprint(storefront_blueprint(twin))
    app.register_blueprint(control_page_blueprint(twin, DEFAULT_SHOP))
    return app
