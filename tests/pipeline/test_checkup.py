"""`afterglow check`: each thing that can be wrong is named, and nothing holds the look up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.channels.smtp import SmtpSettings, SmtpTransport
from app.db.crypto import Keyring
from app.db.session import Database
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.deps import Deps
from app.jobs.health import queue_state
from app.platforms.woocommerce.topics import PLUGIN_TOPICS
from app.services import checkup
from app.services.checkup import Finding, Level
from app.services.continuity import Watch
from app.services.plugin import link as plugin
from tests.pipeline.conftest import WooStore
from tests.support import Harness, close, make_harness
from tests.unit.channels.test_smtp import AUTH, Inbox, plain_login, serving


@pytest.fixture
def bare(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    made = make_harness(tmp_path, database_url)
    yield made
    close(made)


def only(findings: Iterator[Finding]) -> Finding:
    (found,) = findings
    return found


def wrong(findings: Iterator[Finding]) -> list[Finding]:
    """Those that are not OK; each must say what follows and what to do."""
    found = [each for each in findings if each.level is not Level.OK]
    assert all(each.what and each.consequence and each.remedy for each in found)
    return found


def about(deps: Deps, **settings: Any) -> Deps:
    return replace(deps, settings=deps.settings.model_copy(update=settings))


# stores


def test_a_store_that_answers_with_all_its_webhooks_is_well(
    harness: Harness, woo: WooStore
) -> None:
    found = list(checkup.check_shops(harness.deps))
    assert [each.level for each in found] == [Level.OK, Level.OK]
    assert "10 of 10 active" in found[1].what
    assert {each.shop for each in found} == {woo.shop.id}


def test_a_disabled_and_a_missing_webhook_are_named(harness: Harness, woo: WooStore) -> None:
    port: Any = harness.deps.open_store(woo.shop).webhooks
    hooks = {hook.topic: hook for hook in port.list()}
    port.delete(hooks["order.deleted"].ref)
    client: Any = harness.deps.open_store(woo.shop).orders
    ref = hooks["order.updated"].ref
    client._client.post(f"webhooks/{ref}", {"status": "disabled"})
    (found,) = wrong(checkup.check_shops(harness.deps))
    assert "8 of 10 active" in found.what
    assert "disabled by the store: order.updated" in found.what
    assert "missing: order.deleted" in found.what


def test_what_our_plugin_tells_is_looked_for_where_it_is_there(
    harness: Harness, woo: WooStore
) -> None:
    with harness.change(woo.shop.id) as data:
        plugin.noticed(harness.deps, data, there=True)
    (found,) = wrong(checkup.check_shops(harness.deps))
    assert f"10 of {10 + len(PLUGIN_TOPICS)} active" in found.what
    assert "missing: action.woocommerce_afterglow" in found.what


def test_a_store_whose_keys_were_removed_says_so_as_its_merchant_reads_it(
    harness: Harness, woo: WooStore
) -> None:
    with harness.change(woo.shop.id) as data:
        data.credentials.put({"key": "ck_gone", "secret": "cs_gone"}, None, harness.wall.now())
    (found,) = wrong(checkup.check_shops(harness.deps))
    assert found.what == f"{woo.shop.domain}: Your store refuses our key."


def test_a_copy_of_a_store_is_told_and_needs_nobody(harness: Harness, woo: WooStore) -> None:
    with harness.change(woo.shop.id) as data:
        data.problems.open("store_copy", {"host": "staging.example"}, harness.wall.now())
    found = list(checkup.check_shops(harness.deps))
    assert wrong(iter(found)) == []
    assert any("The copy calls itself staging.example." in each.what for each in found)


def test_stores_that_never_finish_answering_hold_nobody_up(harness: Harness, woo: WooStore) -> None:
    """More of them than are looked at together."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        port = silent.getsockname()[1]
        with harness.deps.db.write() as uow:
            for n in range(10):
                domain = f"http://127.0.0.1:{port}/{n}"
                shop = Shops(uow).ensure(
                    "woocommerce", domain, ShopState.ACTIVE, harness.wall.now()
                )
                ShopData(uow, shop.id).credentials.put(
                    {"key": "ck_x", "secret": "cs_x"}, None, harness.wall.now()
                )
        began = time.monotonic()
        found = list(checkup.check_shops(harness.deps, timedelta(seconds=1)))
        assert time.monotonic() - began < 10
    silent_ones = [each for each in found if "did not finish answering" in each.what]
    assert len(silent_ones) == 10
    assert [each.level for each in found if each.shop == woo.shop.id] == [Level.OK, Level.OK]


# mail


def with_mail(deps: Deps, transport: SmtpTransport, **settings: Any) -> Deps:
    return replace(about(deps, mail_transport="smtp", **settings), mail=transport)


def test_a_mail_server_that_would_take_a_mail_gets_none(bare: Harness) -> None:
    inbox = Inbox()
    with serving(inbox) as transport:
        found = only(checkup.check_mail(with_mail(bare.deps, transport)))
    assert found.level is Level.OK
    assert "none was sent" in found.what
    assert inbox.received == []


@plain_login
def test_a_refused_log_in_and_a_refused_sender_are_told_apart(bare: Harness) -> None:
    with serving(Inbox(), **AUTH) as transport:
        log_in = SmtpSettings("127.0.0.1", transport._settings.port, "none", "u", "secret-word")
        (found,) = wrong(checkup.check_mail(with_mail(bare.deps, SmtpTransport(log_in))))
    assert "refused our log-in" in found.what
    assert "secret-word" not in found.what
    with serving(Inbox(mail="550 5.7.1 not yours")) as transport:
        (found,) = wrong(checkup.check_mail(with_mail(bare.deps, transport)))
    assert "refused our sender address" in found.what


def test_nobody_at_the_mail_servers_port(bare: Harness, free_port: Callable[[], int]) -> None:
    transport = SmtpTransport(SmtpSettings("127.0.0.1", free_port(), "none"))
    (found,) = wrong(checkup.check_mail(with_mail(bare.deps, transport)))
    assert found.level is Level.BROKEN


def test_an_outbox_says_that_it_is_one(bare: Harness) -> None:
    found = only(checkup.check_mail(bare.deps))
    assert (found.level, "to nobody" in found.what) == (Level.OK, True)


# the public address


@contextmanager
def answering(status: int, body: bytes, location: str = "") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def address(bare: Harness, url: str) -> Finding:
    return only(checkup.check_public_url(about(bare.deps, public_url=url)))


def test_our_own_answer_is_told_from_any_other(bare: Harness, free_port: Callable[[], int]) -> None:
    ours = bare.deps.links.installation.encode()
    for body, said in [
        (b'{"status": "ok", "installation": "%s"}' % ours, "leads here"),
        (b'{"status": "ok", "installation": "somebody"}', "Another Afterglow answers"),
        (b'{"status": "ok"}', "Another Afterglow answers"),
        (b"[1]", "not as we do"),
        (b"<html>", "not as we do"),
    ]:
        with answering(200, body) as url:
            found = address(bare, url)
        assert said in found.what
        assert (found.level is Level.OK) == (said == "leads here")
    with answering(301, b"", "https://elsewhere.example/healthz") as url:
        assert "answers 301" in address(bare, url).what
    assert "cannot be reached" in address(bare, f"http://127.0.0.1:{free_port()}").what


def test_production_needs_https(bare: Harness) -> None:
    deps = about(bare.deps, environment="production", public_url="http://afterglow.example")
    (found,) = wrong(checkup.check_public_url(deps))
    assert "is not https" in found.what


# database, secrets, clock, work, queue


@pytest.mark.both_databases
def test_a_sound_database_says_where_it_is(bare: Harness, database_url: str) -> None:
    found = only(checkup.check_database(about(bare.deps, database_url=database_url)))
    assert found.level is Level.OK
    assert ("free on its disk" in found.what) == database_url.startswith("sqlite")


def test_keys_that_open_nothing_are_noticed(harness: Harness, woo: WooStore) -> None:
    assert only(checkup.check_secrets(harness.deps)).level is Level.OK
    db = Database(harness.deps.db.engine, Keyring(["z" * 40]), lambda _: None)
    (found,) = wrong(checkup.check_secrets(replace(harness.deps, db=db)))
    assert "2 of 2 stores' secrets open with none of SECRET_KEYS" in found.what
    both = Database(harness.deps.db.engine, Keyring(["z" * 40, *harness.deps.settings.keys]),
                    lambda _: None)  # fmt: skip
    told = only(checkup.check_secrets(replace(harness.deps, db=both)))
    assert "rotate-keys" in told.what


def test_a_clock_that_stands_still_is_noticed(bare: Harness) -> None:
    assert "never run" in only(checkup.check_clock(bare.deps)).what
    Watch(bare.deps).beat("clock")
    assert only(checkup.check_clock(bare.deps)).level is Level.OK
    bare.wall.advance(minutes=5)
    (found,) = wrong(checkup.check_clock(bare.deps))
    assert "5 min ago" in found.what


def test_what_is_late_and_what_is_stuck_is_told(harness: Harness, woo: WooStore) -> None:
    assert only(checkup.check_work(harness.deps)).level is Level.OK
    with harness.change(woo.shop.id) as data:
        data.inbox.add(dedupe_key="d", source="webhook", topic="order.created",
                       sealed_body=b"", now=harness.wall.now())  # fmt: skip
    harness.wall.advance(minutes=3)
    (found,) = wrong(checkup.check_work(harness.deps))
    assert "1 deliveries wait to be read, the oldest for 3 min" in found.what


def test_a_queue_without_a_worker_or_without_redis(bare: Harness, valkey_url: str) -> None:
    now = bare.wall.now()
    state = queue_state(valkey_url, now)
    assert (state.answers, state.workers) == (True, 0)
    assert not queue_state("redis://127.0.0.1:1/0", now).answers
    assert not queue_state("nonsense", now).answers
