"""Webhooks as WooCommerce sends them: one queue, bodies made at delivery time, no retries.

A change queues (webhook, object) once, however often it happens before the queue runs. The body is
what the REST API would answer the webhook's owner at that moment, errors included. 2xx, 301 and
302 count as success; the seventh failure in a row disables the webhook.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from twins.common.delivery import Attempt, Delivery, DeliveryQueue, OutgoingRequest, post
from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.store import WOOCOMMERCE, WORDPRESS, Store

USER_AGENT = f"WooCommerce/{WOOCOMMERCE} Hookshot (WordPress/{WORDPRESS})"
ACCEPT_ENCODING = "deflate, gzip, br, zstd"
MAX_FAILURES = 5
PING_TIMEOUT_SECONDS = 5
SIGNATURE = "X-WC-Webhook-Signature"
OPEN_PORTS = (None, 80, 443, 8080)

ReadObject = Callable[[str, int, Document | None], Any]


class Hookshot:
    """Queues deliveries for the store's active webhooks.

    `read(resource, id, user)` answers like `GET /wc/v3/<resource>s/<id>` for that user.
    """

    def __init__(
        self, store: Store, deliveries: DeliveryQueue, read: ReadObject, delay_seconds: float
    ) -> None:
        self._store = store
        self._deliveries = deliveries
        self._read = read
        self._delay = delay_seconds

    def fired(self, topic: str, arg: Any) -> None:
        """Queue a topic for every active webhook that wants it."""
        for webhook in self._store.state.all("webhook"):
            if webhook["status"] == "active" and webhook["topic"] == topic:
                delivery = Delivery(
                    topic,
                    prepare=partial(self._prepare, webhook["id"], arg),
                    after=partial(self._after, webhook["id"]),
                    coalesce_key=f"{webhook['id']}:{arg}",
                )
                self._deliveries.enqueue(delivery, self._delay)

    def ping(self, webhook_id: int) -> None:
        """Send the creation ping; anything but 200 leaves it pending."""
        webhook = self._store.state.get("webhook", webhook_id)
        if webhook is None:
            return
        body = f"webhook_id={webhook_id}".encode()
        headers = [
            ("Host", urlsplit(webhook["delivery_url"]).netloc),
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", ACCEPT_ENCODING),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        request = OutgoingRequest(webhook["delivery_url"], headers, body, "", "")
        try:
            answered = safe_send(request, PING_TIMEOUT_SECONDS)
        except (OSError, http.client.HTTPException):
            return
        if answered == 200:
            self._change(webhook_id, {"pending_delivery": False})

    def _prepare(self, webhook_id: int, arg: Any) -> OutgoingRequest | None:
        with self._store.locked():
            webhook = self._store.state.get("webhook", webhook_id)
            if webhook is None or webhook["status"] != "active":
                return None
            payload = self._payload(webhook, arg)
        body = php.json_encode(payload).encode()
        second = self._store.now()
        delivery_id = hashlib.md5(f"{webhook_id}{second}".encode()).hexdigest()
        resource, event = webhook["topic"].split(".", 1)
        url = webhook["delivery_url"]
        headers = [
            ("Host", urlsplit(url).netloc),
            ("User-Agent", USER_AGENT),
            ("Accept", "*/*"),
            ("Accept-Encoding", ACCEPT_ENCODING),
            ("Content-Type", "application/json"),
            ("X-WC-Webhook-Source", f"{self._store.home_url}/"),
            ("X-WC-Webhook-Topic", webhook["topic"]),
            ("X-WC-Webhook-Resource", resource),
            ("X-WC-Webhook-Event", event),
            (SIGNATURE, sign(body, webhook["secret"])),
            ("X-WC-Webhook-ID", str(webhook_id)),
            ("X-WC-Webhook-Delivery-ID", delivery_id),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
        ]
        repeat_key = f"{webhook_id}:{delivery_id}:{hashlib.sha256(body).hexdigest()}"
        return OutgoingRequest(url, headers, body, delivery_id, repeat_key)

    def _payload(self, webhook: Document, arg: Any) -> Any:
        resource, event = webhook["topic"].split(".", 1)
        if resource == "action":
            return {"action": event, "arg": arg}
        if event == "deleted":
            return {"id": arg}
        return self._read(resource, arg, self._store.state.get("user", webhook["user_id"]))

    def _after(self, webhook_id: int, attempt: Attempt) -> None:
        if attempt.outcome == "dropped":
            return
        with self._store.locked():
            webhook = self._store.state.get("webhook", webhook_id)
            if webhook is None:
                return
            if attempt.status is not None and 200 <= attempt.status < 303:
                self._change(webhook_id, {"failure_count": 0})
            elif webhook["failure_count"] > MAX_FAILURES:
                self._change(webhook_id, {"status": "disabled"})
            else:
                self._change(webhook_id, {"failure_count": webhook["failure_count"] + 1})
        # Saving a webhook whose ping was never answered with 200 pings again.
        if webhook["pending_delivery"]:
            self.ping(webhook_id)

    def _change(self, webhook_id: int, changes: Document) -> None:
        with self._store.locked():
            webhook = self._store.state.get("webhook", webhook_id)
            if webhook is not None:
                self._store.state.put("webhook", webhook_id, webhook | changes)


def sign(body: bytes, secret: str) -> str:
    """Return the signature header for a body."""
    key = php.specialchars_decode(secret).encode()
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


def forge(request: OutgoingRequest) -> OutgoingRequest:
    """Return the request signed with a secret that nobody has."""
    false = sign(request.body, "not the webhook's secret")
    headers = [(name, false if name == SIGNATURE else value) for name, value in request.headers]
    return replace(request, headers=headers)


def safe_send(request: OutgoingRequest, timeout_seconds: float) -> int:
    """Send, but refuse what stock WordPress refuses: odd ports and private addresses.

    Loopback is let through (a development filter does that on real stores). Raises OSError.
    """
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    if not is_loopback(host) and (parts.port not in OPEN_PORTS or _is_private(host)):
        raise OSError("A valid URL was not provided.")
    return post(request, timeout_seconds)


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine."""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
