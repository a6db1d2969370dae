"""Products."""

from collections.abc import Callable, Sequence
from datetime import datetime

from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind
from app.platforms.base import Fetched
from app.platforms.shopify.client import Client
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.ids import gid
from app.platforms.shopify.orders import fetched, found_or_none, next_cursor


class Products:
    """ProductsPort on Shopify, which repeats a lost delivery for hours."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.changed: Callable[[datetime], Sequence[tuple[PlatformId, datetime]]] | None = None

    def fetch(self, product_id: PlatformId) -> Fetched | None:
        """The product; None if it is gone."""
        variables = {"id": gid("Product", product_id)}
        found = found_or_none(self._client.query("product", variables), "product")
        if found is None:
            return None
        variants = list(found["variants"]["nodes"])
        cursor = next_cursor(Fields(found["variants"], "variants"))
        while cursor:
            answer = self._client.query("product_variants", {**variables, "after": cursor})
            more = found_or_none(answer, "product")
            if more is None:  # deleted in between: the next look finds it gone
                break
            variants += more["variants"]["nodes"]
            cursor = next_cursor(Fields(more["variants"], "variants"))
        return fetched(ObjectKind.PRODUCT, {**found, "variants": {"nodes": variants}})
