"""Product projections."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true, update

from app.db.base import Repository
from app.db.codec import product_doc, product_from
from app.db.models import products
from app.domain.ids import PlatformId
from app.domain.snapshots import ProductSnapshot

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def product_values(product: ProductSnapshot, seen_at: datetime) -> dict[str, Any]:
    """The columns that follow from a picture."""
    return {
        "doc": product_doc(product),
        "version": product.version,
        "read_at": _NEVER if product.partial else seen_at,
        "gone": False,
    }


class Products(Repository):
    """Products of one shop."""

    def save(self, product: ProductSnapshot, seen_at: datetime) -> None:
        """Write it unless a newer picture is stored. `seen_at` is business time.

        After a partial picture it counts as never seen: whoever needs the whole truth reads it.
        """
        values = product_values(product, seen_at)
        self._connection.execute(
            self._insert(products, platform_id=product.product_id, **values).on_conflict_do_update(
                index_elements=["shop_id", "platform_id"],
                set_=values,
                where=_not_older(product),
            )
        )

    def mark_gone(self, product_id: PlatformId, seen_at: datetime) -> None:
        """The store deleted it."""
        self._connection.execute(
            update(products)
            .where(self._mine(products), products.c.platform_id == product_id)
            .values(gone=True, read_at=seen_at)
        )

    def many(self, ids: Iterable[PlatformId]) -> dict[PlatformId, ProductSnapshot]:
        """The known ones among them, without those that are gone."""
        query = select(products.c.platform_id, products.c.doc).where(
            self._mine(products), products.c.platform_id.in_(list(ids)), products.c.gone.is_(False)
        )
        return {pid: product_from(doc) for pid, doc in self._connection.execute(query)}

    def outdated(self, told: Mapping[PlatformId, datetime]) -> list[PlatformId]:
        """Which known ones changed after our picture of them, by the store's own times."""
        query = select(products.c.platform_id, products.c.version).where(
            self._mine(products), products.c.platform_id.in_(list(told))
        )
        return [
            product_id
            for product_id, version in self._connection.execute(query)
            if version is None or version < told[product_id]
        ]

    def seen_since(self, moment: datetime, ids: Iterable[PlatformId]) -> set[PlatformId]:
        """Of which of them we have a picture not older than a business time, gone ones included."""
        query = select(products.c.platform_id).where(
            self._mine(products),
            products.c.platform_id.in_(list(ids)),
            products.c.read_at >= moment,
        )
        return {pid for (pid,) in self._connection.execute(query)}


def _not_older(product: ProductSnapshot) -> ColumnElement[bool]:
    if product.version is None:
        return true()
    return or_(products.c.version.is_(None), products.c.version <= product.version)
