"""Reviews that customers write on our form: what may be reviewed, and keeping what they wrote."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from app.db import leases
from app.db.orders import StoredOrder
from app.db.reviews import ReviewRow, ReviewWords
from app.db.session import UnitOfWork
from app.db.shops import Shops
from app.db.tenant import ShopData
from app.domain.actions import ActionKind
from app.domain.decisions import Schedule
from app.domain.events import ReviewSubmitted
from app.domain.ids import PlatformId, ShopId
from app.domain.reasons import Reason, ReasonCode
from app.domain.refunds import is_refunded_whole, refunded_quantities
from app.domain.snapshots import OrderSnapshot, Person, ProductSnapshot
from app.pipeline.plan import Planner
from app.pipeline.runtime import Runtime

_PUBLISHING_IS_USEFUL = timedelta(days=90)
_FORM = "form"


class Closed(StrEnum):
    """Why an order takes no reviews, or none any more."""

    NOT_CONNECTED = "not_connected"
    ORDER_ENDED = "order_ended"  # cancelled, removed, or all the money went back
    FORGOTTEN = "forgotten"  # nobody is on record as the buyer (any more)
    NOTHING = "nothing"  # nothing in it can be reviewed


@dataclass(frozen=True, slots=True)
class Item:
    """A bought product that may be reviewed."""

    line_id: PlatformId
    product_id: PlatformId
    title: str
    variant: str | None
    image_url: str | None


@dataclass(frozen=True, slots=True)
class Reviewable:
    """An order open to reviews, its person opened, and what was written so far, by product."""

    order: OrderSnapshot
    items: tuple[Item, ...]
    written: Mapping[PlatformId, ReviewRow]
    words: Mapping[PlatformId, ReviewWords]


@dataclass(frozen=True, slots=True)
class NewReview:
    """What a customer says about one product: stars from 1 to 5, plain text that may be empty."""

    product_id: PlatformId
    rating: int
    text: str
    author: str


def find(rt: Runtime, shop_id: ShopId, order_id: PlatformId) -> Reviewable | Closed:
    """What of an order can be reviewed."""
    with rt.db.read() as uow:
        data = ShopData(uow, shop_id)
        stored, person = data.orders.get(order_id), data.orders.person(order_id)
        closed = _closed(data, stored, person)
        if closed or stored is None:
            return closed or Closed.FORGOTTEN
        items = _items(data, stored.order)
        if not items:
            return Closed.NOTHING
        written = {row.product_id: row for row in data.reviews.of_order(order_id)}
        return Reviewable(
            order=replace(stored.order, person=person),
            items=items,
            written=written,
            words={product: data.reviews.words(row) for product, row in written.items()},
        )


def submit(
    rt: Runtime, shop_id: ShopId, order_id: PlatformId, reviews: Sequence[NewReview]
) -> Closed | None:
    """Keep new and changed reviews and plan their publishing; what is the same changes nothing.

    Words are compared and sealed outside the transaction. Should another submission of the same
    form come in between, the comparison is made again.
    """
    while True:
        with rt.db.read() as uow:
            data = ShopData(uow, shop_id)
            person, hasher = data.orders.person(order_id), data.hasher
            seen = {row.product_id: row for row in data.reviews.of_order(order_id)}
            changed = [(r, _seal(data, r)) for r in reviews if _differs(data, r, seen)]
        if not changed:
            return None
        with rt.db.write() as uow, _one_at_a_time(rt, uow, f"reviews:{shop_id}:{order_id}"):
            data = ShopData(uow, shop_id, hasher)
            stored = data.orders.get(order_id)
            closed = _closed(data, stored, person)
            if closed or stored is None:
                return closed or Closed.FORGOTTEN
            if {row.product_id: row for row in data.reviews.of_order(order_id)} != seen:
                continue
            for review, sealed in changed:
                _keep(rt, data, stored, review, sealed)
            return None


@contextmanager
def _one_at_a_time(rt: Runtime, uow: UnitOfWork, name: str) -> Iterator[None]:
    """Let another transaction of this name commit first, and see what it wrote (PostgreSQL).

    Everybody takes the row under one holder's name, so it is never refused, only waited for.
    """
    now = rt.wall.now()
    leases.acquire(uow, name, _FORM, now, now)
    yield
    leases.release(uow, name, _FORM)


def _closed(data: ShopData, stored: StoredOrder | None, person: Person) -> Closed | None:
    if not Shops(data.uow).get(data.shop_id).connected:
        return Closed.NOT_CONNECTED
    if stored is None or stored.sealed_person is None or data.customers.is_erased(person):
        return Closed.FORGOTTEN
    order = stored.order
    if order.cancelled_at or order.trashed or is_refunded_whole(order):
        return Closed.ORDER_ENDED
    return None


def _items(data: ShopData, order: OrderSnapshot) -> tuple[Item, ...]:
    """The items that the mail asked about; without such a mail those that it would ask about."""
    asked = data.actions.by_key(f"review:{order.order_id}")
    listed = asked.payload.get("items") if asked else None
    ids = [line.product_id for line in order.lines if line.product_id]
    products = data.products.many(ids)
    if not listed:
        return tuple(_kept_items(order, products))
    return tuple(
        Item(
            line_id=str(item["line_id"]),
            product_id=str(item["product_id"]),
            title=str(item["title"]),
            variant=item.get("variant"),
            image_url=_image(products.get(str(item["product_id"])), item.get("image")),
        )
        for item in listed
    )


def _kept_items(order: OrderSnapshot, products: Mapping[PlatformId, ProductSnapshot]) -> list[Item]:
    refunded = refunded_quantities(order)
    items: dict[PlatformId, Item] = {}
    for line in order.lines:
        product = products.get(line.product_id or "")
        kept = line.quantity > refunded.get(line.line_id, 0)
        if product and product.reviewable and kept and not line.is_gift_card:
            image = _image(product, line.image_url)
            item = Item(line.line_id, product.product_id, line.title, line.variant_title, image)
            items.setdefault(product.product_id, item)
    return list(items.values())


def _image(product: ProductSnapshot | None, of_line: str | None) -> str | None:
    return (product.image_url if product else None) or of_line


def _differs(data: ShopData, review: NewReview, seen: Mapping[PlatformId, ReviewRow]) -> bool:
    row = seen.get(review.product_id)
    if row is None or row.rating != review.rating:
        return True
    return data.reviews.words(row) != ReviewWords(review.text, review.author)


def _seal(data: ShopData, review: NewReview) -> bytes:
    return data.reviews.seal(ReviewWords(review.text, review.author))


def _keep(
    rt: Runtime, data: ShopData, stored: StoredOrder, review: NewReview, sealed: bytes
) -> None:
    """The review, the fact, the journal's line and the action that publishes it."""
    now, order_id = rt.business.now(), stored.order.order_id
    row = data.reviews.save(
        order_id=order_id,
        product_id=review.product_id,
        customer_id=stored.customer_id,
        rating=review.rating,
        sealed=sealed,
        now=now,
    )
    fact = ReviewSubmitted(
        order_id=order_id, occurred_at=now, key=f"{row.id}:{row.revision}", review_id=row.id
    )
    data.events.add(fact, stored.customer_id, now)
    reason = Reason.of(ReasonCode.REVIEW_SUBMITTED, stars=row.rating)
    data.journal.write(
        "submitted", "review", now, reason=reason, order_id=order_id, customer_id=stored.customer_id
    )
    publish = Schedule(
        kind=ActionKind.REVIEW_PUBLISH,
        dedupe_key=f"review-publish:{row.id}:{row.revision}",
        due_at=now,
        useful_until=now + _PUBLISHING_IS_USEFUL,
        reason=reason,
        order_id=order_id,
        payload={"review_id": row.id},
    )
    Planner(rt, data).apply(publish, "", stored.customer_id, 0)
