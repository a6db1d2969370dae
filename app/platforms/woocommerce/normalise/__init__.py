"""From WooCommerce's bodies to snapshots. Pure; one function per shape of body.

Webhook bodies are built when they are sent, not when something happened, by the rights of whoever
made the webhook. So under any topic the body may be a signed REST error, and deletes hold an id
only: those never decide anything, they only make us read the object again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.domain.errors import BadPayload
from app.domain.snapshots import ObjectKind, PostedReview, Refresh, Snapshot
from app.platforms.base import Foreign, Ignored, Received, Unknown
from app.platforms.woocommerce.bodies import (
    Action,
    Customer,
    FetchedOrder,
    FetchedProduct,
    Order,
    Product,
    Review,
    decode,
    read,
)
from app.platforms.woocommerce.normalise.catalogue import customer_snapshot, product_snapshot
from app.platforms.woocommerce.normalise.orders import order_snapshot
from app.platforms.woocommerce.origin import other_home
from app.platforms.woocommerce.topics import (
    FETCHED_CUSTOMER,
    FETCHED_ORDER,
    FETCHED_PRODUCT,
    FETCHED_REVIEW,
    FULFILLED,
    IGNORED,
    REVIEW_POSTED,
)

_ERROR_CODE = re.compile(r"[a-z0-9_-]{1,80}")
_Outcome = Sequence[Snapshot] | Ignored

# What webhooks begin with; what we read ourselves was compared when it was read.
_SENT = {
    "order": ObjectKind.ORDER,
    "product": ObjectKind.PRODUCT,
    "customer": ObjectKind.CUSTOMER,
}


def normalise(received: Received) -> Sequence[Snapshot] | Ignored | Unknown | Foreign:
    """What one inbox row says. Raises BadPayload."""
    if why := IGNORED.get(received.topic):
        return Ignored(why)
    reader = READERS.get(received.topic)
    if reader is None:
        return Unknown()
    data = decode(received.body)
    if _is_rest_error(data):
        return _rest_error(data)
    kind = _SENT.get(received.topic.partition(".")[0])
    home = other_home(data, received.shop_domain) if kind else None
    if kind and home and isinstance(data.get("id"), int):
        return Foreign(home, Refresh(kind, str(data["id"])))
    if reader is _product:
        return _product(data, received.currency)
    return reader(data)


def _order(data: dict[str, Any]) -> _Outcome:
    return [order_snapshot(read(Order, data), refunds=None)]


def _fetched_order(data: dict[str, Any]) -> _Outcome:
    fetched = read(FetchedOrder, data)
    return [order_snapshot(fetched.order, fetched.refunds, fetched.fulfilments)]


def _product(data: dict[str, Any], currency: str | None = None) -> _Outcome:
    """Of a variable product our own reading also has the choices; a webhook does not."""
    read_by_us = "variations" in data and "product" in data
    fetched = (
        read(FetchedProduct, data) if read_by_us else FetchedProduct(product=read(Product, data))
    )
    if fetched.product.type == "variation":
        return Ignored("a variation is reviewed under its product")
    found = product_snapshot(fetched.product, fetched.variations, currency)
    variable = fetched.product.type.startswith("variable")  # also plugins' own kinds
    return [replace(found, partial=variable and not read_by_us)]


def _customer(data: dict[str, Any]) -> _Outcome:
    return [customer_snapshot(read(Customer, data))]


def _reread(kind: ObjectKind) -> Callable[[dict[str, Any]], _Outcome]:
    """Deletes: a replayed or late `{"id": 22}` must not remove what was restored since."""

    def refresh(data: dict[str, Any]) -> _Outcome:
        platform_id = data.get("id")
        if not isinstance(platform_id, int) or isinstance(platform_id, bool) or platform_id < 1:
            raise BadPayload("A delete names no id; it is kept and can be replayed.")
        return [Refresh(kind, str(platform_id))]

    return refresh


def _hook(kind: ObjectKind) -> Callable[[dict[str, Any]], _Outcome]:
    """Our plugin's hooks carry a number: what it names is read from the store."""
    return lambda data: [Refresh(kind, str(read(Action, data).arg))]


def _review(data: dict[str, Any]) -> _Outcome:
    review = read(Review, data)
    if review.status not in ("approved", "hold"):
        return Ignored("the review is in the store's bin, or spam")
    if not (review.product_id and review.reviewer_email and review.date_created_gmt):
        return Ignored("the review does not say who wrote it, or about what")
    return [
        PostedReview(
            review_id=review.id,
            product_id=review.product_id,
            email=review.reviewer_email,
            posted_at=review.date_created_gmt,
        )
    ]


def _is_rest_error(data: dict[str, Any]) -> bool:
    return isinstance(data.get("code"), str) and "message" in data and "id" not in data


def _rest_error(data: dict[str, Any]) -> _Outcome:
    """A signed error in place of the object; it does not say which object.

    404: deleted before the store got round to sending; if we knew it, reading it before the next
    action and the reconciliation notice. Anything else (401, 403: the webhook's owner lost the
    right to read) loses events until somebody acts, so the row is parked where it is seen.
    """
    details = data.get("data")
    status = details.get("status") if isinstance(details, dict) else None
    if status == 404:
        return Ignored("the object was deleted before the store sent it")
    raise BadPayload(
        f"The store sent the error {_code(data)!r} instead of the object: the WordPress"
        " user who made this webhook may no longer read it. Orders still arrive by polling."
        " Remedy: disconnect and connect the store again as an administrator."
    )


def _code(data: dict[str, Any]) -> str:
    """The error's code, unless it holds anything else."""
    return str(data["code"]) if _ERROR_CODE.fullmatch(str(data["code"])) else "unknown"


READERS: Mapping[str, Callable[[dict[str, Any]], _Outcome]] = {
    "order.created": _order,
    "order.updated": _order,
    "order.restored": _order,
    "order.deleted": _reread(ObjectKind.ORDER),
    "product.updated": _product,
    "product.restored": _product,
    "product.deleted": _reread(ObjectKind.PRODUCT),
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _reread(ObjectKind.CUSTOMER),
    FETCHED_ORDER: _fetched_order,
    FETCHED_PRODUCT: _product,
    REVIEW_POSTED: _hook(ObjectKind.REVIEW),
    FULFILLED: _hook(ObjectKind.ORDER),
    FETCHED_CUSTOMER: _customer,
    FETCHED_REVIEW: _review,
}
