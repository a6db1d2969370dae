"""Merchant, customer and carrier of a twin store: the same moves on both platforms.

Everything goes over HTTP: what happens in the store through the twin's control API, what the store
holds in the end through the store's own API, with credentials of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import requests

Json = Any
SECONDS = 15.0  # that a store may take to answer


@dataclass(frozen=True)
class Person:
    """A customer as the checkout gets to know them."""

    email: str
    first_name: str
    last_name: str
    country: str
    language: str
    consent: bool = False


class Store(ABC):
    """A twin store. Orders go by the store's own ids."""

    platform: str

    def __init__(self, url: str) -> None:
        """`url` is the twin's address."""
        self.url = url

    @abstractmethod
    def place(self, person: Person, goods: Sequence[str], *, cash: bool = False) -> str:
        """An order, paid by card, or with `cash` on delivery; returns its id."""

    @abstractmethod
    def ship(self, order: str) -> None:
        """The parcel leaves."""

    @abstractmethod
    def deliver(self, order: str) -> None:
        """The parcel arrives."""

    @abstractmethod
    def collect(self, order: str) -> None:
        """The carrier brings the cash."""

    @abstractmethod
    def refund(self, order: str) -> None:
        """All money goes back."""

    @abstractmethod
    def cancel(self, order: str) -> None:
        """The merchant cancels."""

    @abstractmethod
    def ask_back(self, order: str) -> None:
        """The customer asks in the store itself: its accounts, or its withdrawal form."""

    @abstractmethod
    def touch(self, order: str) -> None:
        """The merchant changes something that does not matter."""

    @abstractmethod
    def register(self, person: Person) -> None:
        """A guest opens an account."""

    @abstractmethod
    def hide_orders(self) -> None:
        """The store's lists of orders answer 503, so that no import gets anywhere."""

    @abstractmethod
    def coupons(self, codes: Iterable[str]) -> int:
        """How many coupons of ours the store has. `codes`: those that customers were told."""

    @abstractmethod
    def reviews(self) -> int:
        """How many reviews the store has."""

    @abstractmethod
    def returns(self) -> dict[str, int]:
        """How the store's returns stand: approved, declined, open, ended."""

    # the network between the store and us

    def counts(self) -> dict[str, int]:
        """What became of all deliveries: accepted, duplicate, refused, unknown, failed."""
        total: dict[str, int] = self.control("GET", "deliveries/summary")["total"]
        return total

    def wait_until_delivered(self) -> None:
        """Return once the store has sent all that it had to send."""
        if not self.control("POST", "deliveries/drain", {"timeout_seconds": 12})["drained"]:
            raise RuntimeError(f"{self.platform}: deliveries are still on their way after 12 s")

    def hold_deliveries(self) -> None:
        """Nothing leaves the store until they are released."""
        self.control("POST", "deliveries/hold")

    def release_reversed(self) -> None:
        """What was held goes out, the newest first."""
        self.control("POST", "deliveries/release", {"order": "reversed"})

    def lose_deliveries(self) -> None:
        """Whatever the store sends gets lost on the way."""
        self.control("POST", "faults", {"kind": "drop"})

    def mend(self) -> None:
        """All faults end."""
        self.control("DELETE", "faults")

    def resend_last(self) -> None:
        """The last delivery about an order is sent again, byte by byte."""
        self.control("POST", f"deliveries/{self._last_delivery()}/resend")

    def forge_last(self) -> None:
        """Somebody who does not know the secret sends the last delivery about an order again."""
        self.control("POST", f"deliveries/{self._last_delivery()}/forge")

    def _last_delivery(self) -> int:
        sent = self.control("GET", "deliveries")
        return max(int(line["id"]) for line in sent if line["topic"].startswith("order"))

    def control(self, method: str, path: str, given: Json = None) -> Json:
        """Call the twin's control API. Raises requests.RequestException."""
        url = f"{self.url}/_twin/{path}"
        answer = requests.request(method, url, json=given or {}, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json() if answer.content else None
