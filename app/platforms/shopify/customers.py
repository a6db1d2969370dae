"""Customers with consent and lifetime totals."""

from collections.abc import Callable
from datetime import datetime

from app.domain.errors import Retryable
from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind
from app.platforms.base import Fetched, Page
from app.platforms.shopify.client import Client
from app.platforms.shopify.ids import gid
from app.platforms.shopify.orders import fetched, found_or_none, next_cursor, stamp

PAGE = 100


class Customers:
    """CustomersPort on Shopify."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.changed: Callable[[datetime, str | None], Page] | None = self._changed

    def fetch(self, customer_id: PlatformId) -> Fetched | None:
        """The customer with consent; None if gone."""
        answer = self._client.query("customer", {"id": gid("Customer", customer_id)})
        found = found_or_none(answer, "customer")
        return fetched(ObjectKind.CUSTOMER, found) if found else None

    def _changed(self, since: datetime, cursor: str | None) -> Page:
        """With their consent, which may have been withdrawn while nobody told us."""
        variables = {"query": f"updated_at:>='{stamp(since)}'", "first": PAGE, "after": cursor}
        answer = self._client.query("customers", variables, background=True)
        nodes = answer.data["customers"]["nodes"]
        return Page(
            items=[fetched(ObjectKind.CUSTOMER, node) for node in nodes],
            cursor=next_cursor(answer.fields().node("customers")),
            store_now=answer.store_now,
        )

    def baseline(self, cursor: str | None) -> Page:
        """Everybody's totals, a page at a time. Each carries `asOf`, the store's own time of the
        answer: orders paid until then are inside the totals.
        """
        variables = {"query": None, "first": PAGE, "after": cursor}
        answer = self._client.query("customers", variables, background=True)
        if answer.store_now is None:
            raise Retryable(f"{self._client.shop} told no time with its totals.")
        as_of = answer.store_now.isoformat()
        found = answer.data["customers"]
        return Page(
            items=[
                fetched(
                    ObjectKind.CUSTOMER,
                    {**node, "asOf": as_of},
                    # Not the version of a plain read, which would hide the totals from the inbox.
                    version=f"baseline {node['updatedAt']}",
                )
                for node in found["nodes"]
            ],
            cursor=next_cursor(answer.fields().node("customers")),
            store_now=answer.store_now,
        )
