"""The WooCommerce twin as its merchant, customers and carriers use it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import ClassVar

import requests

from app.cli.demo.drivers import SECONDS, Json, Person, Store

_STANDS = {"approved": "approved", "declined": "declined", "requested": "open"}


class WooCommerce(Store):
    """The demo store. Its accounts are known as long as this object lives."""

    platform = "woocommerce"
    _SKUS: ClassVar = {"towel": "PES-EGE", "linen": "LAN-TAT", "cushion": "VAN-KIL"}

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._accounts: dict[str, int] = {}

    def place(self, person: Person, goods: Sequence[str], *, cash: bool = False) -> str:
        """Through the checkout; registered customers are logged in."""
        order = self.control(
            "POST",
            "orders",
            {
                "items": [{"sku": self._SKUS[name], "quantity": 1} for name in goods],
                "payment_method": "cod" if cash else "card",
                "customer_id": self._accounts.get(person.email, 0),
                "email": person.email,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "country": person.country,
                "language": person.language,
                "consent": person.consent,
            },
        )
        return str(order["id"])

    def ship(self, order: str) -> None:
        """A tracking number; the order is completed, unless its cash is still to come."""
        self._move(order, "fulfil")

    def deliver(self, order: str) -> None:
        """The status “delivered” of parcel plugins."""
        self._move(order, "deliver")

    def collect(self, order: str) -> None:
        """Completed: only then WooCommerce calls cash on delivery paid."""
        self._move(order, "complete")

    def refund(self, order: str) -> None:
        """Through the refund button."""
        self._move(order, "refund")

    def cancel(self, order: str) -> None:
        """The status “cancelled”."""
        self._move(order, "cancel")

    def ask_back(self, order: str) -> None:
        """WooCommerce's own withdrawal form."""
        self._move(order, "withdraw")

    def touch(self, order: str) -> None:
        """Saved without a change."""
        self._move(order, "touch")

    def register(self, person: Person) -> None:
        """An account with the guest's address; WooCommerce leaves old orders as they are."""
        names = {"first_name": person.first_name, "last_name": person.last_name}
        account = self.control("POST", "customers", {"email": person.email, **names})
        self._accounts[person.email] = int(account["id"])

    def hide_orders(self) -> None:
        """503 for the list of orders."""
        self.control("POST", "faults", {"kind": "status", "path": "/wp-json/wc/v3/orders"})

    def coupons(self, codes: Iterable[str]) -> int:  # noqa: ARG002 - this store can list them
        """All that the store lists."""
        return len(self._rows("coupons"))

    def reviews(self) -> int:
        """All that the store lists."""
        return len(self._rows("products/reviews"))

    def returns(self) -> dict[str, int]:
        """As our metadata on the orders says."""
        rows = (meta for order in self._rows("orders") for meta in order["meta_data"])
        kept = (m["value"] for m in rows if m["key"].startswith("_afterglow_return_"))
        return dict(Counter(_STANDS.get(value["state"], "ended") for value in kept))

    def new_keys(self) -> tuple[str, str]:
        """Keys as the merchant makes them in WooCommerce's settings."""
        keys = self.control("POST", "keys", {"permissions": "read_write"})
        return keys["consumer_key"], keys["consumer_secret"]

    @cached_property
    def _own_keys(self) -> tuple[str, str]:
        return self.new_keys()

    def _move(self, order: str, move: str) -> None:
        self.control("POST", f"orders/{order}/{move}")

    def _rows(self, path: str) -> list[Json]:
        answer = requests.get(
            f"{self.url}/wp-json/wc/v3/{path}",
            {"per_page": "100"},
            auth=self._own_keys,
            headers={"X-Forwarded-Proto": "https"},  # so that the store takes Basic
            timeout=SECONDS,
        )
        answer.raise_for_status()
        rows: list[Json] = answer.json()
        return rows
