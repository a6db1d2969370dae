"""What a restored backup made wait: accessible, fitting, decided by keyboard without script."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.domain.actions import ActionState
from app.services import continuity
from tests.browser.axe import findings
from tests.browser.kit_app import serving
from tests.http.merchant_shop import NOW, merchant_shop, order

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("look", [(1440, "light", "en"), (360, "dark", "tr"), (360, "light", "sk")])
def test_the_pages_are_accessible_and_fit_and_one_is_decided(
    chromium: "Browser", database_url: str, tmp_path: Path, look: tuple[int, str, str]
) -> None:
    width, theme, language = look
    with merchant_shop(database_url, tmp_path) as shop, serving(shop.app) as origin:
        shop.switch_on()
        shop.take(*[order(n) for n in range(4)])
        shop.clock.at = NOW.replace(month=12, day=20)
        continuity.announce(shop.deps)
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
        )
        name, value = shop.cookie()
        context.add_cookies([{"name": name, "value": value, "url": origin}])
        page = context.new_page()
        for path in ("/app/held", "/app/held/all/go", "/app/held/all/cancel", "/app/"):
            page.goto(f"{origin}{path}?lang={language}")
            assert findings(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        context.close()

        plain = chromium.new_context(java_script_enabled=False)
        plain.add_cookies([{"name": name, "value": value, "url": origin}])
        page = plain.new_page()
        page.goto(f"{origin}/app/held")
        page.get_by_role("button", name="Let it go on: Review request #4101").press("Enter")
        expect(page.get_by_role("rowheader")).to_have_count(3)
        assert shop.action("4101").state is ActionState.PLANNED
        assert shop.action("4100").state is ActionState.BLOCKED
        plain.close()
