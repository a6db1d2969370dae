"""shop/update, app/uninstalled, app/scopes_update and the compliance topics."""

from typing import Any

from twins.common.state import Document
from twins.shopify.formats import gid, shop_time
from twins.shopify.shop import Shop


def shop_body(shop: Shop) -> dict[str, Any]:
    """Return the shop: the body of shop/update and of app/uninstalled."""
    settings = shop.settings
    currency = settings["currency"]
    format_, with_currency = "€{{amount}}", f"€{{{{amount}}}} {currency}"
    created_at = shop_time(settings["created_at"], settings["timezone"])
    return {
        "id": settings["id"],
        "name": settings["name"],
        "email": settings["email"],
        "domain": shop.domain,
        "province": None,
        "country": settings["country"],
        "address1": "Obchodná 12",
        "zip": "81106",
        "city": "Bratislava",
        "source": None,
        "phone": None,
        "latitude": None,
        "longitude": None,
        "primary_locale": settings["language"],
        "address2": None,
        "created_at": created_at,
        "updated_at": created_at,
        "country_code": settings["country"],
        "country_name": "Slovakia",
        "currency": currency,
        "customer_email": settings["email"],
        "timezone": f"(GMT+01:00) {settings['timezone']}",
        "iana_timezone": settings["timezone"],
        "shop_owner": settings["owner"],
        "money_format": format_,
        "money_with_currency_format": with_currency,
        "weight_unit": "kg",
        "province_code": None,
        "taxes_included": True,
        "auto_configure_tax_inclusivity": None,
        "tax_shipping": None,
        "county_taxes": None,
        "plan_display_name": "Basic",
        "plan_name": "basic",
        "has_discounts": True,
        "has_gift_cards": True,
        "myshopify_domain": shop.domain,
        "google_apps_domain": None,
        "google_apps_login_enabled": None,
        "money_in_emails_format": format_,
        "money_with_currency_in_emails_format": with_currency,
        "eligible_for_payments": True,
        "requires_extra_payments_agreement": False,
        "password_enabled": False,
        "has_storefront": True,
        "finances": True,
        "primary_location_id": settings["id"] + 1,
        "checkout_api_supported": True,
        "multi_location_enabled": True,
        "setup_required": False,
        "pre_launch_enabled": False,
        "enabled_presentment_currencies": [currency],
        "marketing_sms_consent_enabled_at_checkout": False,
        "transactional_sms_disabled": False,
    }


def scopes_body(shop: Shop, previous: list[str]) -> dict[str, Any]:
    """Return the body of app/scopes_update."""
    settings = shop.settings
    return {
        "id": 1,
        "shop_id": gid("Shop", settings["id"]),
        "previous": previous,
        "current": settings["scopes"],
        "updated_at": shop.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def shop_redact_body(shop: Shop) -> dict[str, Any]:
    """Return the body of shop/redact."""
    return {"shop_id": shop.settings["id"], "shop_domain": shop.domain}


def customer_redact_body(shop: Shop, customer: Document, orders: list[Document]) -> dict[str, Any]:
    """Return the body of customers/redact."""
    person = {"id": customer["id"], "email": customer["email"], "phone": None}
    order_ids = [order["id"] for order in orders]
    return shop_redact_body(shop) | {"customer": person, "orders_to_redact": order_ids}


def data_request_body(
    shop: Shop, customer: Document, orders: list[Document], request_id: int
) -> dict[str, Any]:
    """Return the body of customers/data_request."""
    redact = customer_redact_body(shop, customer, orders)
    order_ids = redact.pop("orders_to_redact")
    return redact | {"orders_requested": order_ids, "data_request": {"id": request_id}}
