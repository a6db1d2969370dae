"""Products."""

from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind
from app.platforms.base import Fetched
from app.platforms.shopify.client import Client
from app.platforms.shopify.ids import gid
from app.platforms.shopify.orders import fetched, found_or_none


class Products:
    """ProductsPort on Shopify."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self, product_id: PlatformId) -> Fetched | None:
        """The product; None if it is gone."""
        answer = self._client.query("product", {"id": gid("Product", product_id)})
        found = found_or_none(answer, "product")
        return fetched(ObjectKind.PRODUCT, found) if found else None
