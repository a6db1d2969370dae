"""The twin and its shops: memory, clock, settings and the one way to fire a webhook."""

import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twins.common.clock import TwinClock
from twins.common.delivery import DeliveryQueue
from twins.common.faults import Faults
from twins.common.state import Document, Documents
from twins.shopify.config import AppConfig, Limits
from twins.shopify.formats import utc_text
from twins.shopify.webhooks import Webhook, queue_webhook

FIRST_ID = 6_100_000_000_001


@dataclass
class Twin:
    """Everything that one running twin holds; `url` is set once it listens."""

    documents: Documents
    clock: TwinClock
    app: AppConfig
    limits: Limits
    faults: Faults
    queue: DeliveryQueue
    url: str = ""

    def shop(self, handle: str) -> "Shop | None":
        """Return the shop of that handle, or None."""
        return Shop(self, handle) if self.documents.get("shop", handle) else None

    def shops(self) -> list["Shop"]:
        """Return every shop."""
        return [Shop(self, document["handle"]) for document in self.documents.all("shop")]

    def create_shop(self, handle: str, **settings: Any) -> "Shop":
        """Open a shop; settings override the defaults of `_DEFAULT_SHOP`."""
        shop = Shop(self, handle)
        created = {"handle": handle, "id": shop.next_id(), "created_at": shop.stamp()}
        self.documents.put("shop", handle, _DEFAULT_SHOP | created | settings)
        return shop


_DEFAULT_SHOP: Document = {
    "name": "Çınar & Breza",
    "email": "hello@cinar-breza.example",
    "owner": "Elif Breza",
    "currency": "EUR",
    "timezone": "Europe/Bratislava",
    "country": "SK",
    "language": "sk",
    "installed": False,
    "scopes": [],
    # Level 2 of protected customer data: names, addresses, phones, e-mail addresses.
    "personal_data_approved": True,
    # Seconds that the admin's ID tokens live; None is the platform's own minute.
    "id_token_seconds": None,
}


@dataclass(frozen=True)
class Shop:
    """One shop of the twin: its documents by kind, its time, its webhooks."""

    twin: Twin
    handle: str

    @property
    def domain(self) -> str:
        """The permanent domain."""
        return f"{self.handle}.myshopify.com"

    @property
    def settings(self) -> Document:
        """The shop's own document (a copy)."""
        return self.twin.documents.get("shop", self.handle) or {}

    def change_settings(self, **changes: Any) -> None:
        """Overwrite some settings."""
        with self.locked():
            self.twin.documents.put("shop", self.handle, self.settings | changes)

    @property
    def currency(self) -> str:
        """The shop's currency code."""
        return str(self.settings["currency"])

    @property
    def storefront_url(self) -> str:
        """Where the shop's pages are; a product's page is below it."""
        return f"{self.twin.url}/store/{self.handle}/storefront"

    def locked(self) -> AbstractContextManager[bool]:
        """Hold this around every read-change-write (re-entrant)."""
        return self.twin.documents.lock

    def now(self) -> datetime:
        """Business time."""
        return self.twin.clock.now()

    def stamp(self) -> str:
        """Business time as stored: UTC, whole seconds, as coarse as Shopify's own."""
        return utc_text(self.now())

    def next_id(self) -> int:
        """Return a number that no other object of the twin has."""
        return self.twin.documents.next_id("shopify-id", FIRST_ID)

    def get(self, kind: str, key: int | str) -> Document | None:
        """Return one of the shop's documents."""
        return self.twin.documents.get(f"{self.handle}/{kind}", key)

    def put(self, kind: str, document: Document) -> None:
        """Store one of the shop's documents under its `id`."""
        self.twin.documents.put(f"{self.handle}/{kind}", document["id"], document)

    def delete(self, kind: str, key: int | str) -> None:
        """Forget one of the shop's documents."""
        self.twin.documents.delete(f"{self.handle}/{kind}", key)

    def all(self, kind: str) -> list[Document]:
        """Return the shop's documents of a kind, oldest first."""
        return self.twin.documents.all(f"{self.handle}/{kind}")

    def emit(self, bodies: Iterable[tuple[str, Any]], installed: bool = True) -> None:
        """Fire the webhooks of one merchant action; they share an event id.

        With `installed` False they go out even after the app was removed.
        """
        event_id = str(uuid.uuid4())
        for topic, body in bodies:
            if installed and not self._may_receive(topic):
                continue
            targets: list[tuple[str, int | None]] = []
            if topic in self.twin.app.topics:
                targets.append((self.twin.app.topics[topic], None))
            targets += [
                (subscription["uri"], subscription["id"])
                for subscription in self.all("subscription")
                if subscription["topic"] == topic.replace("/", "_").upper()
            ]
            for address, subscription_id in targets:
                webhook = Webhook(topic, address, body, event_id, subscription_id)
                queue_webhook(self, webhook, needs_installation=installed)

    def _may_receive(self, topic: str) -> bool:
        settings = self.settings
        scope = TOPIC_SCOPES.get(topic.partition("/")[0])
        return settings["installed"] and (scope is None or has_scope(settings["scopes"], scope))


TOPIC_SCOPES = {
    "orders": "read_orders",
    "refunds": "read_orders",
    "fulfillments": "read_fulfillments",
    "fulfillment_events": "read_fulfillments",
    "returns": "read_returns",
    "customers": "read_customers",
    "customers_email_marketing_consent": "read_customers",
    "products": "read_products",
}


def has_scope(granted: Iterable[str], needed: str) -> bool:
    """Tell whether scopes include one; a write scope includes reading."""
    return needed in granted or needed.replace("read_", "write_", 1) in granted
