"""A person at the WooCommerce twin: REST with a key, and the control API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from requests_oauthlib import OAuth1
from webhook_receiver import Receiver, receiving

from twins import woocommerce
from twins.woocommerce.store import Config


@dataclass
class Shop:
    url: str
    key: dict[str, Any]
    receiver: Receiver

    def rest(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call wc/v3, signed with OAuth 1.0a."""
        auth = OAuth1(self.key["consumer_key"], self.key["consumer_secret"], signature_type="query")
        url = f"{self.url}/wp-json/wc/v3/{path}"
        return requests.request(method, url, auth=auth, timeout=10, **options)

    def post(self, path: str, body: Any) -> Any:
        """Create or change something by REST and return it."""
        response = self.rest("POST", path, json=body)
        assert response.status_code in (200, 201), response.text
        return response.json()

    def control(self, path: str, body: Any = None) -> Any:
        """POST to the control API."""
        response = requests.post(f"{self.url}/_twin/{path}", json=body, timeout=10)
        assert response.ok, response.text
        return response.json() if response.content else None

    def hook(self, topic: str, secret: str = "s3cret") -> dict[str, Any]:
        """Make a webhook that comes to the receiver under the topic's name."""
        url = f"{self.receiver.url}/{topic}"
        return self.post("webhooks", {"topic": topic, "delivery_url": url, "secret": secret})

    def drained(self) -> dict[str, Any]:
        """Wait until the queue is empty; return the summary."""
        summary = self.control("deliveries/drain", {"timeout_seconds": 10})
        assert summary["drained"]
        return summary


@contextmanager
def shop(config: Config | None = None, **options: Any) -> Iterator[Shop]:
    with (
        receiving() as receiver,
        woocommerce.start(config=config, queue_delay=0.02, **options) as twin,
    ):
        key = requests.post(f"{twin.url}/_twin/keys", timeout=10).json()
        yield Shop(twin.url, key, receiver)
