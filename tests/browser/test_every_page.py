"""Every page that a merchant can open, in both homes, themes, widths and languages.

The addresses come from the application itself, so a new page is in here as soon as it has one;
`TELLING` names states that deserve a look besides.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.merchant_homes import Home, Homes, merchant_homes
from tests.http.addresses import path_of, rules

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HEAVIEST = 150_000

# Addresses with a query, or of another thing than `path_of` takes.
TELLING = (
    "/app/activity?q=nothing",
    "/app/activity?outcome=not_done",
    "/app/automations/contact",
    "/app/automations/milestone_coupon/on",
    "/app/orders/4102",
    "/app/texts/milestone_coupon/tr",
    "/app/why?q=stastny",
    "/app/why?q=nobody",
    "/app/?done=paused",
    "/app/shop?done=saved",
    "/app/setup?done=looking",
)

# Parts of a page, which have no document of their own; and what only leads on.
FRAGMENTS = {"/app/shop/colour"}

# home, width, theme, language: each more than once but English. Inside Shopify it is light.
LOOKS = (
    ("woocommerce", "1440", "light", "en"),
    ("woocommerce", "360", "dark", "tr"),
    ("woocommerce", "1440", "dark", "sk"),
    ("shopify", "360", "light", "sk"),
    ("shopify", "1440", "light", "tr"),
)


@pytest.fixture
def homes(database_url: str, tmp_path: Path) -> Iterator[Homes]:
    with merchant_homes(database_url, tmp_path) as found:
        yield found


def paths(homes: Homes, home: Home) -> list[str]:
    """Every address below /app/ with something of this home's shop, each once."""
    shop = homes.shops[home]
    shop.post("/app/automations/review_request/test")
    found = [path_of(shop, rule) for rule in rules(shop, "GET", "/app/")]
    return [path for path in dict.fromkeys([*found, *TELLING]) if path not in FRAGMENTS]


def open_page(page: "Page", homes: Homes, home: Home, path: str) -> None:
    """Go there and wait until the page itself is shown (inside Shopify it is fetched)."""
    page.goto(homes.address(home, path))
    expect(page.locator("main h1").first).to_be_visible(timeout=15_000)


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
def test_pages_are_accessible_fit_and_keep_to_the_policy(
    chromium: "Browser", homes: Homes, look: tuple[Home, str, str, str]
) -> None:
    home, width, theme, language = look
    options = {
        "viewport": {"width": int(width), "height": 900},
        "color_scheme": theme,
        "locale": language,
    }
    with homes.browser_in(chromium, home, **options) as page:
        for path in paths(homes, home):
            open_page(page, homes, home, path)
            assert findings(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= int(width), path
            assert page.locator("html").get_attribute("lang") == language, path
            assert page.locator("main h1").count() == 1, path
            assert len(page.content().encode()) < HEAVIEST, path


@pytest.mark.parametrize("home", ["woocommerce", "shopify"])
def test_dialogs_are_accessible_keep_what_is_and_give_the_focus_back(
    chromium: "Browser", homes: Homes, home: Home
) -> None:
    opened = 0
    with homes.browser_in(chromium, home) as page:
        for path in paths(homes, home):
            open_page(page, homes, home, path)
            for opener in page.locator("main [data-dialog]").all():
                opener.click()
                expect(page.get_by_role("dialog")).to_be_visible()
                assert findings(page) == [], path
                page.keyboard.press("Escape")
                expect(page.get_by_role("dialog")).to_be_hidden()
                expect(opener).to_be_focused()
                opened += 1
    assert opened >= 2


# What the keyboard must reach: one radio of a group stands for it, closed parts hide theirs.
REACHABLE = """() => [...document.querySelectorAll(
  "a[href], :is(button, input):not([disabled], [type=hidden]), select, textarea, summary"
)].filter((one) => one.checkVisibility() && one.tabIndex >= 0 && !one.closest("dialog:not([open])"))
  .filter((one) => one.type !== "radio" || one.checked)
  .map((one, number) => { one.dataset.reach = number; return one.outerHTML.slice(0, 120); })"""


def test_everything_is_reached_by_the_keyboard_alone(chromium: "Browser", homes: Homes) -> None:
    with homes.browser_in(chromium, "woocommerce") as page:
        for path in paths(homes, "woocommerce"):
            open_page(page, homes, "woocommerce", path)
            wanted = page.evaluate(REACHABLE)
            reached: set[str] = set()
            for _ in range(len(wanted) + 60):  # dates have parts, mails in frames have links
                page.keyboard.press("Tab")
                reached.add(page.evaluate("document.activeElement?.dataset.reach ?? ''"))
                if len(reached - {""}) == len(wanted):
                    break
            missed = [html for n, html in enumerate(wanted) if str(n) not in reached]
            assert missed == [], path


def test_inside_shopify_what_is_done_is_told_by_the_admin(
    chromium: "Browser", homes: Homes
) -> None:
    with homes.browser_in(chromium, "shopify") as page:
        open_page(page, homes, "shopify", "/app/?done=paused")
        expect(page.locator("html")).to_have_attribute("data-toast", "Everything is paused.")
        expect(page.locator(".toast")).to_have_count(0)
        expect(page.locator(".topbar")).to_have_count(0)
        names = page.locator("s-app-nav a").all_inner_texts()
        assert names[0] == "Home"
        assert {"Automations", "Activity", "Shop", "Setup"} <= set(names)
        assert page.context.cookies() == []
