"""Orders: read whole, one by one or by the page."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.domain.errors import OperatorMustFix
from app.domain.ids import PlatformId
from app.domain.snapshots import ObjectKind
from app.platforms.base import Fetched, Page
from app.platforms.shopify.client import Answer, Client
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.ids import gid, number_of
from app.platforms.shopify.topics import FETCHED

# A page lists heads (cheap); each order is then read whole, up to 1000 points asked and some 50
# used. Ten of them fit into one job's time even when the bucket is down to its restore rate.
PAGE = 10


class Orders:
    """OrdersPort on Shopify. Without `read_all_orders` the last 60 days are visible."""

    visible_days: int | None = 60

    def __init__(self, client: Client) -> None:
        self._client = client

    def fetch(self, order_id: PlatformId) -> Fetched | None:
        """The whole order; None if it is gone."""
        return self._read(order_id, background=False)

    def changed(self, since: datetime, cursor: str | None) -> Page:
        """Orders changed at or after `since`, oldest change first."""
        return self._page(f"updated_at:>='{stamp(since)}'", cursor)

    def placed(self, since: datetime, cursor: str | None) -> Page:
        """Orders placed at or after `since`."""
        return self._page(f"created_at:>='{stamp(since)}'", cursor)

    def _page(self, query: str, cursor: str | None) -> Page:
        variables = {"query": query, "first": PAGE, "after": cursor}
        answer = self._client.query("orders_changed", variables, background=True)
        found = answer.fields().node("orders")
        orders = [self._read(head.gid(), background=True) for head in found.nodes("nodes")]
        return Page(
            items=[order for order in orders if order],
            cursor=next_cursor(found),
            store_now=answer.store_now,
        )

    def _read(self, order_id: PlatformId, *, background: bool) -> Fetched | None:
        def ask(operation: str, **variables: Any) -> Answer:
            named = {"id": gid("Order", order_id), **variables}
            return self._client.query(operation, named, background=background)

        answer = ask("order")
        order = found_or_none(answer, "order")
        if order is None:
            return None
        whole = {**order, "lineItems": {"nodes": _all_lines(order, ask)}}
        return fetched(ObjectKind.ORDER, whole)


def _all_lines(order: Mapping[str, Any], ask: Callable[..., Answer]) -> list[Any]:
    """The lines of the first page and of those after it."""
    lines: list[Any] = list(order["lineItems"]["nodes"])
    cursor = next_cursor(Fields(order["lineItems"], "lineItems"))
    while cursor:
        more = found_or_none(ask("order_lines", after=cursor), "order")
        if more is None:  # deleted in between: the next look finds it gone
            break
        lines += more["lineItems"]["nodes"]
        cursor = next_cursor(Fields(more["lineItems"], "lineItems"))
    return lines


def next_cursor(connection: Fields) -> str | None:
    """Where the next page begins; None on the last one."""
    page = connection.node("pageInfo")
    return page.text("endCursor") if page.flag("hasNextPage") else None


def found_or_none(answer: Answer, name: str) -> Mapping[str, Any] | None:
    """The object that was asked for; None if the shop has none. Withheld is not the same as gone:
    raises OperatorMustFix while Shopify has not approved our use of protected customer data.
    """
    found = answer.data.get(name)
    if found is None and answer.withheld:
        raise OperatorMustFix(
            f"Shopify withholds {name}s from this app. Nothing about them can be done. Ask for "
            "protected customer data access in the Partner Dashboard."
        )
    return found if isinstance(found, dict) else None


def fetched(kind: ObjectKind, node: Mapping[str, Any], version: str | None = None) -> Fetched:
    """A node as the inbox takes it; its version is its own time of change unless given."""
    return Fetched(
        topic=FETCHED[kind],
        platform_id=number_of(node["id"]),
        body=json.dumps(node).encode(),
        version=version or str(node["updatedAt"]),
    )


def stamp(moment: datetime) -> str:
    """A time as Shopify's searches take it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
