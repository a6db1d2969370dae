"""What a store says about itself, from four small readings."""

from datetime import timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.errors import MerchantMustFix
from app.platforms.base import StoreInfo
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.markup import plain
from app.platforms.woocommerce.plugin import NAMESPACE


def store_info(client: StoreClient) -> StoreInfo:
    """Name, addresses, currency and versions.

    `url` is the home that the store itself states: the installer compares it with the address
    that keys were granted for. `email` is the sender of the shop's own mails.
    """
    index = client.index().object()
    status = client.get("system_status", {"_fields": "environment,settings"}).object()
    environment, settings = status["environment"], status["settings"]
    general = _values(client.get("settings/general", {"_fields": "id,value"}).rows())
    country = general.get("woocommerce_default_country", "").partition(":")[0] or None
    return StoreInfo(
        name=plain(index.get("name") or "") or environment["home_url"],
        url=environment["home_url"],
        email=setting(client, "email", "woocommerce_email_from_address"),
        timezone=_zone_name(index),
        currency=settings["currency"],
        country=country,
        language=environment.get("language", "en_US").replace("_", "-"),
        domain=environment["home_url"],
        versions={"woocommerce": environment["version"], "wordpress": environment["wp_version"]},
        address=_postal_address(general, country),
        plugin=NAMESPACE in (index.get("namespaces") or ()),
    )


def store_zone(client: StoreClient) -> tzinfo:
    """The time zone in which the store reads dates."""
    index = client.index().object()
    try:
        return ZoneInfo(index.get("timezone_string") or "")
    except (ZoneInfoNotFoundError, ValueError):
        return timezone(timedelta(hours=_offset(index)))


def setting(client: StoreClient, group: str, name: str) -> str | None:
    """One setting of WooCommerce; None if empty, or if the store does not show its settings
    (hardening plugins close these routes while orders stay open).
    """
    try:
        value = (
            client.get(f"settings/{group}/{name}", {"_fields": "id,value"}).object().get("value")
        )
    except StoreRefusal as refusal:
        if refusal.status != 404:
            raise
        return None
    except MerchantMustFix as error:
        if error.problem != "store_rest_missing":
            raise
        return None
    return value if isinstance(value, str) and value else None


def _zone_name(index: dict[str, Any]) -> str:
    """An IANA name; stores set to a bare offset get the zone of whole hours next to it."""
    if name := index.get("timezone_string"):
        return str(name)
    hours = round(_offset(index))
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"  # POSIX counts the sign the other way round


def _offset(index: dict[str, Any]) -> float:
    return float(index.get("gmt_offset") or 0)


def _values(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["id"]: row["value"] for row in rows if isinstance(row.get("value"), str)}


def _postal_address(general: dict[str, str], country: str | None) -> str | None:
    parts = (
        general.get("woocommerce_store_address", ""),
        general.get("woocommerce_store_address_2", ""),
        f"{general.get('woocommerce_store_postcode', '')}"
        f" {general.get('woocommerce_store_city', '')}".strip(),
    )
    written = [part for part in parts if part]
    return ", ".join([*written, country or ""]).removesuffix(", ") if written else None
