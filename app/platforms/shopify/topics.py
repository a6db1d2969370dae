"""Topics as data: what shopify/shopify.app.toml subscribes to, and what we do with each.

A test proves that the file and this table agree, and that each topic has a rule in `normalise`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.snapshots import ObjectKind

_ORDER = "stores the order as shown; its facts become events"
_RETURN = "reads the return; bodies of returns have no version"

TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "app/uninstalled": "closes the installation, unless the shop still lets us in",
        "app/scopes_update": "stores the granted scopes",
        "shop/update": "reads the shop's name, zone and language again",
        "orders/create": _ORDER,
        "orders/updated": _ORDER,
        "orders/paid": f"{_ORDER}; the delivery tells when it was paid",
        "orders/fulfilled": _ORDER,
        "orders/cancelled": _ORDER,
        "orders/delete": "marks the order as gone",
        "fulfillments/create": "adds a parcel",
        "fulfillments/update": "brings a parcel up to date",
        "fulfillment_events/create": "delivered: the parcel arrived; other news is ignored",
        "refunds/create": "adds a refund",
        **dict.fromkeys(
            (
                "returns/request",
                "returns/approve",
                "returns/decline",
                "returns/update",
                "returns/process",
                "returns/cancel",
                "returns/close",
                "returns/reopen",
            ),
            _RETURN,
        ),
        "customers/create": "stores the customer",
        "customers/update": "stores the customer",
        "customers/merge": "unites two customers",
        "customers/delete": "marks the customer as gone",
        "customers_email_marketing_consent/update": "stores consent with its time",
        "products/update": "stores what it shows; the rest is read before it matters",
        "products/delete": "marks the product as gone",
        "customers/data_request": "prepares an export for the merchant",
        "customers/redact": "erases the customer",
        "shop/redact": "erases the shop",
    }
)

# Shapes of fetched objects, as the inbox names them. Shopify has no reviews of its own to fetch.
FETCHED: Mapping[ObjectKind, str] = MappingProxyType(
    {kind: f"graphql/{kind.value}" for kind in ObjectKind if kind is not ObjectKind.REVIEW}
)
