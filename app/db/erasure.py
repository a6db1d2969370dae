"""Forgetting: a person who asked for it, or a whole shop. What is left of a person are hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, Table, cast, delete, literal, or_, select, update

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
    pending: bool = False


class Erasure(Repository):
    """Forgets persons of one shop. Every method may be repeated."""

    def forget(self, traces: Traces, now: datetime) -> None:
        """Take the person out of everything; orders, stars and coupons stay as facts."""
        mine_customers = customers.c.id.in_(traces.customers)
        self._connection.execute(
            update(customers)
            .where(self._mine(customers), mine_customers)
            .values(person=None, locale=None, country=None, erased_at=now)
        )
        self._connection.execute(
            update(orders)
            .where(self._mine(orders), orders.c.platform_id.in_(traces.orders))
            .values(person=None)
        )
        self._forget_works(traces)
        self._connection.execute(
            delete(refresh).where(
                self._mine(refresh),
                refresh.c.kind == ObjectKind.CUSTOMER,
                refresh.c.platform_id.in_(traces.platform_ids),
            )
        )
        for table in (consents, identities):
            self._connection.execute(
                delete(table).where(self._mine(table), table.c.customer_id.in_(traces.customers))
            )

    def _forget_works(self, traces: Traces) -> None:
        """Words of reviews and returns, and the address that a coupon is tied to."""
        self._connection.execute(
            update(reviews)
            .where(
                self._mine(reviews),
                or_(
                    reviews.c.customer_id.in_(traces.customers),
                    reviews.c.order_id.in_(traces.orders),
                ),
            )
            .values(sealed=None, customer_id=None)
        )
        self._connection.execute(
            update(returns)
            .where(
                self._mine(returns),
                or_(
                    returns.c.customer_id.in_(traces.customers),
                    returns.c.order_id.in_(traces.orders),
                    returns.c.email_hash.in_(traces.email_hashes),
                ),
            )
            .values(  # whoever read the words before does not write them back
                sealed=None, email_hash=None, customer_id=None, revision=returns.c.revision + 1
            )
        )
        self._connection.execute(
            update(coupons)
            .where(
                self._mine(coupons),
                or_(
                    coupons.c.customer_id.in_(traces.customers),
                    coupons.c.order_id.in_(traces.orders),
                ),
            )
            .values(email_hash=literal("erased:") + cast(coupons.c.id, String))
        )

    def bodies(self, after: int, limit: int) -> list[Body]:
        """Raw bodies behind an inbox id, oldest first."""
        query = (
            select(inbox.c.id, inbox.c.sealed_body, inbox.c.state == "pending")
            .where(self._mine(inbox), inbox.c.id > after, inbox.c.sealed_body.is_not(None))
            .order_by(inbox.c.id)
            .limit(limit)
        )
        return [Body(row[0], row[1], bool(row[2])) for row in self._connection.execute(query)]

    def drop_bodies(self, inbox_ids: Sequence[int]) -> None:
        """Drop these bodies, those of failed rows too."""
        self._connection.execute(
            update(inbox)
            .where(self._mine(inbox), inbox.c.id.in_(inbox_ids), inbox.c.state != "pending")
            .values(sealed_body=None)
        )

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
