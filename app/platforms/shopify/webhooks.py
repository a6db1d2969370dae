"""Subscriptions made for one shop. shopify.app.toml owns all topics, so the wanted set is empty."""

from collections.abc import Sequence

from app.domain.errors import Bug
from app.domain.ids import PlatformId
from app.platforms.base import RemoteWebhook
from app.platforms.shopify.client import Client
from app.platforms.shopify.ids import gid
from app.platforms.shopify.orders import next_cursor


class Webhooks:
    """WebhooksPort on Shopify: finds and removes leftovers of this app, makes none."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Sequence[RemoteWebhook]:
        """This app's shop-scoped subscriptions; those of the TOML are never listed."""
        found: list[RemoteWebhook] = []
        cursor: str | None = None
        while True:
            answer = self._client.query("webhook_subscriptions", {"after": cursor})
            page = answer.fields().node("webhookSubscriptions")
            found += [
                RemoteWebhook(
                    ref=node.gid(), topic=node.text("topic"), url=node.text("uri"), active=True
                )
                for node in page.nodes("nodes")
            ]
            cursor = next_cursor(page)
            if cursor is None:
                return found

    def create(self, topic: str, url: str, secret: str) -> RemoteWebhook:
        """Never right here: raises Bug."""
        del url, secret
        raise Bug(f"{topic} belongs into shopify.app.toml, not into one shop's subscriptions.")

    def delete(self, ref: PlatformId) -> None:
        """Remove a leftover; no error if it is gone already."""
        variables = {"id": gid("WebhookSubscription", ref)}
        # The only user error of this mutation is an id that does not exist (it has no codes).
        self._client.mutate("webhook_subscription_delete", variables)
