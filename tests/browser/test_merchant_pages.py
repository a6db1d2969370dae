"""Merchant pages in a real browser: accessible, fitting, worked by keyboard, in both homes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from app.domain.actions import ActionState
from app.domain.reasons import Reason, ReasonCode
from tests.browser.axe import findings
from tests.browser.kit_app import serving
from tests.http.installing import installed
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order
from tests.support import CLIENT_ID, CLIENT_SECRET
from twins import shopify

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page


@dataclass
class Site:
    """A running application with one shop."""

    shop: MerchantShop
    origin: str


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with merchant_shop(database_url, tmp_path) as shop, serving(shop.app) as origin:
        shop.switch_on()
        shop.take(*[order(n) for n in range(6)])
        shop.end("4102", ActionState.UNCERTAIN, Reason.of(ReasonCode.MAYBE_SENT))
        shop.end("4103", ActionState.SKIPPED, Reason.of(ReasonCode.NO_CONSENT, country="DE"))
        with shop.write() as data:
            data.problems.open("store_key_refused", {}, NOW)
        shop.park(b'{"id": 7}')
        shop.post("/app/texts/review_request/tr", {"subject": "{{ item }} nasıl?", "version": "0"})
        yield Site(shop, origin)


@pytest.fixture
def page(chromium: "Browser", site: Site) -> Iterator["Page"]:
    """Signed in; complaints of the policy and errors of scripts fail the test."""
    context = chromium.new_context(locale="en-GB")
    name, value = site.shop.cookie()
    context.add_cookies([{"name": name, "value": value, "url": site.origin}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(f"Error: {error}"))
    yield page
    context.close()
    assert [t for t in complaints if "Content Security Policy" in t or "Error:" in t] == []


@pytest.mark.parametrize("path", ["/app/", "/app/automations/review_request"])
def test_dialogs_say_what_follows_and_keep_what_is(page: "Page", site: Site, path: str) -> None:
    page.goto(site.origin + path)
    opener = page.locator("[data-dialog]")
    opener.click()
    expect(page.get_by_role("dialog")).to_contain_text("4 p")  # planned, or pending
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    assert site.shop.action("4100").state == ActionState.PLANNED


def test_settings_are_changed_by_keyboard_with_the_effect_told_first(
    page: "Page", site: Site
) -> None:
    page.goto(f"{site.origin}/app/automations/review_request")
    page.get_by_label("Ask after delivery").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("10")
    expect(page.get_by_text("Saving moves 4 pending actions.")).to_be_visible()
    expect(page.get_by_role("region", name="Unsaved changes")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Saved. 4 pending actions move.")
    expect(page.get_by_label("Ask after delivery")).to_have_value("10")


def test_what_is_wrong_takes_the_focus_and_leads_to_its_field(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/automations/review_request")
    page.get_by_label("Ask after delivery").fill("soon")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    assert findings(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    field = page.get_by_label("Ask after delivery")
    expect(field).to_be_focused()
    expect(field).to_have_value("soon")


def test_a_text_is_written_beside_its_preview_and_taken_back(page: "Page", site: Site) -> None:
    address = f"{site.origin}/app/texts/review_request/sk"
    page.goto(address)
    mail = page.frame_locator("iframe.mail-frame")
    page.get_by_label("Heading").fill('Dobrý deň, {{ first_name | default: "priatelia" }}')
    expect(mail.get_by_role("heading")).to_have_text("Dobrý deň, Silvia")
    page.get_by_label("Opening").fill("Prvý riadok.\n\n{{ gone }}")
    expect(page.get_by_text("Line 3, character 4: There is no field “gone”.")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".error-summary")).to_be_focused()
    assert findings(page) == []
    page.get_by_label("Opening").fill("Prvý riadok.\n\n<strong>{{ shop_name }}</strong>")
    expect(mail.locator("strong")).to_have_text("Çınar & Breza")
    page.get_by_label("Opening").press("Tab")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved. The next mail says it.")
    page.get_by_role("link", name="Back to our words…").click()
    expect(page.get_by_role("dialog")).to_contain_text("all words of this mail in this language")
    assert findings(page) == []
    page.get_by_role("button", name="Use our words").click()
    expect(page.get_by_text("All words are ours again.")).to_be_visible()
    expect(page.get_by_label("Heading")).to_have_value("")


def test_everything_works_without_script(chromium: "Browser", site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    name, value = site.shop.cookie()
    context.add_cookies([{"name": name, "value": value, "url": site.origin}])
    page = context.new_page()
    page.goto(f"{site.origin}/app/")
    page.get_by_role("link", name="Pause everything…").click()
    page.get_by_role("button", name="Pause everything").click()
    expect(page.get_by_text("Everything is paused since")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("link", name="Pause everything…")).to_be_visible()
    page.goto(f"{site.origin}/app/automations/review_request")
    page.get_by_label("Ask after delivery").fill("9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Ask after delivery")).to_have_value("9")
    page.goto(f"{site.origin}/app/texts/review_request/en")
    page.get_by_label("Button").fill("Say it")
    page.get_by_role("button", name="Show it in the preview").click()
    mail = page.frame_locator("iframe.mail-frame")
    expect(mail.get_by_role("link", name="Say it")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. The next mail says it.")).to_be_visible()
    context.close()


HANDLE = "cinar-breza"
SLOW = 20_000  # ms: three servers and a browser on a busy machine


@pytest.fixture
def frame(
    chromium: "Browser", tmp_path: Path, database_url: str, free_port: Callable[[], int]
) -> Iterator["FrameLocator"]:
    """Our pages inside the admin of the twin."""
    port = free_port()
    with shopify.start(
        app_url=f"http://127.0.0.1:{port}", client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    ) as twin:
        ports = iter([port])
        settings = {
            "shopify_origin": twin.url,
            "shopify_app_bridge_url": f"{twin.url}/_twin/app-bridge.js",
        }
        with installed(tmp_path, database_url, lambda: next(ports, free_port()), **settings):
            requests.post(
                f"{twin.url}/_twin/shops/{HANDLE}/install", json={}, timeout=5
            ).raise_for_status()
            page = chromium.new_page(locale="en-GB")
            page.goto(f"{twin.url}/store/{HANDLE}/apps/afterglow")
            yield page.frame_locator("iframe")
            page.close()


def test_inside_shopify_pages_come_by_token_and_forms_need_no_other(frame: "FrameLocator") -> None:
    expect(frame.get_by_role("heading", name="First steps")).to_be_visible(timeout=SLOW)
    expect(frame.locator(".topbar")).to_have_count(0)
    frame.get_by_role("link", name="See the automations").click()
    # home has a link of the next name, too
    expect(frame.get_by_role("heading", level=1)).to_have_text("Automations", timeout=SLOW)
    frame.get_by_role("link", name="Review request").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Review request", timeout=SLOW)
    frame.get_by_role("link", name="See what it would do").click()
    expect(frame.frame_locator("iframe.mail-frame").get_by_text("Peştemal Ege")).to_be_visible(
        timeout=SLOW
    )
    frame.get_by_role("button", name="Switch on").click()
    admin = frame.owner.page  # it shows toasts and the save bar, and our menu
    expect(admin.get_by_text("Switched on. It answers what happens from now on.")).to_be_visible(
        timeout=SLOW
    )
    frame.get_by_label("Ask after delivery").fill("9")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved.")).to_be_visible(timeout=SLOW)
    expect(frame.get_by_label("Ask after delivery")).to_have_value("9", timeout=SLOW)
    frame.get_by_role("link", name="Texts").click()
    frame.get_by_role("link", name="Review request, Turkish").click(timeout=SLOW)
    button = frame.get_by_label("Button")
    button.fill("Yorum yaz", timeout=SLOW)
    mail = frame.frame_locator("iframe.mail-frame")
    expect(mail.get_by_role("link", name="Yorum yaz")).to_be_visible(timeout=SLOW)
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved. The next mail says it.")).to_be_visible(timeout=SLOW)
    menu = admin.get_by_role("navigation")
    menu.get_by_role("link", name="Activity").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Activity", timeout=SLOW)
