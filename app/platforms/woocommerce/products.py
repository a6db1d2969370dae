"""Products of one store."""

from app.domain.ids import PlatformId
from app.platforms.base import Fetched
from app.platforms.woocommerce.bodies import Product
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.topics import FETCHED_PRODUCT

_FIELDS = ",".join(Product.model_fields)


class Products:
    """ProductsPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def fetch(self, product_id: PlatformId) -> Fetched | None:
        """The product, also from the bin; None if it was deleted for good."""
        try:
            answer = self._client.get(f"products/{product_id}", {"_fields": _FIELDS})
        except StoreRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        return Fetched(
            topic=FETCHED_PRODUCT,
            platform_id=product_id,
            body=answer.body,
            version=str(answer.object().get("date_modified_gmt")),
        )
