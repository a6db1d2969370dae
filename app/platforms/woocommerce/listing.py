"""Pages of orders, oldest id first, in one shape for every purpose.

Polling, the first import and the lifetime baseline all read the same fields and go through the
inbox as `rest/order`. So the baseline needs no totals of its own: the history simply is in our
orders, and a page that is read twice changes nothing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.platforms.base import Fetched, Page
from app.platforms.woocommerce.bodies import Order
from app.platforms.woocommerce.client import Answer, StoreClient
from app.platforms.woocommerce.topics import FETCHED_ORDER

PAGE_SIZE = 100  # the most that WooCommerce gives
BIN = "trash:"  # begins the cursors of pages from the bin
ORDER_FIELDS = ",".join(Order.model_fields)


def order_page(client: StoreClient, filters: Mapping[str, str], cursor: str | None) -> Page:
    """One page; `cursor` is its number. A total that changed since the page before means that rows
    moved between pages: the caller starts again.
    """
    number = int(cursor or "1")
    answer = client.get(
        "orders",
        {
            "status": "any",  # with the statuses that plugins add; drafts and the bin excepted
            **filters,
            "orderby": "id",
            "order": "asc",
            "per_page": str(PAGE_SIZE),
            "page": str(number),
            "_fields": f"{ORDER_FIELDS},_links",  # of a listing they have to be asked for
        },
    )
    rows = answer.rows()
    return Page(
        items=[fetched_order(row, None if row.get("refunds") else []) for row in rows],
        cursor=page_after(number, answer),
        total=answer.total,
        store_now=answer.store_now,
    )


def page_after(number: int, answer: Answer) -> str | None:
    """The page behind this one; None if it is the last."""
    rows = len(answer.rows())
    read_so_far = (number - 1) * PAGE_SIZE + rows
    more = read_so_far < answer.total if answer.total is not None else rows == PAGE_SIZE
    return str(number + 1) if rows and more else None


def fetched_order(
    order: Mapping[str, Any],
    refunds: Sequence[Mapping[str, Any]] | None,
    fulfilments: Sequence[Mapping[str, Any]] | None = None,
) -> Fetched:
    """An order as `normalise` reads it; `refunds` is None where they are only named, `fulfilments`
    where nobody asked for them.

    The version is a hash: the order's own time has whole seconds and does not tell whether the
    refunds were read too.
    """
    order = {name: order[name] for name in Order.model_fields if name in order}
    if isinstance(metas := order.get("meta_data"), list):
        # A listing and a single order have them in different order.
        order["meta_data"] = sorted(metas, key=json.dumps)
    parts = {"order": order, "refunds": refunds, "fulfilments": fulfilments}
    composite = {name: part for name, part in parts.items() if part is not None}
    body = json.dumps(composite, separators=(",", ":")).encode()
    return Fetched(
        topic=FETCHED_ORDER,
        platform_id=str(order["id"]),
        body=body,
        version=hashlib.sha256(body).hexdigest()[:32],
    )


def since_filter(name: str, moment: datetime) -> dict[str, str]:
    """A lower bound that includes the moment: WordPress compares with "greater than"."""
    just_before = moment.astimezone(UTC).replace(microsecond=0) - timedelta(seconds=1)
    return {name: just_before.strftime("%Y-%m-%dT%H:%M:%S"), "dates_are_gmt": "true"}
