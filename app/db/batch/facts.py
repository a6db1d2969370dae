"""Events and products of a batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Text, cast, select

from app.db.base import Scope
from app.db.batch.desk import KEYS, SHOP, Desk, Shelf
from app.db.codec import product_from_text
from app.db.events import Events
from app.db.models import events, products
from app.db.products import Products, product_values
from app.db.session import insert_into
from app.domain.events import Event, ReviewPosted
from app.domain.ids import CustomerId, PlatformId
from app.domain.snapshots import ProductSnapshot

_OF_ORDERS = select(events.c.subject, events.c.type, events.c.key).where(
    events.c.shop_id == SHOP, events.c.subject.in_(KEYS)
)
_POSTED = select(events.c.customer_id, events.c.data).where(
    events.c.shop_id == SHOP, events.c.customer_id.in_(KEYS), events.c.type == ReviewPosted.type
)
_PRODUCTS = select(products.c.platform_id, cast(products.c.doc, Text), products.c.gone).where(
    products.c.shop_id == SHOP, products.c.platform_id.in_(KEYS)
)


@cache
def _insert(dialect: str) -> Any:
    insert = insert_into(events, dialect)
    return insert.on_conflict_do_nothing(index_elements=["shop_id", "subject", "type", "key"])


@cache
def _upsert(dialect: str) -> Any:
    insert = insert_into(products, dialect)
    kept = {name: insert.excluded[name] for name in ("doc", "version", "read_at", "gone")}
    return insert.on_conflict_do_update(index_elements=["shop_id", "platform_id"], set_=kept)


class BatchEvents(Events):
    """Facts: what is known of each order, and what is new."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self.known: Shelf[PlatformId, set[tuple[str, str]]] = desk.shelf(self._load, set)
        self.posted: Shelf[CustomerId, set[PlatformId]] = desk.shelf_of_customers(
            self._load_posted, set
        )
        self._new: list[dict[str, Any]] = []
        desk.on_write(self._write)

    def add(self, event: Event, customer_id: CustomerId | None, known_at: datetime) -> bool:
        """Remember the fact; False if it was known."""
        if isinstance(event, ReviewPosted):  # seldom, and perhaps of no order
            return super().add(event, customer_id, known_at)
        known = self.known[event.order_id]
        if (event.type, event.key) in known:
            return False
        known.add((event.type, event.key))
        self._new.append(self._values(event, customer_id, known_at))
        return True

    def products_reviewed_in_store(self, customer_id: CustomerId) -> frozenset[PlatformId]:
        """Of which products a customer wrote a review in the store itself."""
        return frozenset(self.posted[customer_id])

    def _load(self, order_ids: list[PlatformId]) -> Mapping[PlatformId, set[tuple[str, str]]]:
        found: dict[PlatformId, set[tuple[str, str]]] = {}
        for subject, kind, key in self._desk.rows(_OF_ORDERS, order_ids):
            found.setdefault(subject, set()).add((kind, key))
        return found

    def _load_posted(self, ids: list[CustomerId]) -> Mapping[CustomerId, set[PlatformId]]:
        found: dict[CustomerId, set[PlatformId]] = {}
        for customer_id, data in self._desk.rows(_POSTED, ids):
            found.setdefault(customer_id, set()).add(data["product_id"])
        return found

    def _write(self) -> None:
        rows, self._new = self._new, []
        self._desk.write_all(_insert, rows, each=True)


@dataclass(frozen=True, slots=True)
class _Known:
    product: ProductSnapshot
    gone: bool


class BatchProducts(Products):
    """Products, each written once in the end."""

    def __init__(self, scope: Scope, desk: Desk) -> None:
        super().__init__(scope)
        self._desk = desk
        self.known: Shelf[PlatformId, _Known | None] = desk.shelf(self._load, lambda: None)
        self._changed: dict[PlatformId, tuple[ProductSnapshot, datetime]] = {}
        desk.on_write(self._write)

    def save(self, product: ProductSnapshot, seen_at: datetime) -> None:
        """Remember it unless a newer picture is known."""
        known = self.known[product.product_id]
        version = known.product.version if known else None
        if version and product.version and product.version < version:
            return
        self.known[product.product_id] = _Known(product, gone=False)
        self._changed[product.product_id] = (product, seen_at)

    def many(self, ids: Iterable[PlatformId]) -> dict[PlatformId, ProductSnapshot]:
        """The known ones among them, without those that are gone."""
        found = {product_id: self.known[product_id] for product_id in ids}
        return {pid: known.product for pid, known in found.items() if known and not known.gone}

    def _load(self, ids: list[PlatformId]) -> Mapping[PlatformId, _Known | None]:
        return {
            product_id: _Known(product_from_text(doc), gone)
            for product_id, doc, gone in self._desk.rows(_PRODUCTS, ids)
        }

    def _write(self) -> None:
        rows = [
            {"shop_id": self._shop_id, "platform_id": product_id, **product_values(*saved)}
            for product_id, saved in self._changed.items()
        ]
        self._changed.clear()
        self._desk.write_all(_upsert, rows)
