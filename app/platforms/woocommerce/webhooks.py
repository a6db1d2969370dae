"""Webhook subscriptions of one store."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.ids import PlatformId
from app.platforms.base import RemoteWebhook
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import PAGE_SIZE

_NAMED = "Afterglow"


class Webhooks:
    """WebhooksPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def list(self) -> Sequence[RemoteWebhook]:
        """All webhooks of the store, whoever made them; disabled ones are not active."""
        found: list[RemoteWebhook] = []
        for page in range(1, 101):
            answer = self._client.get(
                "webhooks",
                {
                    "per_page": str(PAGE_SIZE),
                    "page": str(page),
                    "_fields": "id,name,topic,delivery_url,status,_links",
                },
            )
            rows = answer.rows()
            found += [_remote(row) for row in rows]
            if len(rows) < PAGE_SIZE:
                break
        return found

    def create(self, topic: str, url: str, secret: str) -> RemoteWebhook:
        """Subscribe. The store pings the address before this returns (it waits up to 5 s).

        A secret is always sent: one that the store makes up is never told. Letters and digits
        only, because WordPress decodes entities in it.
        """
        answer = self._client.post(
            "webhooks",
            {"name": f"{_NAMED} {topic}", "topic": topic, "delivery_url": url, "secret": secret},
        )
        return _remote(answer.object())

    def delete(self, ref: PlatformId) -> None:
        """Unsubscribe for good: webhooks in the bin would come back with their failures."""
        try:
            self._client.delete(f"webhooks/{ref}", {"force": "true"})
        except StoreRefusal as refusal:
            if refusal.status != 404:
                raise


def _remote(row: Mapping[str, Any]) -> RemoteWebhook:
    return RemoteWebhook(
        ref=str(row["id"]),
        topic=str(row["topic"]),
        url=str(row["delivery_url"]),
        active=row["status"] == "active",
        named=str(row.get("name", "")).startswith(f"{_NAMED} "),
    )
