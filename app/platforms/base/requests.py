"""Webhook requests: as they come, as they are verified, and what is read from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.snapshots import Refresh


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A webhook request as it came. `headers` has lower-case names."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What we know of the address that was called; from our own rows, never from headers.

    Shopify: one address for all shops, `secrets` are the app's client secrets, the rest is None.
    WooCommerce: the row behind the opaque token in the URL.
    """

    secrets: tuple[str, ...]  # current first, then the previous one
    webhook_id: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified webhook request."""

    topic: str
    dedupe_key: str
    body: bytes
    shop_domain: str | None = None  # Shopify: from the header, to be matched with the body
    triggered_at: datetime | None = None  # when the platform says that it happened
    hint: bool = False  # the body says only that something happened: a repeat may be news


@dataclass(frozen=True, slots=True)
class Ping:
    """A platform's test call: answered 200, nothing stored."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Not from the platform. `code` is stable and goes to our log; the answer is an empty 401."""

    code: str


@dataclass(frozen=True, slots=True)
class Received:
    """What `normalise` reads: one inbox row, whatever brought it."""

    topic: str
    body: bytes
    triggered_at: datetime | None
    shop_domain: str
    currency: str | None = None  # the shop's own: products' bodies do not name theirs


@dataclass(frozen=True, slots=True)
class Ignored:
    """A topic or body that is knowingly of no interest."""

    why: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """Signed as if from the store, yet made by another one at `home`: a copy with its secrets.

    Nothing in it is believed; `about` is what the store itself is asked about in its place.
    """

    home: str
    about: Refresh


@dataclass(frozen=True, slots=True)
class Unknown:
    """A topic that we have no rule for: journalled and counted."""
