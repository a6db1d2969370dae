"""Products of one store."""

import json
from typing import Any

from app.domain.ids import PlatformId
from app.platforms.base import Fetched
from app.platforms.woocommerce.bodies import Product
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.listing import PAGE_SIZE
from app.platforms.woocommerce.topics import FETCHED_PRODUCT

_FIELDS = ",".join(Product.model_fields)
_MOST_PAGES = 10  # of choices of one product


class Products:
    """ProductsPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

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
