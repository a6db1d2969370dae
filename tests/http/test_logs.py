"""The log: which request, which shop, what became of it; never whom it was about."""

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.channels.links import Purpose
from app.http import EXTENSION
from app.jobs import tasks
from app.jobs.queues import connect
from app.jobs.tasks import JobFailed
from app.logs import configure_logging
from tests.http.addresses import busy_shop, path_of, rules
from tests.http.merchant_shop import MerchantShop

PEOPLE = ("Žofia", "Nováková", "kunde0", "posta.example", "cinar-breza")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with busy_shop(database_url, tmp_path) as found:
        yield found


@pytest.fixture
def lines(shop: MerchantShop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What was logged since the last look, as a process in production logs it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    settings = shop.deps.settings.model_copy(update={"log_format": "json", "log_level": "DEBUG"})
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(settings, "web")

    def written() -> list[dict[str, Any]]:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = before


def test_every_page_leaves_a_line_with_its_request_and_shop(
    shop: MerchantShop, lines: Lines
) -> None:
    answer = shop.client.get("/app/activity?q=kunde0@posta.example")
    (line,) = lines()
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["shop"] == shop.shop.id
    assert (line["event"], line["endpoint"], line["status"]) == (
        "web.request",
        "activity.activity",
        200,
    )
    assert (line["process"], line["method"]) == ("web", "GET")
    assert line["ms"] >= 0


def test_no_line_of_any_page_names_a_person_a_link_or_a_query(
    shop: MerchantShop, lines: Lines
) -> None:
    ref = shop.shop.public_ref
    secret = {
        shop.deps.links.make(purpose, {"s": ref, "o": "4100"}).rpartition("/")[2]
        for purpose in Purpose
    }
    found = [rule for method in ("GET", "POST") for rule in rules(shop, method)]
    paths = {path_of(shop, rule) for rule in found if not str(rule).startswith("/dev")}
    lines()
    for path in sorted(paths):
        for client in (shop.client, shop.app.test_client()):
            client.get(f"{path}?q=kunde0@posta.example&stars=4&note=Nováková", buffered=True)
            client.post(path, data={"email": "kunde0@posta.example"}, buffered=True)
    body = b'{"email": "kunde0@posta.example"}'  # a delivery that nobody signed
    assert shop.app.test_client().post("/webhooks/shopify", data=body).status_code == 401
    written = lines()
    assert len(written) >= 2 * len(paths)
    text = json.dumps(written, ensure_ascii=False)
    for word in (*PEOPLE, *secret, ref, "stars", "Nov\\u00e1"):
        assert word not in text, word
    assert all(re.fullmatch(r"[0-9a-f]{32}", line["request_id"]) for line in written)
    assert {line["event"] for line in written} >= {"web.request", "webhook.refused"}


@pytest.mark.parametrize(
    ("given", "proxies", "taken"),
    [
        ("7f3a-22:edge.1", 1, True),
        ("7f3a-22:edge.1", 0, False),  # anybody could have sent it
        ("short", 1, False),
        ("x" * 65, 1, False),
        ("kunde0@posta.example", 1, False),
        ('"}{"event":"forged', 1, False),
        ("", 1, False),
    ],
)
def test_a_request_keeps_a_proxys_id_if_it_is_one(
    shop: MerchantShop, lines: Lines, given: str, proxies: int, taken: bool
) -> None:
    settings = shop.deps.settings.model_copy(update={"trusted_proxies": proxies})
    shop.app.extensions[EXTENSION] = replace(shop.deps, settings=settings)
    answer = shop.app.test_client().get("/healthz", headers={"X-Request-Id": given})
    (line,) = lines()
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["request_id"] == given) is taken


def test_one_request_does_not_speak_of_the_shop_of_the_one_before(
    shop: MerchantShop, lines: Lines
) -> None:
    shop.client.get("/app/")
    shop.app.test_client().get("/sign-in")
    first, second = lines()
    assert "shop" in first
    assert "shop" not in second
    assert first["request_id"] != second["request_id"]


def test_a_job_names_itself_and_its_shop_and_its_error_has_no_text(
    shop: MerchantShop, lines: Lines, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_deps: object, _shop_id: int) -> None:
        structlog.get_logger().info("inside")
        raise ValueError("Žofia Nováková <kunde0@posta.example>")

    monkeypatch.setitem(tasks.TASKS, "drain", broken)
    with connect(valkey_url) as redis:
        tasks.prepare(shop.deps, redis)
        with pytest.raises(JobFailed) as caught:
            tasks.run("drain", shop.shop.id)
        tasks.run("replan", shop.shop.id)
    inside, failed, done = lines()
    for line in (inside, failed):
        assert (line["job"], line["shop"]) == ("drain", shop.shop.id)
    assert inside["request_id"] == failed["request_id"] != done["request_id"]
    assert (failed["event"], failed["error"]) == ("job.failed", "ValueError")
    assert (done["event"], done["job"]) == ("job.done", "replan")
    # What the queue keeps of it.
    assert str(caught.value).startswith("ValueError at test_logs.py:")
    assert caught.value.__suppress_context__


def test_lines_of_libraries_come_without_their_values(shop: MerchantShop, lines: Lines) -> None:
    library = logging.getLogger("somebody.else")
    library.warning("Retrying %s for %s", "/r/eyJzIjoi", "kunde0@posta.example")
    library.error("put together with kunde0@posta.example")
    library.info("not even this")
    try:
        raise OSError("kunde0@posta.example")
    except OSError:
        library.exception("It broke: %s", "Žofia")
    warning, error, broke = lines()
    assert (warning["library"], warning["text"]) == ("somebody.else", "Retrying %s for %s")
    assert (warning["level"], error["level"]) == ("warning", "error")
    assert "text" not in error
    assert broke["error"] == "OSError"
    assert not any(word in json.dumps([warning, error, broke]) for word in ("kunde0", "eyJ"))
