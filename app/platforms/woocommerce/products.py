"""Products of one store."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.domain.ids import PlatformId
from app.platforms.base import Fetched, Page
from app.platforms.woocommerce.bodies import Product, ProductHead, read
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import BIN, PAGE_SIZE, page_after, since_filter
from app.platforms.woocommerce.topics import FETCHED_PRODUCT

_FIELDS = ",".join(Product.model_fields)
_MOST_PAGES = 10  # of choices of one product


class Products:
    """ProductsPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client
        self.changed: Callable[[datetime, str | None], Page] | None = self._changed

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

    def _changed(self, since: datetime, cursor: str | None) -> Page:
        """On the shelf, then in the bin; WooCommerce sends each webhook once. What is deleted from
        the bin leaves no trace. The bin has no total: it is not that of the pages before.
        """
        in_bin = cursor is not None and cursor.startswith(BIN)
        number = int((cursor or "1").removeprefix(BIN))
        filters = since_filter("modified_after", since) | {
            "status": "trash" if in_bin else "any",
            "orderby": "id",
            "order": "asc",
            "_fields": "id,date_modified_gmt,_links",
            "per_page": str(PAGE_SIZE),
            "page": str(number),
        }
        answer = self._client.get("products", filters)
        heads = [read(ProductHead, row) for row in answer.rows()]
        further = page_after(number, answer)
        if not in_bin:
            further = further or f"{BIN}1"
        elif further:
            further = f"{BIN}{further}"
        return Page(
            items=(),
            cursor=further,
            total=None if in_bin else answer.total,
            store_now=answer.store_now,
            heads={head.id: head.date_modified_gmt for head in heads if head.date_modified_gmt},
        )

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
