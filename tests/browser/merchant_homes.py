"""The merchant's pages in a browser in both homes, with one shop in each that has all to show."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import jwt

from app.db.returns import NewReturn
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData
from app.domain.actions import ActionState
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnState
from app.domain.snapshots import ProductSnapshot
from app.platforms.base import TokenPair
from app.services.tokens import values_of
from tests.browser.kit_app import serving
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

Home = Literal["woocommerce", "shopify"]
BRIDGE = "https://bridge.test/app-bridge.js"
DOMAIN = "cinar-breza.myshopify.com"

# What App Bridge does for us: each fetch to our own address carries the ID token. The real dance
# with the admin around the frame is tested with the twin.
STAND_IN = """
const plain = window.fetch;
window.fetch = (input, options = {}) => {
  const request = new Request(input, options);
  request.headers.set("Authorization", "Bearer %s");
  return plain(request);
};
window.shopify = { toast: { show: (text) => { document.documentElement.dataset.toast = text; } } };
"""


@dataclass
class Homes:
    """A served application and its two shops."""

    origin: str
    shops: dict[Home, MerchantShop]

    @contextmanager
    def browser_in(self, chromium: "Browser", home: Home, **options: object) -> Iterator["Page"]:
        """A page of a merchant who is at home there; what the policy or a script complains of
        fails the test.
        """
        context = chromium.new_context(**{"locale": "en", **options})  # type: ignore[arg-type]
        complaints: list[str] = []
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(f"Error: {error}"))
        self._enter(context, page, home)
        yield page
        context.close()
        found = [t for t in complaints if "Content Security Policy" in t or "Error:" in t]
        assert found == [], found

    def _enter(self, context: "BrowserContext", page: "Page", home: Home) -> None:
        if home == "woocommerce":
            name, value = self.shops[home].cookie()
            context.add_cookies([{"name": name, "value": value, "url": self.origin}])
            return
        script = STAND_IN % id_token(self.shops[home])
        page.route(BRIDGE, lambda route: route.fulfill(body=script, content_type="text/javascript"))

    def address(self, home: Home, path: str) -> str:
        """Where a page is; inside Shopify the admin's frame adds the shop."""
        mark = "&" if "?" in path else "?"
        return (
            f"{self.origin}{path}{mark}shop={DOMAIN}" if home == "shopify" else self.origin + path
        )


def id_token(shop: MerchantShop) -> str:
    """As Shopify signs it for this shop; the clock of the tests stands still."""
    claims = {
        "iss": f"https://{DOMAIN}/admin",
        "dest": f"https://{DOMAIN}",
        "aud": shop.deps.settings.shopify_client_id,
        "sub": "7",
        "sid": "session",
        "jti": json.dumps(DOMAIN),
        "nbf": int(NOW.timestamp()),
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
    }
    return jwt.encode(claims, shop.deps.settings.shopify_client_secret, algorithm="HS256")


@contextmanager
def merchant_homes(database_url: str, data_dir: Path) -> Iterator[Homes]:
    """Serve both until the block ends."""
    with merchant_shop(database_url, data_dir, bridge=BRIDGE) as shop:
        other = replace(shop, shop=_shopify_shop(shop))
        for each in (shop, other):
            _fill(each)
        with serving(shop.app) as origin:
            yield Homes(origin, {"woocommerce": shop, "shopify": other})


def _shopify_shop(shop: MerchantShop) -> Shop:
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        made = shops.ensure("shopify", DOMAIN, ShopState.ACTIVE, NOW - timedelta(days=30))
        shops.open_installation(made.id, [], NOW - timedelta(days=30))
        shops.change(
            made.id,
            name="Çınar & Breza",
            url=f"https://{DOMAIN}/",
            language="sk",
            timezone="Europe/Bratislava",
            country="SK",
            colour="#ffd400",
            history_complete=True,
        )
        shops.set_owner_email(made.id, "eliska@cinar-breza.example")
        lasts = NOW + timedelta(days=30)
        tokens = values_of(TokenPair("access", lasts, "refresh", lasts, ()))
        ShopData(uow, made.id).credentials.put(tokens, lasts, NOW)
        return shops.get(made.id)


def _fill(shop: MerchantShop) -> None:
    """All kinds of outcomes, a problem, a parked delivery, a return that waits."""
    with shop.write() as data:
        for product in ("501", "502"):
            data.products.save(ProductSnapshot(product, product, None), NOW)
    shop.switch_on()
    shop.take(*[order(n) for n in range(6)])
    shop.end("4102", ActionState.UNCERTAIN, Reason.of(ReasonCode.MAYBE_SENT))
    shop.end("4103", ActionState.SKIPPED, Reason.of(ReasonCode.NO_CONSENT, country="DE"))
    with shop.write() as data:
        data.problems.open("store_key_refused", {}, NOW)
        data.returns.add(
            NewReturn(
                kind=ReturnKind.RETURN,
                origin=ReturnOrigin.CUSTOMER,
                state=ReturnState.HELD,
                lines=(),
                value=Money(3_000, "EUR"),
                requested_at=NOW - timedelta(hours=3),
                order_id="4104",
                customer_id=data.customers.find_email("kunde4@posta.example"),
            )
        )
    shop.park(b'{"id": 4100}')
    shop.signals.clear()
