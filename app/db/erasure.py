"""Forgetting: a person who asked for it, or a whole shop. What is left of a person are hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Delete,
    String,
    Table,
    Update,
    bindparam,
    cast,
    delete,
    literal,
    or_,
    select,
    update,
)

from app.db.base import Repository
from app.db.crypto import new_shop_key
from app.db.models import (
    consents,
    coupons,
    customers,
    exports,
    identities,
    inbox,
    metadata,
    orders,
    privacy_requests,
    refresh,
    returns,
    reviews,
    shops,
)
from app.db.session import UnitOfWork
from app.domain.ids import CustomerId, PlatformId, ShopId
from app.domain.snapshots import ObjectKind

CHUNK = 1000  # rows per transaction


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a person is found in a shop."""

    customers: tuple[CustomerId, ...]
    orders: tuple[PlatformId, ...]
    email_hashes: tuple[str, ...] = ()  # what is known of an address without a customer
    platform_ids: tuple[PlatformId, ...] = ()  # the store's own ids of the person


@dataclass(frozen=True, slots=True)
class Body:
    """A raw body that is still kept, or a file made for download."""

    id: int
    sealed: bytes
    received_at: datetime | None = None
    pending: bool = False


class Erasure(Repository):
    """Forgets persons of one shop. Every method may be repeated."""

    def forget(self, traces: Traces, now: datetime) -> None:
        """Take the person out of everything; orders, stars and coupons stay as facts."""
        gone = update(customers).values(person=None, locale=None, country=None, erased_at=now)
        self._each(gone, customers.c.id, traces.customers)
        self._each(update(orders).values(person=None), orders.c.platform_id, traces.orders)
        self._forget_works(traces)
        wishes = delete(refresh).where(refresh.c.kind == ObjectKind.CUSTOMER)
        self._each(wishes, refresh.c.platform_id, traces.platform_ids)
        for table in (consents, identities):
            self._each(delete(table), table.c.customer_id, traces.customers)

    def _forget_works(self, traces: Traces) -> None:
        """Words of reviews and returns, and the address that a coupon is tied to."""
        unsaid = update(reviews).values(sealed=None, customer_id=None)
        self._each(unsaid, reviews.c.customer_id, traces.customers)
        self._each(unsaid, reviews.c.order_id, traces.orders)
        unasked = update(returns).values(  # whoever read the words before does not write them back
            sealed=None, email_hash=None, customer_id=None, revision=returns.c.revision + 1
        )
        self._each(unasked, returns.c.customer_id, traces.customers)
        self._each(unasked, returns.c.order_id, traces.orders)
        nobodys = unasked.where(returns.c.order_id.is_(None))  # others have no address
        self._each(nobodys, returns.c.email_hash, traces.email_hashes)
        unbound = update(coupons).values(email_hash=literal("erased:") + cast(coupons.c.id, String))
        self._each(unbound, coupons.c.customer_id, traces.customers)
        self._each(unbound, coupons.c.order_id, traces.orders)

    def _each(self, change: Update | Delete, column: Column[Any], values: Sequence[Any]) -> None:
        """Change rows by one value after the other: given several, or several columns at once,
        databases may go through all of a shop.
        """
        if values:
            one = change.where(self._mine(column.table), column == bindparam("wanted"))
            self._connection.execute(one, [{"wanted": value} for value in values])

    def bodies(self, after: Body | None, limit: int) -> list[Body]:
        """Raw bodies behind one, in the order in which they came: that of the index of bodies."""
        came = inbox.c.received_at
        query = (
            select(inbox.c.id, inbox.c.sealed_body, came, inbox.c.state == "pending")
            .where(self._mine(inbox), inbox.c.sealed_body.is_not(None))
            .order_by(came, inbox.c.id)
            .limit(limit)
        )
        if after:
            behind = or_(came > after.received_at, inbox.c.id > after.id)
            query = query.where(came >= after.received_at, behind)
        rows = self._connection.execute(query)
        return [Body(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def drop_bodies(self, inbox_ids: Sequence[int]) -> None:
        """Drop these bodies, those of failed rows too."""
        drop = update(inbox).where(inbox.c.state != "pending").values(sealed_body=None)
        self._each(drop, inbox.c.id, inbox_ids)

    def files(self) -> list[Body]:
        """All files made for download."""
        query = select(exports.c.id, exports.c.sealed).where(self._mine(exports))
        return [Body(row[0], row[1]) for row in self._connection.execute(query)]

    def drop_files(self, ids: Sequence[int]) -> None:
        """Drop some of them."""
        self._connection.execute(delete(exports).where(self._mine(exports), exports.c.id.in_(ids)))


def shop_tables() -> list[Table]:
    """All tables with a shop's rows, but for the request that asks to empty them."""
    found = [t for t in reversed(metadata.sorted_tables) if "shop_id" in t.c]
    found.remove(privacy_requests)
    return found


def delete_some(uow: UnitOfWork, table: Table, shop_id: ShopId) -> bool:
    """Delete a chunk of a shop's rows; True if there may be more."""
    mine = table.c.shop_id == shop_id
    if "id" in table.c:
        mine = table.c.id.in_(select(table.c.id).where(mine).limit(CHUNK))
    return uow.connection.execute(delete(table).where(mine)).rowcount == CHUNK


def blank_shop(uow: UnitOfWork, shop_id: ShopId) -> None:
    """The last step: keep of the shop's own row what says that it is erased, drop the requests.

    The key of its hashes goes, too: hashes in a backup then lead to nobody.
    """
    empty = (
        "owner_email",
        "reply_to",
        "sender_name",
        "country",
        "colour",
        "logo_url",
        "postal_address",
        "paused_at",
    )
    blanked = uow.connection.execute(
        update(shops)
        .where(shops.c.id == shop_id, shops.c.state == "erased")  # not connected again just now
        .values(
            **dict.fromkeys(empty),
            name="",
            url="",
            timezone="UTC",
            language="en",
            history_complete=False,
            hash_key=uow.keyring.seal(new_shop_key()),
        )
    )
    if blanked.rowcount:
        own = privacy_requests.c.shop_id == shop_id
        uow.connection.execute(delete(privacy_requests).where(own))
