"""Orders of one store."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.errors import MerchantMustFix
from app.domain.ids import PlatformId
from app.platforms.base import Fetched, Page
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import (
    BIN,
    ORDER_FIELDS,
    fetched_order,
    order_page,
    since_filter,
)
from app.platforms.woocommerce.normalise.fulfilments import STATUS_KEY


class Orders:
    """OrdersPort of WooCommerce."""

    visible_days: int | None = None

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def fetch(self, order_id: PlatformId) -> Fetched | None:
        """The order with refunds and core's parcels, also from the bin; None if it was deleted for
        good.
        """
        try:
            order = self._client.get(f"orders/{order_id}", {"_fields": ORDER_FIELDS}).object()
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        refunds = []
        if order.get("refunds"):
            refunds = self._client.get(f"orders/{order_id}/refunds", {"per_page": "100"}).rows()
        return fetched_order(order, refunds, self._fulfilments(order))

    def _fulfilments(self, order: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Asked for only where the order says that it has some; none if the feature was switched
        off since.
        """
        metas = order.get("meta_data")
        keys = {meta.get("key") for meta in metas if isinstance(meta, dict)} if metas else ()
        if STATUS_KEY not in keys:
            return None
        try:
            return self._client.get(f"orders/{order['id']}/fulfillments").rows()
        except StoreRefusal as refusal:
            if refusal.status != 404:
                raise
        except MerchantMustFix as error:
            if error.problem != "store_rest_missing":
                raise
        return []

    def changed(self, since: datetime, cursor: str | None) -> Page:
        """Orders changed at or after `since` on the store's clock; refunds are only named.

        Behind them those that went to the bin: no other listing tells of a lost deletion. Theirs
        has no total, since it is not that of the pages before.
        """
        filters = since_filter("modified_after", since)
        if cursor is None or not cursor.startswith(BIN):
            page = order_page(self._client, filters, cursor)
            return page if page.cursor else replace(page, cursor=f"{BIN}1")
        number = cursor.removeprefix(BIN)
        page = order_page(self._client, {**filters, "status": "trash"}, number)
        return replace(page, cursor=page.cursor and f"{BIN}{page.cursor}", total=None)

    def placed(self, since: datetime, cursor: str | None) -> Page:
        """Orders placed at or after `since`; refunds are only named."""
        return order_page(self._client, since_filter("after", since), cursor)
