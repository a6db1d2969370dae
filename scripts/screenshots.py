"""Takes the pictures in docs/images/ of the running product.

Starts the demo on free ports in a temporary folder, plays a short walk in both twins, and looks at
the pages as merchant and customer. The twins' data are made up, so the pictures show nobody.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import requests
from ensure_browser import system_browser
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.bootstrap import build_deps
from app.channels.outbox import OutboxMailbox, StoredMail
from app.cli.demo.drivers import Person, Store
from app.cli.demo.environment import Ports, environment, free_ports
from app.cli.demo.returns import Order, ReturnsDesk
from app.cli.demo.shopify import HANDLE, Shopify
from app.cli.demo.stores import shop_of
from app.cli.demo.woocommerce import WooCommerce
from app.cli.run import READY
from app.config import load_settings
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.deps import Deps
from app.domain.returns import ReturnReason
from app.platforms.woocommerce.topics import TOPICS

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
LARGEST, ALL_TOGETHER = 250_000, 2_600_000  # bytes of one picture, of all
START_SECONDS = 180
PAUSE_MS = 1_500  # a form waits less long before it asks what saving would change
TELEPHONE, DESK = (360, 780), (1440, 900)
ZUZANA = Person("zuzana.h@posta.example", "Zuzana", "Horváthová", "SK", "sk")
OWEN = Person("owen.h@letter.example", "Owen", "Hughes", "GB", "en")
HANNAH = Person("hannah.v@brief.example", "Hannah", "Vogel", "DE", "en")
DENIZ = Person("deniz.a@mektup.example", "Deniz", "Aydın", "TR", "tr", consent=True)
MARTA = Person("marta.n@lettera.example", "Marta", "Neri", "IT", "en")
EMRE = Person("emre.k@mektup.example", "Emre", "Koç", "TR", "tr", consent=True)
WORDS = (
    "Soft from the first day, and it dries before the next swim. I would buy it again.",
    "Cool in summer. It wants a hot iron.",
)
NOTE = "One corner has come undone after the first wash."
CODE = re.compile(r"\b\d{6}\b")


@dataclass
class Demo:
    """The running demo."""

    url: str
    data_dir: Path
    stores: tuple[WooCommerce, Shopify]

    @cached_property
    def deps(self) -> Deps:
        """For what a picture needs to know and no page tells, such as a shop's address."""
        return build_deps(load_settings())

    @cached_property
    def desk(self) -> ReturnsDesk:
        """Customers at the pages of returns."""
        return ReturnsDesk(self.mailbox)

    @property
    def mailbox(self) -> OutboxMailbox:
        """All mail that went out."""
        return OutboxMailbox(self.data_dir / "outbox")

    def shop(self, store: Store) -> Shop:
        """Our record of a store."""
        return shop_of(self.deps, store) or sys.exit(f"{store.platform} is not connected.")

    def order(self, store: Store, who: Person, order_id: str) -> Order:
        """An order as its customer knows it."""
        shop, name = self.shop(store), f"{who.first_name} {who.last_name}"
        with self.deps.db.read() as uow:
            stored = ShopData(uow, shop.id).orders.get(order_id)
        number = stored.order.number if stored else order_id
        return Order(f"{self.url}/c/{shop.public_ref}", number, who.email, name)

    def advance(self, step: str, times: int = 1) -> None:
        """Move business time by the steps of /dev/ (1h, 1d, 7d)."""
        for _ in range(times):
            answer = requests.post(f"{self.url}/dev/clock", {"to": step}, timeout=120)
            answer.raise_for_status()
            if "problem=" in answer.url:
                sys.exit(f"The demo did not come to rest: {answer.url}")

    def mail_to(self, address: str, holds: str, shop: str) -> StoredMail:
        """The newest mail of a shop to somebody, whose text holds something; waits for it."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for entry in self.mailbox.list():
                mail = self.mailbox.get(entry.id)
                found = (entry.to_address, entry.from_name) == (address, shop)
                if mail and found and re.search(holds, mail.text):
                    return mail
            time.sleep(0.3)
        sys.exit(f"There is no mail to {address} that holds {holds}.")


def main() -> None:
    """Take all pictures; says which are larger than they may be."""
    shutil.rmtree(IMAGES, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    with running_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_browser(), args=["--no-sandbox", "--disable-gpu"]
        )
        take_all(browser, demo)
        browser.close()
    sizes = {path.name: path.stat().st_size for path in IMAGES.iterdir()}
    large = [name for name, size in sizes.items() if size > LARGEST]
    if large:
        sys.exit(f"Larger than {LARGEST} bytes: {', '.join(large)}")
    if sum(sizes.values()) > ALL_TOGETHER:
        sys.exit(f"All together they have {sum(sizes.values())} bytes; {ALL_TOGETHER} are enough.")


def take_all(browser: Browser, demo: Demo) -> None:
    """The walk, with the pictures on the way."""
    orders = buy(demo)
    take_return_pages(browser, demo, orders["woocommerce"]["marta"])
    ask_back(demo, orders)
    demo.advance("7d")
    on_their_way(demo, [(store, store.place(OWEN, ("cushion",))) for store in demo.stores])
    take_mails(browser, demo)
    take_review_pages(browser, demo)
    take_merchants_pages(browser, demo)
    take_what_is_tried(browser, demo)
    take_admins(browser, demo)


@contextmanager
def running_demo() -> Iterator[Demo]:
    """`afterglow run --demo` until the block ends."""
    data_dir, ports = Path(tempfile.mkdtemp(prefix="afterglow-")), free_ports()
    numbers = map(str, (ports.web, ports.shopify, ports.woocommerce))
    command = [sys.executable, "-m", "app.cli", "run", "--demo", "--ports", *numbers]
    os.environ.update(environment(data_dir, ports))
    log = data_dir / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
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


# what happens in the stores


def buy(demo: Demo) -> dict[str, dict[str, str]]:
    """Three days: everybody's parcel arrives. Returns the orders by platform and first name."""
    orders: dict[str, dict[str, str]] = {}
    sent: list[tuple[Store, str]] = []
    for store in demo.stores:
        mine = orders[store.platform] = {}
        for who in (ZUZANA, OWEN, HANNAH, DENIZ, MARTA, EMRE):
            goods = ("towel", "linen") if who in (ZUZANA, MARTA) else ("towel",)
            order = mine[who.first_name.lower()] = store.place(who, goods)
            sent.append((store, order))
    on_their_way(demo, sent)
    for where, order in sent:
        where.deliver(order)
    rest(demo)
    for store in demo.stores:
        store.place(DENIZ, ("linen",))
        store.place(DENIZ, ("cushion",))
        store.cancel(store.place(OWEN, ("linen",)))
    rest(demo)
    demo.advance("1d")
    return orders


def ask_back(demo: Demo, orders: dict[str, dict[str, str]]) -> None:
    """One return that the rules approve, two that they leave to the merchant, one withdrawal."""
    for store in demo.stores:
        mine = orders[store.platform]
        owen, emre = (demo.order(store, who, mine[who.first_name.lower()]) for who in (OWEN, EMRE))
        demo.desk.ask(owen, ReturnReason.UNWANTED)
        demo.desk.ask(emre, ReturnReason.NOT_AS_DESCRIBED)
        hannah = demo.order(store, HANNAH, mine["hannah"])
        demo.desk.withdraw(Order(hannah.shop_url, "7315", HANNAH.email, hannah.name))
        shop = demo.shop(store).name or ""
        demo.mail_to(OWEN.email, "/return-status/", shop)
    rest(demo)


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


# what customers see


def take_return_pages(browser: Browser, demo: Demo, order_id: str) -> None:
    """Marta looks her order up, asks, and follows the state; what the law gives stands beside."""
    store = demo.stores[0]
    order, shop = demo.order(store, MARTA, order_id), demo.shop(store).name or ""
    page = screen(browser, TELEPHONE).new_page()
    page.goto(f"{order.shop_url}/withdraw?lang=en")
    save(page, "withdraw-360")
    page.goto(f"{order.shop_url}/return?lang=en")
    page.fill("[name=number]", order.number)
    page.fill("[name=email]", order.email)
    save(page, "return-lookup-360")
    page.click("main button[type=submit]")
    code = CODE.search(demo.mail_to(MARTA.email, CODE.pattern, shop).text)
    page.fill("[name=code]", code.group() if code else "")
    page.click("main button[type=submit]")
    page.locator("[name=item]").first.check()
    page.locator("select[name^=reason-]").first.select_option("defective")
    page.locator("textarea").first.fill(NOTE)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    save(page, "return-items-360")
    page.click("button[value=review]")
    page.click("button[value=send]")
    page.emulate_media(color_scheme="dark")
    save(page, "return-status-360-dark")


def take_mails(browser: Browser, demo: Demo) -> None:
    """What a request for a review, a coupon, an approval and a receipt look like."""
    shop = demo.shop(demo.stores[0]).name or ""
    mails = {
        "mail-review": demo.mail_to(ZUZANA.email, f"{demo.url}/r/", shop),
        "mail-coupon": demo.mail_to(DENIZ.email, "THANKS-", shop),
        "mail-return": demo.mail_to(OWEN.email, "/return-status/", shop),
        "mail-withdrawal": demo.mail_to(HANNAH.email, "7315", shop),
    }
    for name, mail in mails.items():
        page = screen(browser, (680, 600)).new_page()
        page.goto(f"{demo.url}/dev/mail/{mail.entry.id}/html")
        save(page, name, whole=True)


def take_review_pages(browser: Browser, demo: Demo) -> None:
    """The form that the mail opens, and the review in the store."""
    store = demo.stores[0]
    request = demo.mail_to(ZUZANA.email, f"{demo.url}/r/", demo.shop(store).name or "")
    link = re.search(rf"{demo.url}/r/[^\s?]+", request.text)
    page = screen(browser, TELEPHONE).new_page()
    page.goto(f"{link.group() if link else demo.url}?lang=en")
    for star in page.locator("input[name^=stars-][value='5']").all():
        star.check(force=True)
    for field, words in zip(page.locator("textarea").all(), WORDS, strict=True):
        field.fill(words)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    save(page, "review-form-360")
    page.locator("button[type=submit]").first.click()
    page.wait_for_load_state()
    demo.advance("1h")
    towel = of_store(store, "products", sku="PES-EGE")[0]
    page = screen(browser, (1000, 700)).new_page()
    page.goto(f"{store.url}/product/{towel['slug']}/")
    save(page, "product")


# what merchants see


def take_merchants_pages(browser: Browser, demo: Demo) -> None:
    """The dashboard of the WooCommerce store."""
    pages = {
        "home-1440": ("/app/", DESK, "light"),
        "home-360-dark": ("/app/", TELEPHONE, "dark"),
        "automations-1440": ("/app/automations", (1440, 700), "light"),
        "returns-1440": ("/app/returns", (1440, 700), "light"),
        "shop-1440": ("/app/shop", DESK, "light"),
        "setup-1440-dark": ("/app/setup", DESK, "dark"),
        "why-1440": (f"/app/why?q={HANNAH.email}", DESK, "light"),
    }
    for name, (path, size, scheme) in pages.items():
        page = dashboard(browser, demo, size, scheme)
        page.goto(f"{demo.url}{path}")
        save(page, name)
    page = dashboard(browser, demo, (1440, 1180))
    page.goto(f"{demo.url}/app/returns")
    page.get_by_role("row").filter(has_text=NOTE).get_by_role("link").first.click()
    save(page, "return-1440")


def take_what_is_tried(browser: Browser, demo: Demo) -> None:
    """Forms with a change in them, and what it would lead to."""
    page = dashboard(browser, demo, DESK, "dark")
    page.goto(f"{demo.url}/app/automations/review_request")
    page.fill("#f-days_after_delivery", "14")
    save(page, "review-settings-1440-dark")
    page = dashboard(browser, demo, DESK)
    page.goto(f"{demo.url}/app/texts/review_request/en")
    page.fill("[name=subject]", "{{ first_name | default: 'Hello' }}, how is your {{ item }}?")
    save(page, "text-1440")
    page = dashboard(browser, demo, DESK)
    page.goto(f"{demo.url}/app/returns/rules")
    rule = page.locator("ol.rules > li", has_text="30 days")
    rule.locator("summary").click()
    rule.locator("input[name$=-days]").fill("16")
    page.get_by_text("would be decided differently").first.wait_for()
    save(page, "rules-1440")
    page.get_by_role("button", name="Try it on the past").click()
    save(page, "dry-run-1440")


def take_admins(browser: Browser, demo: Demo) -> None:
    """Afterglow where merchants are anyhow: in wp-admin and in Shopify's admin."""
    woocommerce, shopify = demo.stores
    page = screen(browser, DESK).new_page()
    page.goto(f"{woocommerce.url}/wp-admin/admin.php?page=afterglow")
    save(page, "plugin-1440")
    page.goto(f"{shopify.url}/store/{HANDLE}/apps/afterglow/app/returns")
    page.frame_locator("iframe").get_by_role("heading", name="Returns").first.wait_for()
    save(page, "shopify-1440")


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


# the camera


def dashboard(browser: Browser, demo: Demo, size: tuple[int, int], scheme: str = "light") -> Page:
    """A window of its own, signed in."""
    page = screen(browser, size, scheme).new_page()
    page.goto(f"{demo.url}/dev/enter")
    return page


def screen(browser: Browser, size: tuple[int, int], scheme: str = "light") -> BrowserContext:
    """A window of its own."""
    return browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
    )


def save(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep what the screen shows, or the whole page, once it is quiet."""
    page.wait_for_load_state()
    page.wait_for_timeout(PAUSE_MS)
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", full_page=whole)


if __name__ == "__main__":
    main()
