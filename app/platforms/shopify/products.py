"""Products."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind
from app.platforms.base import Fetched, Page
from app.platforms.shopify.client import Client
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.ids import gid
from app.platforms.shopify.orders import fetched, found_or_none, next_cursor, stamp

PAGE = 100
_DELETED = "deleted:"  # begins the cursors of pages that tell of deletions


class Products:
    """ProductsPort on Shopify."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.changed: Callable[[datetime, str | None], Page] | None = self._changed

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

    def _changed(self, since: datetime, cursor: str | None) -> Page:
        """Products of every status, oldest change first; behind them what was deleted, which no
        listing of products has. Shopify repeats a lost delivery for four hours only.
        """
        if cursor is not None and cursor.startswith(_DELETED):
            return self._deleted(since, cursor.removeprefix(_DELETED) or None)
        variables = {"query": f"updated_at:>='{stamp(since)}'", "first": PAGE, "after": cursor}
        answer = self._client.query("products_changed", variables, background=True)
        found = answer.fields().node("products")
        return Page(
            items=(),
            cursor=next_cursor(found) or _DELETED,
            store_now=answer.store_now,
            heads={head.gid(): head.time("updatedAt") for head in found.nodes("nodes")},
        )

    def _deleted(self, since: datetime, cursor: str | None) -> Page:
        """Times have whole seconds: a deletion is later than every change of its second."""
        query = f"action:'destroy' AND subject_type:'PRODUCT' AND created_at:>='{stamp(since)}'"
        variables = {"query": query, "first": PAGE, "after": cursor}
        answer = self._client.query("products_deleted", variables, background=True)
        found = answer.fields().node("events")
        further = next_cursor(found)
        return Page(
            items=(),
            cursor=further and f"{_DELETED}{further}",
            store_now=answer.store_now,
            heads={
                event.gid("subjectId"): event.time("createdAt") + timedelta(seconds=1)
                for event in found.nodes("nodes")
            },
        )
