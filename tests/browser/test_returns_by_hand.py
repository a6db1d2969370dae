"""The merchant's returns in a real browser: by keyboard, without script, in both homes."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from flask import Flask
from playwright.sync_api import expect

from app.db.returns import ReturnRow
from app.db.shops import Shops
from app.domain.returns import ReturnReason, ReturnState
from tests.browser.axe import findings
from tests.browser.kit_app import serving
from tests.http.installing import Installation, installed
from tests.http.merchant_shop import DAY, NOW, MerchantShop, merchant_shop, order
from tests.http.return_desk import ask, carry_out, declare, now, withdraw
from tests.support import CLIENT_ID, CLIENT_SECRET, MovableClock
from twins import shopify

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FrameLocator, Page


@dataclass
class Site:
    """A running application with returns in every state."""

    shop: MerchantShop
    origin: str
    held: list[ReturnRow]
    withdrawal: ReturnRow
    declared: ReturnRow
    approved: ReturnRow

    def pages(self) -> list[str]:
        """What can be opened, each in a telling state."""
        first = self.held[0].id
        return [
            "/app/returns",
            "/app/returns?tab=open",
            "/app/returns?tab=ended",
            "/app/returns?q=nobody",
            f"/app/returns/{first}",
            f"/app/returns/{first}/approve",
            f"/app/returns/{first}/decline",
            f"/app/returns/{first}?done=moved-on",
            f"/app/returns/{self.withdrawal.id}",
            f"/app/returns/{self.declared.id}",
            f"/app/returns/{self.approved.id}",
            f"/app/returns/{self.approved.id}/refund",
            "/app/returns/rules",
            "/app/returns/dry-run",
            "/app/returns/dry-run?now=1",
            "/app/automations/returns_approval/off",
        ]


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with merchant_shop(database_url, tmp_path) as shop, serving(shop.app) as origin:
        shop.switch_on("returns_approval")
        held = [ask(shop, n, note=f"Words number {n}, quite a few of them") for n in range(3)]
        late = {"placed_at": NOW - 40 * DAY, "paid_at": NOW - 40 * DAY}
        withdrawal = withdraw(shop, 3, delivered_at=NOW - 30 * DAY, **late)
        declared = declare(shop)
        approved = ask(shop, 4, ReturnReason.TOO_SMALL)
        shop.take(order(5))
        yield Site(shop, origin, held, withdrawal, declared, approved)


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


def state(site: Site, row: ReturnRow) -> ReturnState:
    return now(site.shop, row).state


@pytest.mark.parametrize(
    ("width", "theme", "language"),
    [(1440, "light", "en"), (1440, "dark", "sk"), (360, "dark", "tr"), (360, "light", "sk")],
)
def test_pages_are_accessible_and_fit(
    page: "Page", site: Site, width: int, theme: str, language: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for path in site.pages():
        mark = "&" if "?" in path else "?"
        page.goto(f"{site.origin}{path}{mark}lang={language}")
        assert findings(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("html").get_attribute("lang") == language
        assert len(page.content().encode()) < 150_000, path


def test_a_queue_is_worked_off_by_keys(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns")
    rows = page.locator("tbody tr")
    rows.first.focus()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_label("Select RMA-1002")).to_be_checked()
    expect(page.locator("#bulk")).to_contain_text("Selected: 1.")
    page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("RMA-1001 approved.")
    assert findings(page) == []
    assert state(site, site.held[0]) is ReturnState.APPROVED
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Taken back.")
    assert state(site, site.held[0]) is ReturnState.HELD
    page.locator("tbody tr").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("RMA-1001, Žofia Nováková")


def test_declining_by_keys_asks_for_words_in_the_rows_name(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns")
    page.locator("tbody tr").nth(1).focus()
    page.keyboard.press("d")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Decline RMA-1002?")
    expect(page.get_by_label("Why, in words for the customer")).to_be_focused()
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("tbody tr").nth(1)).to_be_focused()
    page.keyboard.press("d")
    page.keyboard.type("The label is missing.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("RMA-1002 declined.")
    assert state(site, site.held[1]) is ReturnState.DECLINED
    assert state(site, site.held[0]) is ReturnState.HELD


def test_single_keys_do_nothing_while_no_row_has_the_focus(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns")
    page.get_by_label("Return, order, customer or e-mail").focus()
    page.keyboard.type("aaad")
    page.get_by_label("Select RMA-1001").focus()
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert state(site, site.held[0]) is ReturnState.HELD


def test_what_can_be_undone_goes_away_with_its_time(page: "Page", site: Site) -> None:
    page.clock.install()
    page.goto(f"{site.origin}/app/returns")
    page.get_by_role("button", name="Approve RMA-1001").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.fast_forward(11_000)
    expect(undo).to_have_count(0)


def test_dialogs_of_a_return_say_what_follows(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns/{site.held[0].id}")
    for opener in ("Approve…", "Decline…"):
        page.get_by_role("link", name=opener).click()
        expect(page.get_by_role("dialog")).to_contain_text("You have 10 seconds to undo it.")
        assert findings(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name=opener)).to_be_focused()
    page.goto(f"{site.origin}/app/returns/{site.approved.id}")
    page.get_by_role("link", name="Refunded…").click()
    expect(page.get_by_role("dialog")).to_contain_text("refund the order there first")
    page.get_by_role("button", name="Mark as refunded").click()
    expect(page.get_by_role("status")).to_contain_text("Marked as refunded.")
    assert state(site, site.approved) is ReturnState.REFUNDED


def test_a_rule_is_changed_by_keyboard_with_its_effect_told_first(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns/rules")
    expect(page.get_by_role("region", name="Unsaved changes")).to_be_hidden()
    page.locator("summary", has_text="Reasons: Damaged").focus()
    page.keyboard.press("Enter")
    page.get_by_role("group", name="Reasons", exact=True).get_by_label("Approve").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text(re.compile(r"^3 of the last \d+ would"))).to_be_visible()
    expect(page.get_by_role("region", name="Unsaved changes")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Save", exact=True).last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The next return is decided by these rules.")
    assert ask(site.shop, 6).state is ReturnState.APPROVED


def test_the_enter_key_in_a_field_saves_and_moves_no_rule(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns/rules")
    page.locator("summary", has_text="30 days from arrival").click()
    page.get_by_role("textbox", name="Time to return").fill("40")
    page.keyboard.press("Enter")
    expect(page.get_by_text("40 days from arrival")).to_be_visible()
    expect(page.locator(".rules > li").nth(4)).to_contain_text("40 days from arrival")


def test_a_rule_moves_by_keyboard_and_keeps_the_focus(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns/rules")
    up = page.get_by_role("button", name="Move up: 30 days from arrival")
    for place in (3, 2):
        up.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".rules > li").nth(place)).to_contain_text("30 days from arrival")
        expect(up).to_be_focused()
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".rules > li").nth(4)).to_contain_text("30 days from arrival")
    expect(page.get_by_role("region", name="Unsaved changes")).to_be_hidden()


def test_errors_in_rules_take_the_focus_and_lead_to_their_field(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns/rules")
    page.locator("summary", has_text="30 days from arrival").click()
    page.get_by_role("textbox", name="Time to return").fill("soon")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    assert findings(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Time to return")).to_be_focused()
    expect(page.get_by_role("textbox", name="Time to return")).to_have_value("soon")


def test_changed_rules_are_tried_on_the_past_and_saved_from_there(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns/rules")
    page.locator("summary", has_text="Reasons: Damaged").click()
    page.get_by_role("group", name="Reasons", exact=True).get_by_label("Approve").check()
    page.get_by_role("button", name="Try it on the past").click()
    expect(page.get_by_text(re.compile(r"^3 of \d+ would be decided differently"))).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Back to the rules").click()
    expect(page.get_by_text("was Leave to me")).to_be_visible()
    page.get_by_role("button", name="Try it on the past").click()
    page.get_by_role("button", name="Save these rules").click()
    expect(page.get_by_role("status")).to_contain_text("The next return is decided by these rules.")


def test_everything_works_without_script(chromium: "Browser", site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    name, value = site.shop.cookie()
    context.add_cookies([{"name": name, "value": value, "url": site.origin}])
    page = context.new_page()
    page.goto(f"{site.origin}/app/returns")
    page.get_by_role("button", name="Approve RMA-1001").click()
    expect(page.get_by_text("RMA-1001 approved.")).to_be_visible()
    page.goto(f"{site.origin}/app/returns/{site.held[0].id}")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back.")).to_be_visible()
    page.goto(f"{site.origin}/app/returns")
    page.get_by_role("link", name="Decline RMA-1002…").click()
    page.get_by_role("button", name="Decline return").click()
    expect(page.get_by_role("alert")).to_contain_text("Write why.")
    page.get_by_label("Why, in words for the customer").fill("The label is missing.")
    page.get_by_role("button", name="Decline return").click()
    expect(page.get_by_text("RMA-1002 declined.")).to_be_visible()
    page.get_by_label("Select RMA-1001").check()
    page.get_by_label("Select RMA-1003").check()
    page.get_by_role("button", name="Approve selected").click()
    expect(page.get_by_text("2 returns approved.")).to_be_visible()
    page.goto(f"{site.origin}/app/returns/rules")
    page.get_by_role("button", name="Move up: Tags: final-sale").click()
    page.get_by_label("Add a rule").select_option(label="Countries")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("textbox", name="Countries").last.fill("TR")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Countries: Türkiye")).to_be_visible()
    context.close()


def test_undo_after_its_time_says_so(page: "Page", site: Site) -> None:
    page.goto(f"{site.origin}/app/returns")
    page.get_by_role("button", name="Approve RMA-1001").click()
    carry_out(site.shop, now(site.shop, site.held[0]))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Too late to undo.")).to_be_visible()
    assert findings(page) == []


HANDLE = "cinar-breza"
SLOW = 20_000  # ms: three servers and a browser on a busy machine


@pytest.fixture
def frame(
    chromium: "Browser", tmp_path: Path, database_url: str, free_port: Callable[[], int]
) -> Iterator["FrameLocator"]:
    """Our pages inside the admin of the twin, with one return to decide."""
    port = free_port()
    with shopify.start(
        app_url=f"http://127.0.0.1:{port}", client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    ) as twin:
        ports = iter([port])
        settings = {
            "shopify_origin": twin.url,
            "shopify_app_bridge_url": f"{twin.url}/_twin/app-bridge.js",
        }
        with installed(tmp_path, database_url, lambda: next(ports, free_port()), **settings) as it:
            requests.post(
                f"{twin.url}/_twin/shops/{HANDLE}/install", json={}, timeout=5
            ).raise_for_status()
            page = chromium.new_page(locale="en-GB")
            page.goto(f"{twin.url}/store/{HANDLE}/apps/afterglow")
            frame = page.frame_locator("iframe")
            expect(frame.get_by_role("heading", name="First steps")).to_be_visible(timeout=SLOW)
            _fill(it)
            yield frame
            page.close()


def _fill(place: Installation) -> None:
    """The rules are off, so the return is left to the merchant."""
    deps = place.harness.deps
    with deps.db.read() as uow:
        shop = Shops(uow).find("shopify", f"{HANDLE}.myshopify.com")
    assert shop
    ask(MerchantShop(deps, Flask("unused"), shop, MovableClock(NOW)), 0)


def test_inside_shopify_a_return_is_decided_and_a_rule_changed(frame: "FrameLocator") -> None:
    menu = frame.owner.page.get_by_role("navigation")  # the admin's own, filled from ours
    menu.get_by_role("link", name="Returns").click()
    row = frame.get_by_role("row", name="RMA-1001")
    expect(row).to_be_visible(timeout=SLOW)
    row.get_by_role("button", name="Approve RMA-1001").click()
    undo = frame.get_by_role("button", name="Undo")
    expect(undo).to_be_visible(timeout=SLOW)
    undo.click()
    expect(row).to_be_visible(timeout=SLOW)
    row.get_by_role("link", name="Decline RMA-1001…").click()
    frame.get_by_label("Why, in words for the customer").fill("The label is missing.")
    frame.get_by_role("button", name="Decline return").click()
    expect(frame.get_by_text("RMA-1001 declined.")).to_be_visible(timeout=SLOW)
    frame.get_by_role("link", name="Rules", exact=True).click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Rules for returns", timeout=SLOW)
    frame.get_by_role("button", name="Move up: 30 days from arrival").click()
    expect(frame.locator(".rules > li").nth(3)).to_contain_text("30 days", timeout=SLOW)
    expect(frame.get_by_role("button", name="Move up: 30 days from arrival")).to_be_focused()
    frame.owner.page.get_by_role("button", name="Save").click()  # the admin's own save bar
    expect(frame.locator(".save-bar")).to_be_hidden(timeout=SLOW)
    expect(frame.locator(".rules > li").nth(3)).to_contain_text("30 days", timeout=SLOW)
    expect(frame.get_by_text("Discard")).to_be_hidden(timeout=SLOW)
