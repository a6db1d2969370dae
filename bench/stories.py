"""Real deliveries by the thousand: recorded bodies, each about an order of its own.

An order's life is told as the platforms tell it: placed, paid, sent, arrived or completed, with
the customer's and the product's own deliveries among them. Orders begin a few at a time, so their
deliveries mingle; every second customer has bought before.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

_FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
HOME = "http://127.0.0.1:8088"  # where the bodies were recorded
_AT_ONCE = 40  # orders whose deliveries mingle
_REFUNDED = 8  # one order in so many
_PRODUCTS = 60


@dataclass(frozen=True, slots=True)
class Posted:
    """One delivery: topic, body, and when the platform says that it happened."""

    topic: str
    body: bytes
    at: datetime


def deliveries(  # noqa: PLR0917 - as one would tell it
    platform: str, count: int, first: int, now: datetime, customers: int, home: str = HOME
) -> list[Posted]:
    """So many deliveries in the order in which they would come; `first` numbers the orders.

    Every second order is of one of the `customers` that `shop_of` makes. `home` is the address that
    a WooCommerce store names as its own.
    """
    told = islice(_mingled(platform, first, now, customers), count)
    return [at_home(posted, home) for posted in told]


def at_home(posted: Posted, home: str) -> Posted:
    """The same delivery, sent by the store with this address."""
    return replace(posted, body=posted.body.replace(HOME.encode(), home.encode()))


def life(platform: str, number: int, now: datetime, customers: int = 0) -> list[Posted]:
    """All deliveries about one order, from the first to the last."""
    told = _shopify if platform == "shopify" else _woocommerce
    return told(number, now, customers)


def _mingled(platform: str, first: int, now: datetime, customers: int) -> Iterator[Posted]:
    while True:
        lives = [life(platform, n, now, customers) for n in range(first, first + _AT_ONCE)]
        first += _AT_ONCE
        for step in range(max(len(life) for life in lives)):
            yield from (life[step] for life in lives if step < len(life))


def _customer(number: int, customers: int) -> int:
    """Whose order it is: every second one is of somebody known."""
    return number % customers if number % 2 and customers else number + 10_000_000


def _fixture(platform: str, name: str) -> Any:
    body = json.loads((_FIXTURES / platform / f"{name}.json").read_text())["body"]
    return json.loads(body) if isinstance(body, str) else body


_ORDER = _fixture("shopify", "orders__create__captured_2025-05_de-CH_new_customer_shape")
_PARCEL = _fixture("shopify", "fulfillments__create__documented_2026-07")
_ARRIVAL = _fixture("shopify", "fulfillment_events__create__documented_2026-07")
_REFUND = _fixture("shopify", "refunds__create__documented_2026-07")
_CUSTOMER = _fixture("shopify", "customers__create__documented_2026-07")
_PRODUCT = _fixture("shopify", "products__update__documented_2026-07")


def _shopify(number: int, now: datetime, customers: int) -> list[Posted]:
    """customers/create, orders/create, orders/paid, fulfillments/create, orders/fulfilled,
    arrival, and sometimes a product and a refund.
    """
    order_id, line_id = 5_000_000_000 + number, 900 + number
    customer_id = 7_000_000_000 + _customer(number, customers)
    product_id = 500 + number % _PRODUCTS
    email = f"customer{_customer(number, customers)}@posta.example"
    begun = now - timedelta(minutes=30)
    times = [(begun + timedelta(minutes=n)).isoformat() for n in range(8)]
    order = copy.deepcopy(_ORDER)
    order |= {"id": order_id, "name": f"#{number}", "email": email, "contact_email": email}
    order |= {"created_at": times[0], "updated_at": times[0], "financial_status": "pending"}
    order["customer"] |= {"id": customer_id, "email": email}
    order["line_items"][0] |= {"id": line_id, "product_id": product_id}
    for address in (order["billing_address"], order["shipping_address"]):
        address["country_code"] = ("CH", "FR", "GB", "SK")[number % 4]
    paid = order | {"financial_status": "paid", "updated_at": times[1]}
    parcel = copy.deepcopy(_PARCEL) | {"id": 3_000_000_000 + number, "order_id": order_id}
    parcel |= {"status": "success", "created_at": times[2], "updated_at": times[2]}
    parcel["line_items"] = parcel["line_items"][:1]
    sent = paid | {"fulfillments": [parcel], "fulfillment_status": "fulfilled"}
    sent |= {"updated_at": times[3]}
    arrival = _ARRIVAL | {"id": number, "order_id": order_id, "fulfillment_id": parcel["id"]}
    arrival |= {"status": "delivered", "happened_at": times[4]}
    told = [("orders/create", order), ("orders/paid", paid), ("fulfillments/create", parcel)]
    told += [("orders/fulfilled", sent), ("fulfillment_events/create", arrival)]
    if number % 2 == 0:
        customer = _CUSTOMER | {"id": customer_id, "email": email, "updated_at": times[0]}
        told.insert(0, ("customers/create", customer))
    if number % 3 == 0:
        product = _PRODUCT | {"id": product_id, "updated_at": times[2]}
        told.insert(2, ("products/update", product))
    if number % _REFUNDED == 0:
        refund = copy.deepcopy(_REFUND) | {"id": 4_000_000_000 + number, "order_id": order_id}
        refund["created_at"] = times[5]
        refund["refund_line_items"] = refund["refund_line_items"][:1]
        refund["refund_line_items"][0]["line_item_id"] = line_id
        for payment in refund["transactions"]:
            payment |= {"currency": "CHF", "amount": "1.00", "order_id": order_id}
        bags = refund["refund_line_items"][0]["subtotal_set"]
        bags["shop_money"]["currency_code"] = "CHF"
        told.append(("refunds/create", refund))
    return [Posted(topic, json.dumps(body).encode(), now) for topic, body in told]


_PLACED = _fixture("woocommerce", "storefront-placed-1-order.created")
_STOCK = _fixture("woocommerce", "order-processing-1-product.updated")
_REGISTERED = _fixture("woocommerce", "customer-create-0-customer.created")


def _woocommerce(number: int, now: datetime, customers: int) -> list[Posted]:
    """customer.created, order.created, order.updated (paid), product.updated (the stock),
    order.updated (completed), and sometimes order.updated with a refund.
    """
    email = f"customer{_customer(number, customers)}@posta.example"
    begun = now - timedelta(minutes=30)
    times = [(begun + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%S") for n in range(8)]
    customer_id = number if number % 2 == 0 else 0
    order = copy.deepcopy(_PLACED)
    order |= {"id": number, "number": str(number), "customer_id": customer_id, "status": "pending"}
    order |= {"date_created_gmt": times[0], "date_modified_gmt": times[0], "currency": "EUR"}
    order["billing"]["email"] = email
    for address in (order["billing"], order["shipping"]):
        address["country"] = ("DE", "FR", "GB", "SK")[number % 4]
    order["line_items"][0] |= {"id": number * 10, "product_id": 500 + number % _PRODUCTS}
    paid = order | {"status": "processing", "date_paid_gmt": times[1]}
    paid |= {"date_modified_gmt": times[1]}
    completed = paid | {"status": "completed", "date_completed_gmt": times[4]}
    completed |= {"date_modified_gmt": times[4]}
    stock = _STOCK | {"id": 500 + number % _PRODUCTS, "date_modified_gmt": times[1]}
    told = [("order.created", order), ("order.updated", paid), ("product.updated", stock)]
    told += [("order.updated", completed)]
    if customer_id:
        customer = _REGISTERED | {"id": customer_id, "email": email}
        told.insert(0, ("customer.created", customer))
    if number % _REFUNDED == 0:
        back = {"id": 80_000_000 + number, "reason": "", "total": "-5.00"}
        refunded = completed | {"refunds": [back], "date_modified_gmt": times[5]}
        told.append(("order.updated", refunded))
    return [Posted(topic, json.dumps(body).encode(), now) for topic, body in told]
