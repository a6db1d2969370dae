"""What the stores hold, read from the stores themselves."""

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

from app.cli.demo.drivers import SECONDS, Store
from app.cli.demo.shopify import HANDLE, Shopify
from app.cli.demo.woocommerce import WooCommerce

Json = dict[str, Any]
OURS = "Afterglow "  # how the title of a coupon of ours begins
VALID_DAYS = 365  # of coupons; so set in the automation
_LONG = timedelta(days=300)


@dataclass(frozen=True)
class Order:
    """An order as the store has it: what the product's picture must agree with."""

    total: Decimal
    refunded: Decimal
    cancelled: bool
    parcels: int


@dataclass
class Holdings:
    """Everything that one store holds."""

    orders: dict[str, Order] = field(default_factory=dict)
    coupons: Counter[str] = field(default_factory=Counter)  # by the customer's address
    codes: dict[str, bool] = field(default_factory=dict)  # code → whether it can be used
    code_of: dict[str, list[str]] = field(default_factory=dict)  # address → codes
    reviews: Counter[str] = field(default_factory=Counter)  # by text
    returns: Counter[str] = field(default_factory=Counter)  # by order
    rated: Counter[str] = field(default_factory=Counter)  # reviews by product, where a sum is shown
    shown: dict[str, int] = field(default_factory=dict)  # by product: of how many the sum tells


def delete(store: Store, order: str) -> None:
    """The merchant deletes an order for good."""
    if isinstance(store, Shopify):
        store.act("delete-order", order_id=int(order))
    else:
        store.control("POST", f"orders/{order}/delete")


def holdings(store: Store) -> Holdings:
    """Read it all. Raises requests.RequestException."""
    if isinstance(store, Shopify):
        return _of_shopify(store)
    if isinstance(store, WooCommerce):
        return _of_woocommerce(store)
    raise TypeError(store.platform)


def _of_shopify(store: Shopify) -> Holdings:
    def documents(kind: str) -> list[Json]:
        found: list[Json] = store.control("GET", f"shops/{HANDLE}/{kind}")
        return found

    held = Holdings()
    for order in documents("orders"):
        body: Json = store.control("GET", f"shops/{HANDLE}/orders/{order['id']}/webhook-body")
        held.orders[str(order["id"])] = Order(
            Decimal(body["total_price"]),
            sum((_refunded(refund) for refund in body["refunds"]), Decimal(0)),
            bool(body["cancelled_at"]),
            len(body["fulfillments"]),
        )
    emails = {person["id"]: person["email"].lower() for person in documents("customers")}
    for coupon in documents("discounts"):
        if coupon["title"].startswith(OURS):
            owners = [emails.get(number, "?") for number in coupon["customer_ids"]]
            _coupon(
                held, owners, coupon["code"], usable=_lasts(coupon["created_at"], coupon["ends_at"])
            )
    for review in documents("metaobjects"):
        if "review" in review["type"]:
            fields = _fields(review)
            held.reviews[str(fields.get("body") or "")] += 1
            held.rated[str(fields["product"]).rpartition("/")[2]] += 1
    for field_ in documents("metafields"):
        if field_["key"] == "rating_count":
            held.shown[str(field_["product_id"])] = int(field_["value"])
    held.returns.update(str(each["order_id"]) for each in documents("returns"))
    return held


def _refunded(refund: Json) -> Decimal:
    paid = [t for t in refund["transactions"] if t["kind"] == "refund" and t["status"] == "success"]
    return sum((Decimal(t["amount"]) for t in paid), Decimal(0))


def _lasts(began: str, ends: str | None) -> bool:
    """Whether a coupon was left as it was made: one that was made void ended much sooner."""
    if ends is None:
        return True
    return datetime.fromisoformat(ends[:10]) - datetime.fromisoformat(began[:10]) > _LONG


def _words(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", markup)).strip()


def _fields(metaobject: Json) -> Mapping[str, Any]:
    fields = metaobject["fields"]
    if isinstance(fields, dict):
        return fields
    return {each["key"]: each["value"] for each in fields}


def _coupon(held: Holdings, owners: list[str], code: str, *, usable: bool) -> None:
    held.codes[code.upper()] = usable
    for owner in owners:
        held.coupons[owner] += 1
        held.code_of.setdefault(owner, []).append(code.upper())


def _of_woocommerce(store: WooCommerce) -> Holdings:
    held, keys = Holdings(), store.new_keys()
    for order in store.control("GET", "orders"):
        held.orders[str(order["id"])] = Order(
            Decimal(order["total"]),
            sum((abs(Decimal(refund["total"])) for refund in order["refunds"]), Decimal(0)),
            order["status"] == "cancelled",
            sum(len(m["value"]) for m in order["meta_data"] if "tracking_items" in m["key"]),
        )
        held.returns[str(order["id"])] += sum(
            meta["key"].startswith("_afterglow_return_") for meta in order["meta_data"]
        )
    for coupon in _rows(store, keys, "coupons"):
        usable = _lasts(coupon["date_created_gmt"], coupon["date_expires_gmt"])
        _coupon(held, coupon["email_restrictions"], coupon["code"], usable=usable)
    for review in _rows(store, keys, "products/reviews", status="all", context="edit"):
        held.reviews[_words(review["review"])] += 1
    return held


def _rows(store: WooCommerce, keys: tuple[str, str], path: str, **wanted: str) -> Iterator[Json]:
    for page in range(1, 1000):
        answer = requests.get(
            f"{store.url}/wp-json/wc/v3/{path}",
            {"per_page": "100", "page": str(page), **wanted},
            auth=keys,
            headers={"X-Forwarded-Proto": "https"},  # so that the store takes Basic
            timeout=SECONDS,
        )
        answer.raise_for_status()
        rows = answer.json()
        yield from rows
        if len(rows) < 100:
            return
