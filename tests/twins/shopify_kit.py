"""A merchant and an app for tests of the Shopify twin: both speak HTTP to it."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from twins.common.server import RunningTwin
from twins.shopify import start
from twins.shopify.config import Limits

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "app/platforms/shopify/operations"
FIXTURES = ROOT / "tests/fixtures/shopify"
CLIENT_ID = "test-client"
SECRET = "test-client-secret-of-at-least-32-bytes"
SHOP = "cinar-breza"


@dataclass
class Received:
    """What the app's webhook address got."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def topic(self) -> str:
        return self.headers["X-Shopify-Topic"]

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def is_signed(self) -> bool:
        digest = base64.b64encode(hmac.digest(SECRET.encode(), self.raw, "sha256")).decode()
        return hmac.compare_digest(digest, self.headers["X-Shopify-Hmac-Sha256"])


@dataclass
class App:
    """The receiving side; `answers` are the next statuses, then 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def of(self, topic: str) -> list[Received]:
        return [delivery for delivery in self.received if delivery.topic == topic]

    @property
    def topics(self) -> list[str]:
        return [delivery.topic for delivery in self.received]


@contextmanager
def listening_app() -> Iterator[App]:
    app = App()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            app.received.append(Received(self.path, dict(self.headers), raw))
            self.send_response(app.answers.pop(0) if app.answers else 200)
            self.send_header("Content-Length", "0")
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


class Merchant:
    """Plays merchant and app against one shop of a running twin."""

    def __init__(self, twin: RunningTwin, app: App) -> None:
        self.twin, self.app = twin, app
        self.token = ""

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        connection = HTTPConnection(self.twin.url.removeprefix("http://"), timeout=10)
        connection.request(
            method,
            path,
            json.dumps(body) if body is not None else None,
            {"Content-Type": "application/json", **(headers or {})},
        )
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(raw), dict(answer.headers)
        except ValueError:
            return answer.status, raw.decode(), dict(answer.headers)

    def act(self, action: str, **given: Any) -> Any:
        """Do something in the shop, wait for its webhooks, and return what it made."""
        status, answer, _ = self.send("POST", f"/_twin/shops/{SHOP}/{action}", given)
        assert status == 200, answer
        self.drain()
        return answer

    def refused(self, action: str, **given: Any) -> str:
        status, answer, _ = self.send("POST", f"/_twin/shops/{SHOP}/{action}", given)
        assert status == 409, answer
        return str(answer["error"])

    def drain(self) -> None:
        _, answer, _ = self.send("POST", "/_twin/deliveries/drain", {"timeout_seconds": 10})
        assert answer["drained"], answer

    def order(self, **given: Any) -> dict[str, Any]:
        checkout = {
            "items": [{"product": "copper-cezve", "quantity": 2}, {"product": "olive-soap"}],
            "email": "zuzana@posta.example",
            "first_name": "Zuzana",
            "last_name": "Horváthová",
            "country": "SK",
            "locale": "sk",
        } | given
        return dict(self.act("create-order", **checkout))

    def oauth(self, **given: Any) -> tuple[int, Any]:
        credentials = {"client_id": CLIENT_ID, "client_secret": SECRET}
        host = {"Host": f"{SHOP}.myshopify.com"}
        status, answer, _ = self.send(
            "POST", "/admin/oauth/access_token", credentials | given, host
        )
        return status, answer

    def id_token(self, seconds: int | None = None) -> str:
        query = "" if seconds is None else f"?seconds={seconds}"
        return str(self.send("GET", f"/_twin/shops/{SHOP}/id-token{query}")[1]["id_token"])

    def exchange(self, **given: Any) -> tuple[int, Any]:
        return self.oauth(
            **(
                {
                    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                    "subject_token": self.id_token(),
                    "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
                    "requested_token_type": (
                        "urn:shopify:params:oauth:token-type:offline-access-token"
                    ),
                    "expiring": "1",
                }
                | given
            )
        )

    def connect(self) -> None:
        status, answer = self.exchange()
        assert status == 200, answer
        self.token = answer["access_token"]

    def raw_graphql(self, query: str, /, **variables: Any) -> tuple[int, Any, dict[str, str]]:
        headers = {"Host": f"{SHOP}.myshopify.com", "X-Shopify-Access-Token": self.token}
        body = {"query": query, "variables": variables}
        return self.send("POST", "/admin/api/2026-10/graphql.json", body, headers)

    def graphql(self, operation: str, /, **variables: Any) -> Any:
        """Run one of our operations; fails on GraphQL errors."""
        query = (OPERATIONS / f"{operation}.graphql").read_text()
        status, answer, _ = self.raw_graphql(query, **variables)
        assert status == 200, answer
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


@contextmanager
def running_shop(limits: Limits | None = None, seed: str | None = "demo") -> Iterator[Merchant]:
    with (
        listening_app() as app,
        start(
            app_url=app.url,
            client_id=CLIENT_ID,
            client_secret=SECRET,
            seed=seed,
            limits=limits or Limits(retry_scale=0.00002),
        ) as twin,
    ):
        yield Merchant(twin, app)


def fixture(name: str) -> dict[str, Any]:
    return dict(json.loads((FIXTURES / f"{name}.json").read_text()))
