"""The kit in a real browser: accessible in both themes, narrow and wide, under a strict policy."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.kit_app import create_app, serving

STATIC = Path("app/embedded_ui/static")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app()) as url:
        yield url


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    policy = [text for text in complaints if "Content Security Policy" in text or "Error:" in text]
    assert not policy


def test_axe_sees_what_is_wrong(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<p style='color: #ccc; background: #fff'>Pale</p><img src='x.png'>")
    assert {found.partition(":")[0] for found in findings(page)} >= {"color-contrast", "image-alt"}
    page.close()


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/style", "/style?lang=tr", "/customer", "/customer?colour=ffd400"]
)
def test_pages_are_accessible_and_fit(
    page: Page, address: str, path: str, theme: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(address + path)
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_dialogs_are_accessible_and_give_the_focus_back(
    page: Page, address: str, theme: str
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.goto(address + "/style")
    opener = page.get_by_role("button", name="Pause everything…")
    opener.click()
    expect(page.get_by_role("dialog", name="Pause everything?")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="Keep running").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_failed_save_moves_the_focus_to_the_errors_and_they_lead_to_the_field(
    page: Page, address: str
) -> None:
    page.goto(address + "/style")
    assert page.title().startswith("Error:")
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator(".error-summary a").click()
    field = page.get_by_label("From shipping")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("At least 1.*seven.*days"))
    expect(page.get_by_text("was 3 days")).to_be_visible()


def test_the_save_bar_appears_with_the_first_change_and_goes_with_discarding(
    page: Page, address: str
) -> None:
    page.goto(address + "/style")
    page.locator("form[data-save-bar]").evaluate("form => { delete form.dataset.dirty; }")
    bar = page.get_by_role("region", name="Unsaved changes")
    wait = page.get_by_label("Wait", exact=True)
    stored = wait.input_value()
    wait.fill("9")
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(wait).to_have_value(stored)
    expect(bar).to_be_hidden()


def test_a_queue_is_worked_with_single_keys_while_a_row_has_the_focus(
    page: Page, address: str
) -> None:
    page.goto(address + "/style")
    queue = page.get_by_role("table", name="Queue")
    first, second = (queue.get_by_role("row", name=name) for name in ("RMA-1038", "RMA-1041"))
    first.focus()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("k")  # there is nothing above
    expect(first).to_be_focused()

    page.keyboard.press("x")
    expect(first.get_by_role("checkbox")).to_be_checked()
    expect(page.get_by_text("Selected: 1.")).to_be_visible()
    assert queue.get_by_label("Select all").evaluate("box => box.indeterminate")

    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**#k-queue")


def test_keys_do_nothing_elsewhere_and_tab_enters_a_queue_once(page: Page, address: str) -> None:
    page.goto(address + "/style")
    field = page.get_by_label("Number, customer or product")
    field.press("x")
    field.press("a")
    expect(field).to_have_value("xajug")
    expect(page.get_by_role("dialog")).to_be_hidden()
    rows = page.get_by_role("table", name="Queue").locator("tr[tabindex]")
    rows.nth(1).focus()
    assert rows.evaluate_all("rows => rows.map((row) => row.tabIndex)") == [-1, 0]
    rows.nth(1).press("Control+a")  # the browser's own
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_all_rows_are_selected_at_once_and_the_bar_goes_with_the_last(
    page: Page, address: str
) -> None:
    page.goto(address + "/style")
    bar = page.get_by_role("form", name="Selected rows")
    expect(bar).to_be_hidden()
    page.get_by_label("Select all").check()
    expect(bar).to_contain_text("Selected: 2.")
    assert bar.evaluate("form => [...new FormData(form).getAll('id')]") == ["RMA-1038", "RMA-1041"]
    page.get_by_label("Select all").uncheck()
    expect(bar).to_be_hidden()


def test_without_script_the_bulk_bar_is_there(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/style")
    expect(page.get_by_role("form", name="Selected rows")).to_be_visible()
    context.close()


def test_every_chart_has_its_figures_in_a_table(page: Page, address: str) -> None:
    page.goto(address + "/style")
    panel = page.locator("section[aria-labelledby=k-charts]")
    panel.get_by_text("As a table").first.click()
    table = panel.get_by_role("table", name="Messages planned per day")
    drawn = panel.locator("svg").first.locator("text").all_text_contents()
    told = table.get_by_role("row").filter(has=page.get_by_role("rowheader")).all_inner_texts()
    assert [line.split() for line in told] == [
        [day, value] for value, day in zip(drawn[::2], drawn[1::2], strict=True)
    ]


def test_saving_says_so_until_the_answer_comes(page: Page, address: str) -> None:
    page.goto(address + "/style")
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")  # on its way
    page.locator(".save-bar").get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Saving…")).to_have_attribute("aria-busy", "true")


def test_the_menu_opens_on_narrow_screens(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(address + "/style")
    expect(page.get_by_role("link", name="Activity")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Activity")).to_be_visible()
    assert findings(page) == []


def test_inside_shopify_the_shell_fetches_the_page_with_the_token(page: Page, address: str) -> None:
    page.goto(address + "/shopify/style")
    expect(page.get_by_role("heading", level=1, name="Kit")).to_be_visible()
    expect(page.locator(".topbar")).to_have_count(0)
    expect(page.locator("s-app-nav a")).to_have_count(2)
    expect(page.locator("html")).to_have_attribute("data-theme", "light")

    # links go through fetch as well: the frame stays, the address changes
    page.evaluate("window.stayed = true")
    page.locator("s-app-nav a").nth(1).evaluate("link => link.click()")  # as App Bridge does
    page.wait_for_url("**/shopify/other")
    expect(page.locator("#main")).to_be_focused()
    assert page.evaluate("window.stayed")
    assert page.title() == "Kit · Afterglow"


def test_a_page_that_cannot_be_fetched_says_so(chromium: Browser, address: str) -> None:
    page = chromium.new_page()
    page.goto(address + "/shopify-broken")
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded", timeout=20_000)
    expect(page.get_by_role("link", name="Try again")).to_be_visible()
    page.close()


def test_customer_pages_work_without_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/customer")
    page.get_by_role("radio", name="2 stars, fair").first.check()
    filled = page.locator(".stars").first.locator(
        "label:has(input:checked), label:has(~ label input:checked)"
    )
    expect(filled).to_have_count(2)
    expect(page.locator("script")).to_have_count(0)
    context.close()


def test_the_kit_keeps_within_its_budget() -> None:
    def compressed(*names: str) -> int:
        return sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)

    assert compressed("kit.css") <= 10_000
    assert compressed("kit.js", "vendor/htmx-4.0.1.min.js") <= 25_000


def test_both_ways_to_dark_are_alike() -> None:
    css = (STATIC / "kit.css").read_text(encoding="utf-8")
    wished = re.search(r'\[data-theme="dark"\] \{(.*?)\}', css, re.DOTALL)
    device = re.search(r":root:not\(\[data-theme\]\) \{(.*?)\}", css, re.DOTALL)
    assert wished
    assert device
    assert wished[1].split() == device[1].split()
