"""Webhook requests: headers, signature, eight retries under the same webhook id."""

import base64
import hmac
import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from twins.common.delivery import Attempt, Delivery, OutgoingRequest

if TYPE_CHECKING:
    from twins.shopify.shop import Shop

# Shopify says: eight retries over four hours. The steps between are ours.
RETRY_SECONDS = (60, 120, 240, 480, 900, 1800, 3600, 7200)
SIGNATURE = "X-Shopify-Hmac-Sha256"


@dataclass(frozen=True)
class Webhook:
    """One webhook of one subscription; `subscription_id` is None for those of the TOML."""

    topic: str
    address: str
    body: Any
    event_id: str
    subscription_id: int | None


def sign(secret: str, body: bytes) -> str:
    """Return the base64 HMAC-SHA256 of a raw body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def forge(request: OutgoingRequest) -> OutgoingRequest:
    """Return the request with the signature of another secret."""
    wrong = sign("not-the-client-secret", request.body)
    headers = [(name, wrong if name == SIGNATURE else value) for name, value in request.headers]
    return replace(request, headers=headers)


def queue_webhook(shop: "Shop", webhook: Webhook, needs_installation: bool) -> None:
    """Queue a webhook; its body and its webhook id stay the same on every retry."""
    request = _request(shop, webhook)

    def prepare() -> OutgoingRequest | None:
        if needs_installation and not shop.settings["installed"]:
            return None
        return request

    def queue(retries: int, delay_seconds: float) -> None:
        def after(attempt: Attempt) -> None:
            if attempt.outcome in ("accepted", "duplicate", "dropped"):
                return
            if retries < len(RETRY_SECONDS):
                delay = RETRY_SECONDS[retries] * shop.twin.limits.retry_scale
                queue(retries + 1, delay)
            elif webhook.subscription_id is not None:
                shop.delete("subscription", webhook.subscription_id)

        shop.twin.queue.enqueue(Delivery(webhook.topic, prepare, after), delay_seconds)

    queue(0, 0)


def _request(shop: "Shop", webhook: Webhook) -> OutgoingRequest:
    body = json.dumps(webhook.body, ensure_ascii=False, separators=(",", ":")).encode()
    webhook_id = str(uuid.uuid4())
    triggered_at = shop.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
    app = shop.twin.app
    headers = [
        ("Host", webhook.address.split("/")[2]),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"),
        ("User-Agent", "Shopify-Captain-Hook"),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("X-Shopify-Topic", webhook.topic),
        (SIGNATURE, sign(app.client_secret, body)),
        ("X-Shopify-Shop-Domain", shop.domain),
        ("X-Shopify-API-Version", app.api_version),
        ("X-Shopify-Webhook-Id", webhook_id),
        ("X-Shopify-Triggered-At", triggered_at),
        ("X-Shopify-Event-Id", webhook.event_id),
    ]
    return OutgoingRequest(webhook.address, headers, body, webhook_id, repeat_key=webhook_id)


def app_page_signature(secret: str, query: dict[str, str]) -> str:
    """Return the hex `hmac` parameter of an app page's address."""
    message = "&".join(f"{key}={value}" for key, value in sorted(query.items()))
    return hmac.new(secret.encode(), message.encode(), sha256).hexdigest()
