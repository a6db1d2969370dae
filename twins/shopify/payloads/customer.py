"""customers/* and customers_email_marketing_consent/update."""

from typing import Any

from twins.common.state import Document
from twins.shopify.formats import gid, shop_time
from twins.shopify.payloads.address import address_body, without_personal_data
from twins.shopify.shop import Shop


def customer_in_order(shop: Shop, customer: Document) -> dict[str, Any]:
    """Return a customer as orders carry it: since 2025-01 without tags, consent and totals."""
    zone = shop.settings["timezone"]
    return {
        "id": customer["id"],
        "created_at": shop_time(customer["created_at"], zone),
        "updated_at": shop_time(customer["updated_at"], zone),
        "first_name": customer["first_name"],
        "last_name": customer["last_name"],
        "state": customer["state"],
        "note": customer["note"],
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "email": customer["email"],
        "phone": None,
        "currency": shop.currency,
        "tax_exemptions": [],
        "admin_graphql_api_id": gid("Customer", customer["id"]),
        "default_address": _default_address(customer),
    }


def _default_address(customer: Document) -> dict[str, Any] | None:
    address = address_body(customer["address"])
    if address is None:
        return None
    return {
        key: value for key, value in address.items() if key not in ("latitude", "longitude")
    } | {
        "id": customer["address"]["id"],
        "customer_id": customer["id"],
        "country_name": address["country"],
        "default": True,
    }


def customer_body(shop: Shop, customer: Document) -> dict[str, Any]:
    """Return the body of customers/create and customers/update."""
    in_order = customer_in_order(shop, customer)
    addresses = [in_order["default_address"]] if in_order["default_address"] else []
    body = in_order | {"addresses": addresses}
    return body if shop.settings["personal_data_approved"] else without_personal_data(body)


def consent_body(shop: Shop, customer: Document) -> dict[str, Any]:
    """Return the body of customers_email_marketing_consent/update."""
    consent = customer["consent"]
    body: dict[str, Any] = {
        "customer_id": customer["id"],
        "email_address": customer["email"],
        "email_marketing_consent": {
            "state": consent["state"],
            "opt_in_level": consent["opt_in_level"],
            "consent_updated_at": shop_time(consent["updated_at"], shop.settings["timezone"]),
        },
    }
    return body if shop.settings["personal_data_approved"] else without_personal_data(body)
