"""All tables. Every one has `shop_id` except the few that serve the whole installation."""

from app.db.models.base import metadata
from app.db.models.people import consents, customers, erasures, identities, suppressions
from app.db.models.returns import otp_codes, return_lines, returns
from app.db.models.shops import (
    business_clock,
    continuity,
    credentials,
    installations,
    leases,
    nonces,
    restorations,
    shops,
    sync_cursors,
    webhook_subscriptions,
)
from app.db.models.stream import events, inbox, orders, products, refresh
from app.db.models.work import (
    actions,
    coupons,
    exports,
    journal,
    messages,
    privacy_requests,
    problems,
    reviews,
    settings_versions,
    templates,
)

__all__ = [
    "actions",
    "business_clock",
    "consents",
    "continuity",
    "coupons",
    "credentials",
    "customers",
    "erasures",
    "events",
    "exports",
    "identities",
    "inbox",
    "installations",
    "journal",
    "leases",
    "messages",
    "metadata",
    "nonces",
    "orders",
    "otp_codes",
    "privacy_requests",
    "problems",
    "products",
    "refresh",
    "restorations",
    "return_lines",
    "returns",
    "reviews",
    "settings_versions",
    "shops",
    "suppressions",
    "sync_cursors",
    "templates",
    "webhook_subscriptions",
]
