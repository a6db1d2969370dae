"""The store's memory and clocks, and the one way by which a change fires webhooks."""

import secrets
import string
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from twins.common.clock import TwinClock
from twins.common.faults import Faults
from twins.common.state import Document, Documents

WORDPRESS = "6.9.7"
WOOCOMMERCE = "10.0.2"
SYMBOLS = {"EUR": "€", "USD": "$", "TRY": "₺"}
ENTITIES = {"EUR": "&euro;", "USD": "&#36;", "TRY": "&#8378;"}
PAID_STATUSES = ("processing", "completed", "delivered")
ORDER_STATUSES = (
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
    "delivered",
)


@dataclass(frozen=True)
class Config:
    """What a merchant would set up once."""

    title: str = "Lúka & Lale"
    currency: str = "EUR"
    timezone: str = "Europe/Bratislava"
    country: str = "SK"
    language: str = "sk_SK"
    admin_email: str = "eva@luka-lale.example"


@dataclass
class Store:
    """One store. Hold `locked()` around every read-change-write."""

    state: Documents
    clock: TwinClock
    faults: Faults
    config: Config
    home_url: str = ""
    served_at: str = ""  # where it is asked, also while it calls itself something else
    listeners: list[Callable[[str, Any], None]] = field(default_factory=list)

    def locked(self) -> AbstractContextManager[bool]:
        """Return the store's lock (re-entrant)."""
        return self.state.lock

    def now(self) -> str:
        """Business time as the database has it: UTC to the second, without a zone."""
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%S")

    def local(self, gmt: str | None) -> str | None:
        """Return a stored UTC time in the store's own zone."""
        if gmt is None:
            return None
        moment = datetime.fromisoformat(gmt).replace(tzinfo=UTC)
        return moment.astimezone(ZoneInfo(self.config.timezone)).strftime("%Y-%m-%dT%H:%M:%S")

    def gmt(self, text: str, local: bool = True) -> str:
        """Return a given time as UTC; one without offset is store-local if `local`."""
        moment = datetime.fromisoformat(text.upper())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.config.timezone) if local else UTC)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")

    def fire(self, topic: str, arg: Any) -> None:
        """Tell the webhooks that something happened."""
        for listener in self.listeners:
            listener(topic, arg)

    def new_meta(self, key: str, value: Any) -> Document:
        """Return one new `meta_data` entry."""
        return {"id": self.state.next_id("meta"), "key": key, "value": value}


def set_meta(store: Store, document: Document, entries: list[Any]) -> None:
    """Add, change or (value null) remove `meta_data`, as wc/v3 does it (core's `WC_Data`).

    By id, else by key; a key without id keeps one row and removes its namesakes, and an unknown id
    removes all rows of that key before it adds one. So REST never makes two rows of one key,
    though plugins may.
    """
    for entry in entries:
        if isinstance(entry, dict) and (entry.get("key") or entry.get("id")):
            _set_one(store, document, entry)


def _set_one(store: Store, document: Document, entry: Document) -> None:
    rows, value = document["meta_data"], entry.get("value")
    namesakes = [row for row in rows if row["key"] == entry.get("key")]
    if entry.get("id"):
        row = next((row for row in rows if row["id"] == entry["id"]), None)
        removed = [] if row else namesakes
    else:
        row = namesakes[0] if namesakes else None
        removed = namesakes[1:]
    if row is not None and value is not None:
        row |= {"key": entry.get("key") or row["key"], "value": value}
    elif row is not None:
        removed = [*removed, row]
    elif value is not None:
        rows = [*rows, store.new_meta(entry["key"], value)]
    document["meta_data"] = [row for row in rows if row not in removed]


def random_text(length: int) -> str:
    """Return letters and digits for keys and order keys."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(length))


def links(base: str, path: str, collection: str) -> dict[str, Any]:
    """Return the `_links` that every object has (WordPress 6.9)."""
    return {
        "self": [
            {
                "href": f"{base}/wp-json/wc/v3/{path}",
                "targetHints": {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
            }
        ],
        "collection": [{"href": f"{base}/wp-json/wc/v3/{collection}"}],
    }


def full_url(src: str, base: str) -> str:
    """Return a picture's address; the seeded ones are stored without the host."""
    return base + src if src.startswith("/") else src
