"""Registered customers of one store; guests exist only in their orders."""

from collections.abc import Callable
from datetime import datetime

from app.domain.ids import PlatformId
from app.platforms.base import Fetched, Page
from app.platforms.woocommerce.bodies import Customer
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import order_page
from app.platforms.woocommerce.topics import FETCHED_CUSTOMER

_FIELDS = ",".join(Customer.model_fields)


class Customers:
    """CustomersPort of WooCommerce."""

    # Its listing knows no time of change; the customer's next order brings names and address.
    changed: Callable[[datetime, str | None], Page] | None = None

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def fetch(self, customer_id: PlatformId) -> Fetched | None:
        """The customer; None if deleted. WooCommerce itself records no marketing consent."""
        try:
            answer = self._client.get(f"customers/{customer_id}", {"_fields": _FIELDS})
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        return Fetched(
            topic=FETCHED_CUSTOMER,
            platform_id=customer_id,
            body=answer.body,
            version=str(answer.object().get("date_modified_gmt")),
        )

    def baseline(self, cursor: str | None) -> Page:
        """All orders ever placed, a page at a time: a buyer's history is their orders.

        The store's own totals (`orders_count`) would miss guests and cannot be listed by time.
        """
        return order_page(self._client, {}, cursor)
