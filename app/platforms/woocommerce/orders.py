"""Orders of one store."""

from datetime import datetime

from app.domain.ids import PlatformId
from app.platforms.base import Fetched, Page
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import ORDER_FIELDS, fetched_order, order_page, since_filter


class Orders:
    """OrdersPort of WooCommerce."""

    visible_days: int | None = None

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def fetch(self, order_id: PlatformId) -> Fetched | None:
        """The order with its refunds, also from the bin; None if it was deleted for good."""
        try:
            order = self._client.get(f"orders/{order_id}", {"_fields": ORDER_FIELDS}).object()
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        if not order.get("refunds"):
            return fetched_order(order, [])
        refunds = self._client.get(f"orders/{order_id}/refunds", {"per_page": "100"}).rows()
        return fetched_order(order, refunds)

    def changed(self, since: datetime, cursor: str | None) -> Page:
        """Orders changed at or after `since` on the store's clock; refunds are only named."""
        return order_page(self._client, since_filter("modified_after", since), cursor)

    def placed(self, since: datetime, cursor: str | None) -> Page:
        """Orders placed at or after `since`; refunds are only named."""
        return order_page(self._client, since_filter("after", since), cursor)
