"""Connecting the demo stores to the running app, over HTTP, as their merchants would."""

from html.parser import HTMLParser

import requests

from app.bootstrap import build_deps
from app.cli.demo.drivers import Store
from app.cli.demo.shopify import Shopify
from app.cli.demo.woocommerce import WooCommerce
from app.config import Settings
from app.db.shops import Shop, Shops, ShopState
from app.deps import Deps
from app.services import switching

AUTOMATIONS = ("review_request", "milestone_coupon", "returns_approval")
_SECONDS = 60.0  # a connection asks the store several times before the page answers


class CannotConnectDemo(RuntimeError):
    """A demo store was not connected; the message says which and what was answered."""


def stores_of(settings: Settings) -> tuple[Shopify, WooCommerce]:
    """The twins named in TWIN_URLS: Shopify first, WooCommerce second."""
    shopify, woocommerce = settings.twins
    client = settings.shopify_client_id, settings.shopify_client_secret
    return Shopify(shopify, *client), WooCommerce(woocommerce)


def connect_demo_stores(settings: Settings) -> None:
    """Connect both and switch the automations on. A store that was connected before is left alone.

    Raises CannotConnectDemo.
    """
    deps = build_deps(settings)
    for store in stores_of(settings):
        shop = shop_of(deps, store)
        if shop is None or shop.state in (ShopState.UNOPENED, ShopState.CONNECTING):
            connect(deps, store, requests.Session())
    deps.db.engine.dispose()


def connect(deps: Deps, store: Store, browser: requests.Session) -> Shop:
    """Connect one store and switch all automations on; `browser` is signed in afterwards.

    Raises CannotConnectDemo.
    """
    public_url = deps.settings.public_url
    if isinstance(store, WooCommerce):
        key, secret = store.new_keys()
        form = {"address": store.url, "key": key, "secret": secret}
        answer = browser.post(f"{public_url}/connect/woocommerce/keys", form, timeout=_SECONDS)
    elif isinstance(store, Shopify):
        store.install()
        prove(store, browser)
        answer = browser.get(f"{public_url}/app/", timeout=_SECONDS)
    shop = shop_of(deps, store)
    if not answer.ok or shop is None or not shop.connected:
        raise CannotConnectDemo(
            f"The {store.platform} demo store was not connected: {answer.url} answered "
            f"{answer.status_code}. Its page may say why; a fresh DATA_DIR begins anew."
        )
    for key in AUTOMATIONS:
        switching.switch_on(deps, shop.id, key, by="demo")
    return shop


def prove(store: Store, browser: requests.Session) -> None:
    """Inside Shopify each request carries a fresh ID token; elsewhere a cookie says who it is."""
    if isinstance(store, Shopify):
        browser.headers["Authorization"] = f"Bearer {store.id_token()}"


def disconnect(deps: Deps, store: Store, browser: requests.Session) -> None:
    """The merchant removes the app: in Shopify's admin, or on our page for WooCommerce."""
    if isinstance(store, Shopify):
        store.uninstall()
        return
    page = f"{deps.settings.public_url}/app/disconnect"
    form = hidden_fields(browser.get(page, timeout=_SECONDS).text)
    browser.post(page, {**form, "data": "keep"}, timeout=_SECONDS).raise_for_status()


def shop_of(deps: Deps, store: Store) -> Shop | None:
    """Our record of the store."""
    name = store.domain if isinstance(store, Shopify) else store.url
    with deps.db.read() as uow:
        return Shops(uow).find(store.platform, name)


def hidden_fields(page: str) -> dict[str, str]:
    """Hidden inputs of a page's forms."""
    reader = _Inputs()
    reader.feed(page)
    return reader.hidden


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given.get("name") or ""] = given.get("value") or ""
