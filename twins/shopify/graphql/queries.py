"""The query root."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from twins.common.state import Document
from twins.shopify import catalog, discounts
from twins.shopify.formats import gid, number_of, utc_text
from twins.shopify.graphql.objects import (
    customer_object,
    discount_node,
    event_object,
    metaobject_object,
    product_object,
    shop_object,
)
from twins.shopify.graphql.order_objects import order_object
from twins.shopify.graphql.paging import Connection, SortKey, connection, matches
from twins.shopify.graphql.return_queries import RETURN_QUERIES
from twins.shopify.graphql.values import Value
from twins.shopify.shop import Shop, has_scope

# Without read_all_orders an app sees the orders of the last 60 days.
RECENT_DAYS = 60
ORDER_SEARCH = {
    "id": "id",
    "name": "name",
    "email": "email",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "processed_at": "processed_at",
    "customer_id": "customer_id",
    "tag": "tags",
}
CUSTOMER_SEARCH = {
    "id": "id",
    "email": "email",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "state": "state",
    "tag": "tags",
}
PRODUCT_SEARCH = {
    "id": "id",
    "title": "title",
    "handle": "handle",
    "status": "status",
    "vendor": "vendor",
    "product_type": "type",
    "gift_card": "gift_card",
    "tag": "tags",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
EVENT_SEARCH = {
    "id": "id",
    "action": "action",
    "subject_type": "subject_type",
    "created_at": "created_at",
}


def _sorted_by(key: str | None) -> SortKey:
    name = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "PROCESSED_AT": "processed_at"}
    stored = name.get(key or "ID")
    return (lambda d: (d[stored], d["id"])) if stored else (lambda d: (d["id"],))


def _order(shop: Shop, id: str) -> Value | None:  # noqa: A002 -- GraphQL's name
    number = number_of("Order", id)
    order = shop.get("order", number) if number else None
    return order_object(shop, order) if order and _visible(shop)(order) else None


def _visible(shop: Shop) -> Callable[[Document], bool]:
    if has_scope(shop.settings["scopes"], "read_all_orders"):
        return lambda _order: True
    oldest = utc_text(shop.now() - timedelta(days=RECENT_DAYS))
    return lambda order: order["created_at"] >= oldest


def _orders(
    shop: Shop,
    query: str | None = None,
    sortKey: str | None = None,  # noqa: N803 -- GraphQL's name
    savedSearchId: str | None = None,  # noqa: ARG001, N803 -- the twin has no saved searches
    **page: Any,
) -> Connection:
    visible = _visible(shop)
    found = [o for o in shop.all("order") if visible(o) and matches(o, query, ORDER_SEARCH)]
    return connection(found, _sorted_by(sortKey), lambda o: order_object(shop, o), **page)


def _customer(shop: Shop, id: str) -> Value | None:  # noqa: A002 -- GraphQL's name
    number = number_of("Customer", id)
    customer = shop.get("customer", number) if number else None
    return customer_object(shop, customer) if customer else None


def _customers(
    shop: Shop,
    query: str | None = None,
    sortKey: str | None = None,  # noqa: N803 -- GraphQL's name
    **page: Any,
) -> Connection:
    found = [c for c in shop.all("customer") if matches(c, query, CUSTOMER_SEARCH)]
    return connection(found, _sorted_by(sortKey), lambda c: customer_object(shop, c), **page)


def _product(shop: Shop, id: str) -> Value | None:  # noqa: A002 -- GraphQL's name
    number = number_of("Product", id)
    product = shop.get("product", number) if number else None
    return product_object(shop, product) if product else None


def _products(
    shop: Shop,
    query: str | None = None,
    sortKey: str | None = None,  # noqa: N803 -- GraphQL's name
    savedSearchId: str | None = None,  # noqa: ARG001, N803 -- the twin has no saved searches
    **page: Any,
) -> Connection:
    found = [p for p in shop.all("product") if matches(p, query, PRODUCT_SEARCH)]
    return connection(found, _sorted_by(sortKey), lambda p: product_object(shop, p), **page)


def _events(
    shop: Shop,
    query: str | None = None,
    sortKey: str | None = None,  # noqa: N803 -- GraphQL's name
    **page: Any,
) -> Connection:
    found = [e for e in shop.all("event") if matches(e, query, EVENT_SEARCH)]
    return connection(found, _sorted_by(sortKey), event_object, **page)


def _discount_by_code(shop: Shop, code: str) -> Value | None:
    found = discounts.find_by_code(shop, code)
    return discount_node(shop, found) if found else None


def _metaobjects(
    shop: Shop,
    type: str,  # noqa: A002 -- GraphQL's name
    query: str | None = None,
    sortKey: str | None = None,  # noqa: N803 -- GraphQL's name
    **page: Any,
) -> Connection:
    stored = catalog.metaobject_type(shop, type)
    fields = {"handle": "handle", "updated_at": "updated_at"}
    found = [m for m in catalog.metaobjects_of(shop, stored or "") if matches(m, query, fields)]
    key = _sorted_by((sortKey or "id").upper())
    return connection(found, key, lambda m: metaobject_object(shop, m), **page)


def _metaobject_by_handle(shop: Shop, handle: dict[str, str]) -> Value | None:
    stored = catalog.metaobject_type(shop, handle["type"])
    found = [
        m for m in catalog.metaobjects_of(shop, stored or "") if m["handle"] == handle["handle"]
    ]
    return metaobject_object(shop, found[0]) if found else None


def _installation(shop: Shop) -> Value:
    settings = shop.settings
    return {
        "id": gid("AppInstallation", settings["id"] + 7),
        "launchUrl": f"{shop.twin.url}/store/{shop.handle}/apps/{shop.twin.app.handle}",
        "uninstallUrl": None,
        "accessScopes": [{"handle": scope, "description": scope} for scope in settings["scopes"]],
    }


def _subscriptions(shop: Shop, **arguments: Any) -> Connection:
    page = {k: v for k, v in arguments.items() if k in ("first", "last", "after", "before")}
    return connection(
        shop.all("subscription"),
        _sorted_by("ID"),
        lambda s: subscription_object(shop, s),
        reverse=bool(arguments.get("reverse")),
        **page,
    )


def subscription_object(shop: Shop, subscription: Document) -> Value:
    """Return a WebhookSubscription."""
    version = shop.twin.app.api_version
    return {
        "id": gid("WebhookSubscription", subscription["id"]),
        "legacyResourceId": str(subscription["id"]),
        "topic": subscription["topic"],
        "uri": subscription["uri"],
        "format": "JSON",
        "filter": None,
        "includeFields": [],
        "metafieldNamespaces": [],
        "name": None,
        "createdAt": subscription["created_at"],
        "updatedAt": subscription["created_at"],
        "apiVersion": {"handle": version, "displayName": version, "supported": True},
    }


QUERIES: dict[str, Callable[..., Any]] = {
    "shop": shop_object,
    "order": _order,
    "orders": _orders,
    "customer": _customer,
    "customers": _customers,
    "product": _product,
    "products": _products,
    "events": _events,
    "codeDiscountNodeByCode": _discount_by_code,
    "metaobjects": _metaobjects,
    "metaobjectByHandle": _metaobject_by_handle,
    "currentAppInstallation": _installation,
    "webhookSubscriptions": _subscriptions,
    **RETURN_QUERIES,
}
