"""The load generator counts what came back, keeps its pace, takes no silence for an answer."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.deliveries import shopify, woocommerce
from bench.load import BrokenAnswer, paced, saturate

SECRET = "secret-of-this-test"


class _Store(BaseHTTPRequestHandler):
    """Notes what comes; answers as its server says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        number = len(self.server.seen)
        self.server.seen.append((dict(self.headers.items()), body))
        status = self.server.answer(number)
        if status is None:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


def always(_number: int) -> int:
    return 200


@contextmanager
def store(answer=always) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Store)
    server.daemon_threads = False
    server.seen, server.answer = [], answer
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("keep_alive", [True, False])
def test_each_answer_belongs_to_a_delivery_of_its_own(keep_alive):
    with store() as server:
        deliveries = shopify(SECRET, 1, keep_alive=keep_alive)
        result = saturate(server.server_port, deliveries, 0.3, connections=4)
    ids = [headers["X-Shopify-Webhook-Id"] for headers, _ in server.seen]
    assert result.acknowledged == len(ids) == len(set(ids)) > 4
    assert dict(result.statuses) == {200: len(ids)}
    assert 0 < result.percentile(50) <= result.percentile(99) <= max(result.milliseconds)


def test_a_refusal_is_no_acknowledgement():
    with store(lambda number: 503 if number % 3 == 0 else 200) as server:
        result = saturate(server.server_port, shopify(SECRET, 1), 0.2, connections=2)
    assert result.statuses[503] == len(range(0, len(server.seen), 3))
    assert result.acknowledged == len(server.seen) - result.statuses[503]


def test_the_pace_is_kept_and_lateness_counts_from_when_it_was_due():
    def slow_once(number: int) -> int:
        time.sleep(0.3 if number == 10 else 0)
        return 200

    with store(slow_once) as server:
        result = paced(server.server_port, shopify(SECRET, 1), 100, 0.5, connections=1)
    assert result.acknowledged + result.unsent == 50
    # Some thirty were due while the only connection waited: as late as they were, they count.
    assert sum(late > 50 for late in result.milliseconds) >= 20


def test_what_a_server_is_too_slow_for_is_not_sent_for_ever():
    def slow(_: int) -> int:
        time.sleep(0.1)
        return 200

    with store(slow) as server:
        result = paced(server.server_port, shopify(SECRET, 1), 100, 0.3, connections=1)
    assert result.unsent > 15
    assert result.acknowledged == len(server.seen)


def test_a_connection_that_ends_without_an_answer_fails_the_measurement():
    with store(lambda number: None if number == 3 else 200) as server, pytest.raises(BrokenAnswer):
        saturate(server.server_port, shopify(SECRET, 1), 1, connections=1)


def test_bodies_are_real_and_signed_as_platforms_sign():
    from app.platforms.base import Delivery, Endpoint
    from app.platforms.shopify import verify as shopify_check
    from app.platforms.woocommerce import verify as woocommerce_check

    for deliveries, check, endpoint in (
        (shopify(SECRET, 7), shopify_check, Endpoint((SECRET,))),
        (woocommerce("token", SECRET, 7), woocommerce_check,
         Endpoint((SECRET,), topic="order.updated")),
    ):  # fmt: skip
        first, second = (_verified(next(deliveries), check, endpoint) for _ in range(2))
        assert isinstance(first, Delivery), first
        assert isinstance(second, Delivery), second
        assert first.dedupe_key != second.dedupe_key
        assert 5_900 < len(first.body) < 6_300
        assert first.body != second.body


def _verified(request: bytes, check, endpoint):
    from app.platforms.base import RawRequest

    head, body = request.split(b"\r\n\r\n", 1)
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    headers = {name.lower(): value for name, value in lines}
    assert int(headers["content-length"]) == len(body)
    return check.verify(RawRequest(headers, body), endpoint)
