"""The plugin's page in the store's admin, in a real browser: from there into the dashboard."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.domain.clocks import WallClock
from scripts import ensure_php
from tests.browser.axe import findings
from tests.http.installing import Installation, installed
from tests.support import switch_on
from tests.wordpress.plugin_shop import PAGE, change_fields, connect, shop
from twins import woocommerce

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SLOW = 15_000


@pytest.fixture
def site(tmp_path: Path, database_url: str, free_port: Callable[[], int]) -> Iterator[Installation]:
    """A connected store with the plugin itself, one automation on, one problem."""
    if problem := ensure_php.missing():
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    with (
        woocommerce.start(plugin=True) as twin,
        installed(tmp_path, database_url, free_port, twin.url) as site,
    ):
        connect(site)
        # A browser takes its time, and tokens are judged by the clock of the store's machine.
        site.harness.wall.now = WallClock().now  # type: ignore[method-assign]
        switch_on(site.harness, shop(site).id, "review_request")
        with site.harness.change(shop(site).id) as data:
            data.problems.open("webhooks_missing", {"code": "x"}, site.harness.business.now())
        yield site


@pytest.fixture
def page(chromium: "Browser", site: Installation) -> Iterator["Page"]:
    """Closed before the site is: what it still loads then would be a complaint."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    context.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("width", "theme", "locale"),
    [(1440, "light", "en_US"), (360, "dark", "sk_SK"), (360, "light", "tr_TR")],
)
def test_the_page_is_accessible_and_fits(
    page: "Page", site: Installation, width: int, theme: str, locale: str
) -> None:
    change_fields(site, locale=locale)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for query in ("", "&afterglow_done=not-done"):
        page.goto(f"{site.store}{PAGE}{query}")
        assert page.locator("html").get_attribute("lang") == locale.replace("_", "-")
        expect(page.locator(".afterglow-automations li")).not_to_have_count(0)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_before_connecting_it_is_accessible_and_leads_to_connecting(
    page: "Page", site: Installation
) -> None:
    with site.harness.change(shop(site).id) as data:
        data.credentials.forget()
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(site.store + PAGE)
    assert findings(page) == []
    page.get_by_role("button", name="Connect").click()
    expect(page).to_have_url(
        f"{site.url}/connect?address={site.store.replace(':', '%3A').replace('/', '%2F')}"
    )
    expect(page.get_by_label("Address of your store")).to_have_value(site.store)


def test_open_dashboard_signs_in_in_a_new_tab(page: "Page", site: Installation) -> None:
    page.goto(site.store + PAGE)
    expect(page.get_by_role("heading", name="Review request On")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open dashboard").click()
    dashboard = opened.value
    expect(dashboard).to_have_url(f"{site.url}/app/", timeout=SLOW)
    expect(dashboard.get_by_text("Lúka & Lale").first).to_be_visible()
    dashboard.goto(f"{site.url}/app/automations")
    expect(dashboard.get_by_role("heading", level=1)).to_have_text("Automations")
    expect(page).to_have_url(site.store + PAGE)


def test_all_is_done_by_keyboard(page: "Page", site: Installation) -> None:
    page.goto(site.store + PAGE)

    def press_button(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.textContent")
            if focused.startswith(name):
                page.keyboard.press("Enter")
                return
        raise AssertionError(f"“{name}” is not reached by the keyboard")

    press_button("Switch off")
    expect(page.get_by_role("status")).to_contain_text("Switched off.", timeout=SLOW)
    expect(page.get_by_role("heading", name="Review request Off")).to_be_visible()
    press_button("Pause everything")
    expect(page.get_by_role("status")).to_contain_text("Everything is paused.", timeout=SLOW)
    press_button("Go on")
    expect(page.get_by_role("status")).to_contain_text("goes on", timeout=SLOW)
    with page.context.expect_page() as opened:
        press_button("See what it would do")
    preview = opened.value
    expect(preview).to_have_url(f"{site.url}/app/automations/review_request/on", timeout=SLOW)
    expect(preview.get_by_role("button", name="Switch on")).to_be_visible()


def test_without_script_the_hand_over_has_a_button(chromium: "Browser", site: Installation) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.store + PAGE)
    with context.expect_page() as opened:
        page.get_by_role("button", name="Open dashboard").click()
    hand_over = opened.value
    hand_over.get_by_role("button", name="Go on").click()
    expect(hand_over).to_have_url(f"{site.url}/app/", timeout=SLOW)
    context.close()


@pytest.mark.parametrize("width", [1440, 360])
def test_a_token_that_opens_nothing_gets_a_page_with_a_remedy(
    chromium: "Browser", site: Installation, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(site.store)
    page.set_content(
        f'<form method="post" action="{site.url}/plugin/open">'
        '<input name="token" value="eyJhbGciOiJIUzI1NiJ9.e30.AAAA"><button>x</button></form>'
    )
    page.get_by_role("button", name="x").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not opened", timeout=SLOW)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
