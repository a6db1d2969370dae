"""One shop's repositories for many deliveries at once: read together, written together.

They are what `ShopData` has, with the same promises, for one transaction in which the shop's other
repositories (and the database itself) can be used as well: whoever goes there by himself sees all
that the batch did. A batch that meets what it cannot carry raises, and its caller rolls back and
does the same with fewer rows, in the end with a plain `ShopData`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.db.batch.actions import BatchActions
from app.db.batch.desk import Conflict, Desk
from app.db.batch.facts import BatchEvents, BatchProducts
from app.db.batch.lines import BatchInbox, BatchJournal, BatchRefreshes
from app.db.batch.orders import BatchOrders
from app.db.batch.people import BatchCustomers
from app.db.batch.rest import (
    BatchCoupons,
    BatchMessages,
    BatchReturns,
    BatchReviews,
    BatchSettings,
)
from app.db.session import UnitOfWork
from app.db.tenant import ShopData
from app.domain.ids import PlatformId, ShopId
from app.domain.snapshots import ObjectKind, Person

__all__ = ["BatchData", "Conflict", "Named", "batch_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named:
    """What some deliveries speak of."""

    orders: set[PlatformId] = field(default_factory=set)
    products: set[PlatformId] = field(default_factory=set)
    persons: set[Person] = field(default_factory=set)


@contextmanager
def batch_of(uow: UnitOfWork, shop_id: ShopId, named: Named) -> Iterator["BatchData"]:
    """A batch in this transaction; all is written at the end of the block. May raise Conflict."""
    data = BatchData(uow, shop_id)
    data.read_ahead(named)
    uow.settle = data.desk.settle
    try:
        yield data
        data.desk.flush()
    finally:
        uow.settle = None


class BatchData(ShopData):
    """All that is stored of one shop."""

    def __init__(self, uow: UnitOfWork, shop_id: ShopId) -> None:
        super().__init__(uow, shop_id)
        self.desk = Desk(uow, shop_id, self._scope)
        # All of them at once: what they write is written in this order.
        self.customers = self._customers = BatchCustomers(self._scope, self.desk)
        self.orders = self._orders = BatchOrders(self._scope, self.desk)
        self.events = self._events = BatchEvents(self._scope, self.desk)
        self.actions = self._actions = BatchActions(self._scope, self.desk)
        self.products = self._products = BatchProducts(self._scope, self.desk)
        self.journal = BatchJournal(self._scope, self.desk)
        self.inbox = BatchInbox(self._scope, self.desk)
        self.refreshes = self._refreshes = BatchRefreshes(self.desk)
        self.coupons = self._coupons = BatchCoupons(self._scope, self.desk, self.orders)
        self.returns = self._returns = BatchReturns(self._scope, self.desk)
        self.reviews = BatchReviews(self._scope, self.desk)
        self.messages = BatchMessages(self._scope, self.desk)
        self.settings = BatchSettings(self._scope, self.desk)

    @property
    def aside(self) -> UnitOfWork:
        """For reading what no batch writes."""
        return self.desk.aside

    def remembered(self, name: Any, make: Callable[[], T]) -> T:
        """What `make` gave the first time."""
        known = self.desk.remembered
        if name not in known:
            known[name] = make()
        found: T = known[name]
        return found

    def read_ahead(self, named: Named) -> None:
        """Read what deliveries about these will ask for."""
        self._orders.known.fetch(named.orders)
        self._events.known.fetch(named.orders)
        self._actions.of_orders_.fetch(named.orders)
        self._returns.orders.fetch(named.orders)
        self._refreshes.known.fetch((ObjectKind.ORDER, order_id) for order_id in named.orders)
        stored = [found for order_id in named.orders if (found := self._orders.known[order_id])]
        lines = (line for found in stored for line in found.order.lines)
        self._products.known.fetch(
            [*named.products, *(line.product_id for line in lines if line.product_id)]
        )
        customers, hashes = self._customers.read_ahead(named.persons)
        customers |= {found.customer_id for found in stored if found.customer_id}
        self.desk.fetch_customers(customers)
        hashes.update(*map(self._customers.email_hashes, customers))
        self._coupons.given.fetch(hashes)
