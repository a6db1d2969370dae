"""The twin's admin around a framed app: ID tokens, menu, save bar, installation."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from playwright.sync_api import Browser, Page, expect

from twins.common.server import RunningTwin
from twins.shopify import start

SECRET = "test-client-secret-of-at-least-32-bytes"
PAGE = """<!doctype html><title>App</title>
<meta name="shopify-api-key" content="test-client"><script src="{bridge}"></script>
<s-app-nav>
  <a href="/shopify" rel="home">Home</a><a href="/shopify/activity">Activity</a>
</s-app-nav>
<h1>{path}</h1>
<form data-save-bar><label>Days <input name="days" value="7"></label></form>
<button onclick="shopify.toast.show('Done')">Toast</button><output></output>
<script>
  const out = document.querySelector("output");
  fetch("/api").then((answer) => answer.text()).then((text) => (out.textContent = text));
  document.querySelector("form").addEventListener("submit", (event) => {{
    event.preventDefault();
    out.textContent = "saved " + event.target.days.value;
  }});
</script>"""


class FramedApp:
    """A page that uses App Bridge; it remembers the addresses and the tokens that it saw."""

    def __init__(self) -> None:
        self.url, self.bridge = "", ""
        self.pages: list[str] = []
        self.tokens: list[str] = []
        self.reject_next = False

    def answer(self, path: str, authorization: str | None) -> tuple[int, str]:
        if path == "/api":
            self.tokens.append((authorization or "").removeprefix("Bearer "))
            if self.reject_next:
                self.reject_next = False
                return 401, ""
            return 200, f"token {len(self.tokens)}"
        self.pages.append(path)
        return 200, PAGE.format(bridge=self.bridge, path=urlsplit(path).path)


@contextmanager
def framed_app() -> Iterator[FramedApp]:
    app = FramedApp()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = app.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if status == 401:
                self.send_header("X-Shopify-Retry-Invalid-Session-Request", "1")
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    app.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def app() -> Iterator[FramedApp]:
    with framed_app() as app:
        yield app


@pytest.fixture
def twin(app: FramedApp) -> Iterator[RunningTwin]:
    with start(
        app_url=app.url, client_id="test-client", client_secret=SECRET, seed="demo"
    ) as running:
        app.bridge = f"{running.url}/_twin/app-bridge.js"
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def test_the_frame_gets_signed_parameters_and_fetches_with_a_token(
    app: FramedApp, twin: RunningTwin, page: Page
) -> None:
    page.goto(f"{twin.url}/store/cinar-breza/apps/afterglow/activity?order=7")
    expect(page.frame_locator("iframe").locator("output")).to_have_text("token 1")
    address = urlsplit(app.pages[0])
    query = dict(parse_qsl(address.query))
    signature = query.pop("hmac")
    message = "&".join(f"{key}={value}" for key, value in sorted(query.items()))
    assert signature == hmac.new(SECRET.encode(), message.encode(), sha256).hexdigest()
    assert address.path.endswith("/activity")
    assert query["order"] == "7"
    assert query["shop"] == "cinar-breza.myshopify.com"
    for token in (query["id_token"], app.tokens[0]):
        claims = jwt.decode(token, SECRET, ["HS256"], audience="test-client")
        assert claims["dest"] == "https://cinar-breza.myshopify.com"
        assert claims["iss"] == "https://cinar-breza.myshopify.com/admin"
        assert claims["exp"] - claims["iat"] == 60
        assert {"sub", "sid", "jti", "nbf"} <= set(claims)


def test_a_refused_token_is_replaced_once(app: FramedApp, twin: RunningTwin, page: Page) -> None:
    app.reject_next = True
    page.goto(f"{twin.url}/store/cinar-breza/apps/afterglow")
    expect(page.frame_locator("iframe").locator("output")).to_have_text("token 2")
    assert app.tokens[0] != app.tokens[1]


def test_menu_save_bar_and_toast_live_in_the_admin(twin: RunningTwin, page: Page) -> None:
    page.goto(f"{twin.url}/store/cinar-breza/apps/afterglow")
    frame = page.frame_locator("iframe")
    frame.get_by_label("Days").fill("9")
    page.get_by_role("button", name="Save").click()
    expect(frame.locator("output")).to_have_text("saved 9")
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    frame.get_by_label("Days").fill("11")
    page.get_by_role("button", name="Discard").click()
    expect(frame.get_by_label("Days")).to_have_value("7")
    frame.get_by_role("button", name="Toast").click()
    expect(page.get_by_role("status")).to_have_text("Done")
    page.get_by_role("navigation").get_by_role("link", name="Activity").click()
    expect(frame.locator("h1")).to_have_text("/shopify/activity")
    assert page.url.endswith("/store/cinar-breza/apps/afterglow/activity")


def test_an_uninstalled_app_asks_for_its_scopes_first(twin: RunningTwin, page: Page) -> None:
    page.goto(f"{twin.url}/_twin/")
    page.get_by_role("button", name="Uninstall the app").click()
    expect(page.get_by_text("the app is not installed")).to_be_visible()
    page.goto(f"{twin.url}/store/cinar-breza/apps/afterglow")
    expect(page.get_by_text("write discounts")).to_be_visible()
    page.get_by_role("button", name="Install").click()
    expect(page.frame_locator("iframe").locator("h1")).to_be_visible()


def test_a_person_can_buy_send_and_refund(twin: RunningTwin, page: Page) -> None:
    page.goto(f"{twin.url}/products/copper-cezve")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    page.get_by_role("link", name="See it in the admin").click()
    page.get_by_role("button", name="Send parcel").click()
    page.get_by_role("button", name="Delivered").click()
    expect(page.locator(".badge.delivered")).to_be_visible()
    page.get_by_role("button", name="Refund all").click()
    expect(page.locator(".badge.refunded")).to_be_visible()
    page.get_by_role("button", name="Refund all").click()
    expect(page.get_by_text("left to refund")).to_be_visible()
