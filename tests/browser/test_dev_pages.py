"""The development pages in a real browser: what a person sees who plays with the demo."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from app.channels.base import OutgoingMail
from app.web import create_app
from tests.support import close, make_harness

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def address(tmp_path: Path, database_url: str) -> Iterator[str]:
    """A running application with one mail in its outbox."""
    harness = make_harness(tmp_path, database_url)
    harness.deps.mail.send(
        OutgoingMail(
            message_id="<1@afterglow.example>",
            date=datetime(2026, 11, 30, 10, 0, tzinfo=UTC),
            from_name="Lúka & Lale",
            from_address="hello@afterglow.example",
            reply_to=None,
            to_address="eva@posta.example",
            to_name="Eva",
            subject="How is your towel?",
            html="<p>How is <b>your towel</b>?</p>",
            text="How is your towel?",
            kind="review_request_mail",
            lang="en",
            marketing=False,
            unsubscribe_url=None,
            headers={},
        )
    )
    server = make_server("127.0.0.1", 0, create_app(harness.deps), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
    close(harness)


def test_a_mail_can_be_read_from_the_outbox(chromium: "Browser", address: str) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/dev/")
    page.get_by_role("link", name="How is your towel?").click()
    assert page.frame_locator("iframe").get_by_text("your towel").is_visible()
    assert page.get_by_text("to eva@posta.example").is_visible()
    page.close()


def test_without_a_store_the_dashboard_leads_to_connecting(
    chromium: "Browser", address: str
) -> None:
    page = chromium.new_page()
    page.goto(f"{address}/dev/enter")
    assert page.url == f"{address}/connect"
    page.close()
