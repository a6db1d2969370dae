"""Script that somebody stored: in a real browser, with the content policy switched off, so that
only what is escaped counts. (The same by parsing, with other words: tests/http/test_hostile_input.)
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.serving import make_server

from app.channels.links import Purpose
from app.db.shops import Shops
from app.domain.snapshots import Person
from tests.http.addresses import path_of, rules
from tests.http.merchant_shop import MerchantShop, order

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Each breaks out of another place: an element, an attribute with either quote, a script, a title, a
# comment, an address, an attribute of htmx.
MARK = "pwned=1"
PAYLOADS = (
    f'"><img src=x onerror="{MARK}">',
    f"'><svg onload={MARK}>",
    f"</script><script>{MARK}</script>",
    f"</title></textarea></style><script>{MARK}</script>",
    f"--><iframe srcdoc='<script>parent.{MARK}</script>'></iframe>",
    f"javascript:{MARK}//",
    f'" autofocus onfocus="{MARK}" hx-on:load="{MARK}" hx-get="/x" x="',
    f"{{{{constructor.constructor('{MARK}')()}}}}${{{MARK}}}",
)
EVERYTHING = " ".join(PAYLOADS)


@contextmanager
def served(shop: MerchantShop) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, shop.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def store_it_everywhere(shop: MerchantShop) -> list[str]:
    """Name, address, titles, numbers, pictures, review, return, shop; returns customers' pages."""
    made = order(1)
    person = Person(
        email="kunde1@posta.example",
        first_name=EVERYTHING,
        last_name=PAYLOADS[0],
        city=EVERYTHING,
        phone=PAYLOADS[1],
    )
    line = replace(
        made.lines[0], title=EVERYTHING, variant_title=EVERYTHING, image_url=PAYLOADS[5], sku="x"
    )
    shop.take(replace(made, number=PAYLOADS[2], person=person, lines=(line,)))
    shop.park(EVERYTHING.encode())
    with shop.write() as data:
        values = {"name": EVERYTHING[:200], "postal_address": EVERYTHING, "url": PAYLOADS[5]}
        Shops(data.uow).change(shop.shop.id, **values)
    ref, customer = shop.shop.public_ref, shop.app.test_client()
    review, returned = (
        urlsplit(shop.deps.links.make(purpose, {"s": ref, "o": "4101"})).path
        for purpose in (Purpose.REVIEW, Purpose.RETURN)
    )
    words = {"stars-11": "1", "text-11": EVERYTHING, "author": "initial"}
    assert customer.post(review, data=words).status_code == 303
    wish = {"item": "11", "quantity-11": "1", "reason-11": "other", "note-11": EVERYTHING}
    status = customer.post(returned, data={**wish, "do": "send"}).location
    assert status
    shop.post("/app/automations/review_request/test")
    return [review, f"{review}/thanks", returned, f"{returned}/withdraw", status]


def test_stored_script_does_not_run_in_a_browser(shop: MerchantShop, chromium: "Browser") -> None:
    pages = store_it_everywhere(shop)
    pages += [path_of(shop, rule, order_id="4101") for rule in rules(shop, "GET", "/app/")]
    pages += [path_of(shop, rule) for rule in rules(shop, "GET", "/dev/mail/")]
    with served(shop) as url:
        context = chromium.new_context(bypass_csp=True, java_script_enabled=True)
        name, value = shop.cookie()
        context.add_cookies([{"name": name, "value": value, "url": url}])
        page, dialogs = context.new_page(), list[str]()
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.set_content(f"<p>{PAYLOADS[0]}")  # the look sees what it looks for
        page.wait_for_function("window.pwned === 1")
        seen = 0
        for path in sorted(set(pages)):
            answer = page.goto(url + path, wait_until="domcontentloaded")
            assert answer
            assert answer.status < 500, path
            page.wait_for_timeout(30)
            assert [frame.evaluate("window.pwned") for frame in page.frames] == [None] * len(
                page.frames
            ), path
            seen += MARK in page.content()
        assert seen >= 8
        assert dialogs == []
        context.close()
