"""What order metadata of well-known plugins tells. Data first: one line per plugin.

Each key was read in the plugin's own source; a guess would mail people who never agreed, so a
plugin whose key is not certain is not listed (MailPoet and Klaviyo leave none on the order).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.domain.ids import LONGEST_ID
from app.domain.places import language_tag
from app.domain.snapshots import FulfilmentSnapshot
from app.platforms.woocommerce.bodies import Meta, Order, storable

# The newsletter tick at checkout: key → values that mean yes. Any other value means no.
CONSENT_KEYS: Mapping[str, frozenset[str]] = {
    # Our own plugin: a field of the block checkout (WooCommerce itself stores it so), and the
    # classic checkout.
    "_wc_other/afterglow/marketing-consent": frozenset({"1"}),
    "_afterglow_marketing_consent": frozenset({"yes"}),
    "mailchimp_woocommerce_is_subscribed": frozenset({"1"}),  # Mailchimp for WooCommerce
    "_mc4wp_optin": frozenset({"1"}),  # MC4WP: Mailchimp for WordPress
}

# The language that the order was placed in.
LANGUAGE_KEYS = (
    "wpml_language",  # WPML WooCommerce Multilingual: "sk"
    "trp_language",  # TranslatePress: "sk_SK"
    "weglot_language",  # Weglot: "sk"
)

# WooCommerce's own review requests (10.8) and withdrawal form (11.1).
_STORE_ASKS_KEYS = ("_wc_review_request_scheduled_at", "_wc_review_request_completed_at")
_WITHDRAWAL_KEY = "_order_withdrawal_requested"

# Shipment Tracking and Advanced Shipment Tracking keep their parcels here.
_PARCELS_KEY = "_wc_shipment_tracking_items"


def metas_of(order: Order) -> dict[str, Any]:
    """Key → value; of repeated keys the last, as WordPress shows it."""
    return values_of(order.meta_data)


def values_of(metas: Iterable[Meta]) -> dict[str, Any]:
    """The same of any metadata."""
    return {meta.key: meta.value for meta in metas}


def consent(metas: Mapping[str, Any]) -> bool | None:
    """The marketing tick of this checkout; None where nobody asked."""
    for key, yes in CONSENT_KEYS.items():
        if key in metas:
            value = metas[key]
            return value is True or str(value) in yes
    return None


def language(metas: Mapping[str, Any]) -> str | None:
    """The order's language as a BCP 47 tag ("sk", "sk-SK")."""
    values = (metas.get(key) for key in LANGUAGE_KEYS)
    tags = (language_tag(value) for value in values if isinstance(value, str))
    return next((tag for tag in tags if tag), None)


def store_asks_review(metas: Mapping[str, Any]) -> bool:
    """Whether WooCommerce itself has asked for a review, or is going to."""
    return any(metas.get(key) for key in _STORE_ASKS_KEYS)


def withdrawal_requested(metas: Mapping[str, Any]) -> bool:
    """Whether the customer used the store's own withdrawal form."""
    return metas.get(_WITHDRAWAL_KEY) == "yes"


def parcels(metas: Mapping[str, Any], order: Order) -> tuple[FulfilmentSnapshot, ...]:
    """The parcels that a tracking plugin noted; entries without id or date tell nothing."""
    items = metas.get(_PARCELS_KEY)
    found = []
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        parcel_id = storable(item.get("tracking_id") or item.get("tracking_number"))
        shipped = _unix_time(item.get("date_shipped"))
        if isinstance(parcel_id, str) and parcel_id and shipped:
            found.append(
                FulfilmentSnapshot(
                    fulfilment_id=parcel_id[:LONGEST_ID],
                    order_id=order.id,
                    created_at=shipped,
                    version=order.date_modified_gmt,
                )
            )
    return tuple(found)


def _unix_time(value: object) -> datetime | None:
    """Seconds since 1970, as number or text."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) < 2**33):
        return None
    return datetime.fromtimestamp(int(text), UTC)
