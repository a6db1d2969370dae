"""Customer pages in a real browser: accessible, legible, fitting, and complete without script."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.db.shops import Shops, ShopState
from app.domain.returns import ReturnState
from tests.browser.axe import findings
from tests.browser.kit_app import serving
from tests.http.customer_shop import ORDER, CustomerShop, customer_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E"
    "%3Crect width='9' height='9' fill='%2325568a'/%3E%3C/svg%3E"
)


@dataclass
class Site:
    """A running application with one shop."""

    shop: CustomerShop
    origin: str

    def pages(self) -> dict[str, str]:
        """Name and address of what can be opened."""
        return {
            "form": self.origin + self.shop.review_link(item="12", stars="5"),
            "unsubscribe": self.origin + self.shop.unsubscribe_link("review_request"),
            "preferences": self.origin + self.shop.preferences_link(),
            "handling": f"{self.origin}/c/{self.shop.shop.public_ref}/reviews",
            "no link": f"{self.origin}/r/altered",
        }


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    with customer_shop(database_url, tmp_path) as shop, serving(shop.app) as origin:
        yield Site(shop, origin)


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    """Without script, as every customer page must do; complaints of the policy fail the test."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    yield page
    context.close()
    assert [text for text in complaints if "Content Security Policy" in text] == []


@pytest.mark.parametrize(
    ("language", "theme", "width"),  # every pair of two of them once
    [
        ("en", "light", 360),
        ("en", "dark", 1440),
        ("tr", "dark", 360),
        ("tr", "light", 1440),
        ("sk", "dark", 360),
        ("sk", "light", 1440),
    ],
)
def test_pages_are_accessible_and_fit(
    chromium: "Browser", site: Site, language: str, theme: str, width: int
) -> None:
    # axe itself needs script; the policy of the pages keeps theirs away, so it is lifted here
    context = chromium.new_context(
        bypass_csp=True,
        color_scheme="dark" if theme == "dark" else "light",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()

    def check(name: str) -> None:
        assert findings(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate("document.documentElement.lang") == language, name

    for name, address in site.pages().items():
        page.goto(f"{address}{'&' if '?' in address else '?'}lang={language}")
        check(name)
    page.goto(f"{site.origin}{site.shop.review_link(lang=language)}")
    page.locator("textarea").first.fill("x" * 5_001)
    page.locator("form button.primary").click()
    check("mistakes")
    page.locator("input[type=radio][value='4']").first.check()
    page.locator("textarea").first.fill("Good, with-a-very-long-word-" + "o" * 120)
    page.locator("form button.primary").click()
    page.wait_for_url("**/thanks**")
    check("thanks")
    page.goto(f"{site.origin}{site.shop.preferences_link()}?lang={language}")
    page.locator("form button.primary").click()
    check("saved")
    page.goto(f"{site.origin}{site.shop.unsubscribe_link('coupon')}?lang={language}")
    page.locator("form button.primary").click()
    check("stopped")
    with site.shop.deps.db.write() as uow:
        Shops(uow).change(site.shop.shop.id, state=ShopState.DISCONNECTED)
    page.goto(f"{site.origin}{site.shop.review_link(lang=language)}")
    check("closed")
    context.close()


def test_a_review_is_written_corrected_and_changed_without_script(site: Site, page: "Page") -> None:
    page.goto(site.origin + site.shop.review_link(item="12", stars="4"))
    cezve = page.get_by_role("group", name="Your rating Bakır cezve")
    expect(cezve.get_by_role("radio", name="4 stars, good")).to_be_checked()
    page.get_by_label("What should others know? Peştemal Ege").fill("Two lines.\nReally.")
    page.get_by_label("Žofia, Trnava").check()
    page.get_by_role("button", name="Publish my reviews").click()

    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: Your review")
    expect(page.get_by_label("What should others know? Peştemal Ege")).to_have_value(
        "Two lines.\nReally."
    )
    summary.get_by_role("link", name="Choose a number of stars, or delete the text.").click()
    pestemal = page.get_by_role("group", name="Your rating Peştemal Ege")
    expect(pestemal.get_by_role("radio", name="1 star, poor")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(pestemal.get_by_role("radio", name="2 stars, fair")).to_be_checked()
    page.get_by_role("button", name="Publish my reviews").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Žofia")
    expect(page.get_by_text("Being published")).to_have_count(2)
    expect(page.get_by_text("Shown as: Žofia, Trnava")).to_have_count(2)
    page.get_by_role("link", name="Change my review").click()
    expect(page.get_by_label("What should others know? Peştemal Ege")).to_have_value(
        "Two lines.\nReally."
    )
    expect(page.get_by_label("Žofia, Trnava")).to_be_checked()


def test_what_is_typed_into_the_language_switch_leads_to_the_same_form(
    site: Site, page: "Page"
) -> None:
    page.goto(site.origin + site.shop.review_link(item="12", stars="4"))
    page.get_by_role("link", name="Slovenčina").click()
    expect(page.locator("h1")).to_have_text("Čo poviete na svoje nové veci, Žofia?")
    expect(page.locator("input[name='stars-12'][value='4']")).to_be_checked()
    page.get_by_role("link", name="Türkçe").click()
    expect(page.get_by_role("button", name="Değerlendirmelerimi yayımla")).to_be_visible()


def test_mail_is_stopped_and_allowed_again_without_script(site: Site, page: "Page") -> None:
    page.goto(site.origin + site.shop.unsubscribe_link("review_request"))
    page.get_by_role("button", name="Stop asking for reviews").click()
    assert site.shop.suppressed() == {"review_request"}
    page.get_by_role("button", name="Undo").click()
    assert site.shop.suppressed() == set()
    page.get_by_role("link", name="Choose what we write to you about").click()
    page.get_by_label("Coupons").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("You get no more coupons from us.")
    assert site.shop.suppressed() == {"coupon"}
    page.get_by_role("button", name="Stop everything but orders and returns").click()
    assert site.shop.suppressed() == {"all", "coupon", "review_request"}
    expect(page.get_by_label("Your orders and returns")).to_be_checked()


def test_pictures_of_a_shop_are_shown(site: Site, page: "Page") -> None:
    lines = tuple(replace(line, image_url=PICTURE) for line in ORDER.lines)
    site.shop.add_order(replace(ORDER, lines=lines))
    page.goto(site.origin + site.shop.review_link())
    expect(page.locator("img.thumb")).to_have_count(1)


@dataclass
class Visit:
    """A visitor in one language, theme and width; with script, which axe needs."""

    page: "Page"
    language: str
    width: int

    def goto(self, address: str) -> None:
        self.page.goto(f"{address}?lang={self.language}")

    def press(self, value: str = "") -> None:
        with self.page.expect_navigation():  # the old page would be looked at while it goes
            self.page.locator(f"button[value={value}]" if value else "button.primary").click()

    def check(self, name: str) -> None:
        assert findings(self.page) == [], name
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width, name
        assert self.page.evaluate("document.documentElement.lang") == self.language, name


@pytest.fixture(
    params=[("en", "dark", 360), ("tr", "light", 360), ("sk", "light", 1440), ("sk", "dark", 360)],
    ids=str,
)
def visit(chromium: "Browser", request: pytest.FixtureRequest) -> Iterator[Visit]:
    language, theme, width = request.param
    context = chromium.new_context(
        bypass_csp=True, color_scheme=theme, viewport={"width": width, "height": 900}
    )
    yield Visit(context.new_page(), language, width)
    context.close()


def test_the_look_up_is_accessible_and_fits(site: Site, visit: Visit) -> None:
    visit.goto(f"{site.origin}/c/{site.shop.shop.public_ref}/return")
    visit.check("look-up")
    visit.press()
    visit.check("look-up, mistakes")
    visit.page.locator("#number").fill("4187")
    visit.page.locator("#email").fill("zofia@posta.example")
    visit.press()
    visit.check("code")
    visit.page.locator("#code").fill("000000")
    visit.press()
    visit.check("code, wrong")


def test_pages_of_a_return_are_accessible_and_fit(site: Site, visit: Visit) -> None:
    shop, page = site.shop, visit.page
    shop.rules(send_back_to="Çınar & Breza\nDolná 14", way_back="fee", return_fee=5)
    visit.goto(site.origin + shop.return_link())
    visit.check("items")
    page.locator("#item-11").check()
    visit.press()
    visit.check("items, mistakes")
    page.locator("#reason-11").select_option("damaged")
    page.locator("#note-11").fill("Both-seams-with-a-very-long-word-" + "o" * 120)
    visit.press()
    visit.check("review")
    visit.press("send")
    visit.check("sent")
    row = shop.returns()[0]
    for state in (ReturnState.APPROVED, ReturnState.RECEIVED, ReturnState.REFUNDED):
        row = shop.move(row, state, "Sorry about the seam.")
        visit.goto(site.origin + shop.status_link(row))
        visit.check(state)
    visit.goto(site.origin + shop.return_link())
    visit.check("items, some came back")
    page.locator("#item-12").check()
    page.locator("#reason-12").select_option("unwanted")
    visit.press()
    visit.press("send")
    row = shop.move(shop.returns()[0], ReturnState.DECLINED, "It was worn.")
    visit.goto(site.origin + shop.status_link(row))
    visit.check("declined")


def test_pages_of_a_withdrawal_are_accessible_and_fit(site: Site, visit: Visit) -> None:
    page = visit.page
    visit.goto(site.origin + site.shop.return_link(then="/withdraw"))
    visit.check("of an order")
    visit.press()
    visit.check("where it stands")
    visit.goto(f"{site.origin}/c/{site.shop.shop.public_ref}/withdraw")
    visit.check("without a link")
    visit.press()
    visit.check("mistakes")
    page.locator("#name").fill("Žofia Nováková-Hrušovská-z-Banskej-Štiavnice")
    page.locator("#goods").fill("Two towels")
    page.locator("#email").fill("a-rather-long-address-of-zofia@posta-banskej-stiavnice.example")
    visit.press()
    visit.check("confirmation")
    visit.press("confirm")
    visit.check("receipt")


def test_something_is_returned_without_script(site: Site, page: "Page") -> None:
    page.goto(f"{site.origin}/c/{site.shop.shop.public_ref}/return?lang=en")
    page.get_by_label("Order number").fill("#4187")
    page.get_by_label("E-mail address").fill("zofia@posta.example")
    page.get_by_role("button", name="Send me a code").click()
    site.shop.work()
    code = site.shop.mails()[0].entry.subject.split()[0]
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Open my order").click()
    reason = page.get_by_label("Why? Peştemal Ege")
    expect(reason).to_be_hidden()
    page.get_by_role("checkbox", name="Peştemal Ege").check()
    expect(reason).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Choose a reason.").click()
    expect(reason).to_be_focused()
    reason.select_option("Damaged")
    page.get_by_label("What happened? (optional) Peştemal Ege").fill("The seam.")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("What happened? (optional) Peştemal Ege")).to_have_value("The seam.")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Request the return").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    page.get_by_role("button", name="Cancel this return, I keep the items").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled. You keep the items.")


def test_a_purchase_is_withdrawn_from_with_two_buttons(site: Site, page: "Page") -> None:
    page.goto(f"{site.origin}{site.shop.return_link()}?lang=en")
    page.get_by_role("main").get_by_role("link", name="Withdraw from contract here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your withdrawal")
    page.get_by_role("button", name="Confirm withdrawal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your withdrawal has arrived")
    expect(page.get_by_text("24 November 2026, 10:00:00 (UTC+01:00)")).to_be_visible()
