"""Products of one store."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from app.domain.ids import PlatformId
from app.platforms.base import Fetched
from app.platforms.woocommerce.bodies import Product, ProductHead, read
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import PAGE_SIZE, since_filter
from app.platforms.woocommerce.topics import FETCHED_PRODUCT

_FIELDS = ",".join(Product.model_fields)
_MOST_PAGES = 10  # of choices of one product, of products that changed in one window


class Products:
    """ProductsPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client
        self.changed: Callable[[datetime], Sequence[tuple[PlatformId, datetime]]] | None = (
            self._changed
        )

    def fetch(self, product_id: PlatformId) -> Fetched | None:
        """The product, also from the bin, with the prices of its choices; None if it was deleted
        for good.
        """
        try:
            answer = self._client.get(f"products/{product_id}", {"_fields": _FIELDS})
            product, body = answer.object(), answer.body
            if str(product.get("type")).startswith("variable"):  # also plugins' own kinds
                both = {"product": product, "variations": self._variations(product_id)}
                body = json.dumps(both, separators=(",", ":")).encode()
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        return Fetched(
            topic=FETCHED_PRODUCT,
            platform_id=product_id,
            body=body,
            version=str(product.get("date_modified_gmt")),
        )

    def _changed(self, since: datetime) -> list[tuple[PlatformId, datetime]]:
        """On the shelf and in the bin; WooCommerce sends each webhook once."""
        rows = [*self._heads(since, "any"), *self._heads(since, "trash")]
        heads = [read(ProductHead, row) for row in rows]
        return [(head.id, head.date_modified_gmt) for head in heads if head.date_modified_gmt]

    def _heads(self, since: datetime, status: str) -> Iterator[dict[str, Any]]:
        filters = since_filter("modified_after", since) | {
            "status": status,
            "orderby": "id",
            "order": "asc",
            "_fields": "id,date_modified_gmt,_links",
            "per_page": str(PAGE_SIZE),
        }
        for page in range(1, _MOST_PAGES + 1):
            rows = self._client.get("products", {**filters, "page": str(page)}).rows()
            yield from rows
            if len(rows) < PAGE_SIZE:
                return

    def _variations(self, product_id: PlatformId) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(1, _MOST_PAGES + 1):
            rows = self._client.get(
                f"products/{product_id}/variations",
                {"_fields": "id,regular_price", "per_page": str(PAGE_SIZE), "page": str(page)},
            ).rows()
            found += rows
            if len(rows) < PAGE_SIZE:
                break
        return found
