"""Takes the pictures in docs/images/ of the running product.

Starts the demo on free ports in a temporary folder, plays a short walk in both twins, and looks at
the pages as merchant and customer. The twins' data are made up, so the pictures show nobody.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from ensure_browser import system_browser
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.channels.outbox import OutboxMailbox, StoredMail
from app.cli.demo.drivers import Person, Store
from app.cli.demo.environment import Ports, environment, free_ports
from app.cli.demo.returns import Order, ReturnsDesk
from app.cli.demo.shopify import HANDLE, Shopify
from app.cli.demo.woocommerce import WooCommerce
from app.cli.run import READY
from app.domain.returns import ReturnReason
from app.platforms.woocommerce.topics import TOPICS

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
LARGEST = 250_000  # bytes of one picture
START_SECONDS = 180
SHORT, WIDE = 844, 760  # heights of a telephone's and of a desk's screen
ZUZANA = Person("zuzana.h@posta.example", "Zuzana", "Horváthová", "SK", "sk")
OWEN = Person("owen.h@letter.example", "Owen", "Hughes", "GB", "en")
HANNAH = Person("hannah.v@brief.example", "Hannah", "Vogel", "DE", "en")
DENIZ = Person("deniz.a@mektup.example", "Deniz", "Aydın", "TR", "tr", consent=True)
WORDS = (
    "Soft from the first day, and it dries before the next swim. I would buy it again.",
    "Cool in summer. It wants a hot iron.",
)


@dataclass
class Demo:
    """The running demo."""

    url: str
    data_dir: Path
    stores: tuple[WooCommerce, Shopify]

    def advance(self, step: str, times: int = 1) -> None:
        """Move business time by the steps of /dev/ (1h, 1d, 7d)."""
        for _ in range(times):
            answer = requests.post(f"{self.url}/dev/clock", {"to": step}, timeout=120)
            answer.raise_for_status()
            if "problem=" in answer.url:
                sys.exit(f"The demo did not come to rest: {answer.url}")

    def mail_to(self, address: str, holds: str, shop: str) -> StoredMail:
        """The newest mail of a shop to somebody, whose text holds something."""
        box = OutboxMailbox(self.data_dir / "outbox")
        for entry in box.list():
            mail = box.get(entry.id)
            found = (entry.to_address, entry.from_name) == (address, shop)
            if mail and found and holds in mail.text:
                return mail
        sys.exit(f"There is no mail to {address} that holds {holds}.")


def main() -> None:
    """Take all pictures; says which are larger than they may be."""
    shutil.rmtree(IMAGES, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    with running_demo() as demo, sync_playwright() as playwright:
        orders = walk(demo)
        browser = playwright.chromium.launch(
            executable_path=system_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        take_customers_pages(browser, demo)
        take_merchants_pages(browser, demo, orders)
        take_returns(browser, demo, orders)
        browser.close()
    large = [path.name for path in IMAGES.iterdir() if path.stat().st_size > LARGEST]
    if large:
        sys.exit(f"Larger than {LARGEST} bytes: {', '.join(large)}")


@contextmanager
def running_demo() -> Iterator[Demo]:
    """`afterglow run --demo` until the block ends."""
    data_dir, ports = Path(tempfile.mkdtemp(prefix="afterglow-")), free_ports()
    numbers = map(str, (ports.web, ports.shopify, ports.woocommerce))
    command = [sys.executable, "-m", "app.cli", "run", "--demo", "--ports", *numbers]
    log = data_dir / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment(data_dir, ports)
        )
    try:
        until(lambda: READY in log.read_text() or process.poll() is not None)
        if process.poll() is not None:
            sys.exit(log.read_text())
        demo = demo_at(data_dir, ports)
        until(lambda: len(of_store(demo.stores[0], "webhooks")) >= len(TOPICS))
        yield demo
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(data_dir, ignore_errors=True)


def demo_at(data_dir: Path, ports: Ports) -> Demo:
    """What is where."""
    settings = environment(data_dir, ports)
    shopify, woocommerce = settings["TWIN_URLS"].split(",")
    client = settings["SHOPIFY_CLIENT_ID"], settings["SHOPIFY_CLIENT_SECRET"]
    stores = (WooCommerce(woocommerce), Shopify(shopify, *client))
    return Demo(settings["PUBLIC_URL"], data_dir, stores)


def until(condition: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    deadline = time.monotonic() + START_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)


def walk(demo: Demo) -> dict[str, str]:
    """Nine days in both stores; returns Zuzana's order per platform."""
    orders, sent = {}, []
    for store in demo.stores:
        orders[store.platform] = store.place(ZUZANA, ("towel", "linen"))
        sent += [(store, orders[store.platform])]
        sent += [(store, store.place(person, ("towel",))) for person in (OWEN, HANNAH, DENIZ)]
    on_their_way(demo, sent)
    for store, order in sent:
        store.deliver(order)
    rest(demo)
    for store in demo.stores:
        store.place(DENIZ, ("linen",))
        store.place(DENIZ, ("cushion",))
        store.cancel(store.place(OWEN, ("linen",)))
    rest(demo)
    demo.advance("7d")
    on_their_way(demo, [(store, store.place(OWEN, ("cushion",))) for store in demo.stores])
    return orders


def on_their_way(demo: Demo, orders: Sequence[tuple[Store, str]]) -> None:
    """Parcels leave, and a day passes."""
    rest(demo)
    for store, order in orders:
        store.ship(order)
    rest(demo)
    demo.advance("1d")


def rest(demo: Demo) -> None:
    """Wait until both stores have told what happened."""
    for store in demo.stores:
        store.wait_until_delivered()


def take_customers_pages(browser: Browser, demo: Demo) -> None:
    """The mail, the form that it opens, and the review in the store."""
    woocommerce = requests.get(f"{demo.stores[0].url}/wp-json/", timeout=15).json()["name"]
    request = demo.mail_to(ZUZANA.email, f"{demo.url}/r/", woocommerce)
    coupon = demo.mail_to(DENIZ.email, "THANKS-", woocommerce)
    desk, telephone = screen(browser, 720, WIDE), screen(browser, 360, SHORT)
    for name, mail in (("mail-review", request), ("mail-coupon", coupon)):
        take(desk, f"{demo.url}/dev/mail/{mail.entry.id}/html", name)
    link = re.search(rf"{demo.url}/r/[^\s?]+", request.text)
    page = telephone.new_page()
    page.goto(f"{link.group() if link else demo.url}?lang=en")
    for star in page.locator("input[name^=stars-][value='5']").all():
        star.check(force=True)
    for field, words in zip(page.locator("textarea").all(), WORDS, strict=True):
        field.fill(words)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    save(page, "review-form-360")
    page.locator("button[type=submit]").first.click()
    page.wait_for_load_state()
    save(page, "review-thanks-360")
    demo.advance("1h")


def take_merchants_pages(browser: Browser, demo: Demo, orders: dict[str, str]) -> None:
    """The dashboard of the WooCommerce store, and the app inside the Shopify admin."""
    woocommerce, shopify = demo.stores
    pages = {
        "home-1440": ("/app/", 1440, "light"),
        "home-360-dark": ("/app/", 360, "dark"),
        "activity-1440": ("/app/activity", 1440, "light"),
        "order-1440": (f"/app/orders/{orders['woocommerce']}", 1440, "light"),
        "settings-1440-dark": ("/app/automations/review_request", 1440, "dark"),
        "setup-1440": ("/app/setup", 1440, "light"),
        "shop-1440": ("/app/shop", 1440, "light"),
        "why-1440": ("/app/why?q=a", 1440, "light"),
    }
    for name, (path, width, scheme) in pages.items():
        context = screen(browser, width, SHORT if width < 500 else WIDE, scheme)
        context.new_page().goto(f"{demo.url}/dev/enter")
        take(context, f"{demo.url}{path}", name)
    context = screen(browser, 1440, WIDE)
    admin = f"{shopify.url}/store/{HANDLE}"
    take(context, f"{admin}/apps/afterglow/app/activity", "shopify-activity-1440")
    plugin = f"{woocommerce.url}/wp-admin/admin.php?page=afterglow"
    take(context, plugin, "plugin-1440")
    towel = of_store(woocommerce, "products", sku="PES-EGE")[0]
    take(context, f"{woocommerce.url}/product/{towel['slug']}/", "product-1440")


def take_returns(browser: Browser, demo: Demo, orders: dict[str, str]) -> None:
    """What the rules leave to the merchant, the rules, and what others would have decided."""
    page = screen(browser, 1440, WIDE).new_page()
    page.goto(f"{demo.url}/dev/enter")
    desk = ReturnsDesk(OutboxMailbox(demo.data_dir / "outbox"))
    desk.ask(zuzanas_order(demo, orders["woocommerce"]), ReturnReason.DEFECTIVE)
    until(lambda: bool(page.goto(f"{demo.url}/app/returns") and page.locator("tbody tr").count()))
    save(page, "returns-1440")
    page.locator("tbody th a").first.click()
    page.wait_for_load_state()
    page.set_viewport_size({"width": 1440, "height": 1020})  # down to the verdict
    save(page, "return-1440")
    page.set_viewport_size({"width": 1440, "height": WIDE})
    page.goto(f"{demo.url}/app/returns/rules")
    save(page, "returns-rules-1440")
    page.locator("summary", has_text="Reasons").click()
    page.get_by_role("group", name="Reasons", exact=True).get_by_label("Approve").check()
    page.get_by_role("button", name="Try it on the past").click()
    page.wait_for_load_state()
    save(page, "returns-dry-run-1440")


def zuzanas_order(demo: Demo, order_id: str) -> Order:
    """What she knows of it; every page of the shop names where its pages for customers are."""
    name = requests.get(f"{demo.stores[0].url}/wp-json/", timeout=15).json()["name"]
    mail = demo.mail_to(ZUZANA.email, f"{demo.url}/r/", name)
    link = re.search(rf"{demo.url}/r/[^\s?]+", mail.text)
    page = requests.get(link.group() if link else demo.url, timeout=15).text
    shop = re.search(r"/c/[^/]+(?=/colour.css)", page)
    rows = of_store(demo.stores[0], "orders")
    number = next(row["number"] for row in rows if str(row["id"]) == order_id)
    shop_url = demo.url + (shop.group() if shop else "")
    return Order(shop_url, number, ZUZANA.email, f"{ZUZANA.first_name} {ZUZANA.last_name}")


def of_store(store: WooCommerce, path: str, **query: str) -> list[dict[str, str]]:
    """What the store's own API lists."""
    answer = requests.get(
        f"{store.url}/wp-json/wc/v3/{path}",
        {"per_page": "100", **query},
        auth=store.new_keys(),
        headers={"X-Forwarded-Proto": "https"},  # so that the store takes Basic
        timeout=15,
    )
    answer.raise_for_status()
    rows: list[dict[str, str]] = answer.json()
    return rows


def screen(browser: Browser, width: int, height: int, scheme: str = "light") -> BrowserContext:
    """A window of its own."""
    return browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )


def take(context: BrowserContext, url: str, name: str) -> None:
    """Open an address and keep what the screen shows."""
    page = context.new_page()
    page.goto(url)
    save(page, name)


def save(page: Page, name: str) -> None:
    """Keep what the screen shows, once it is quiet."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
