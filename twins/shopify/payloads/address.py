"""Addresses in webhook bodies."""

from typing import Any

from twins.common.state import Document


def address_body(address: Document | None) -> dict[str, Any] | None:
    """Return a shipping or billing address."""
    if address is None:
        return None
    names = (address.get("first_name"), address.get("last_name"))
    return {
        "first_name": address.get("first_name"),
        "address1": address.get("address1"),
        "phone": address.get("phone"),
        "city": address.get("city"),
        "zip": address.get("zip"),
        "province": None,
        "country": address.get("country"),
        "last_name": address.get("last_name"),
        "address2": None,
        "company": None,
        "latitude": None,
        "longitude": None,
        "name": " ".join(name for name in names if name),
        "country_code": address["country_code"],
        "province_code": None,
    }


def without_personal_data(body: dict[str, Any]) -> dict[str, Any]:
    """Cut what an app without level 2 approval never receives: the keys are absent, not null."""
    return {key: _cut(value) for key, value in body.items() if key not in _PERSONAL_KEYS}


_PERSONAL_KEYS = frozenset(
    {
        "email",
        "contact_email",
        "phone",
        "order_status_url",
        "first_name",
        "last_name",
        "address1",
        "address2",
        "city",
        "zip",
        "company",
        "latitude",
        "longitude",
        "email_address",
    }
)


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        cut = without_personal_data(value)
        if "country_code" in cut or "first_name" in value:
            cut.pop("name", None)
        return cut
    if isinstance(value, list):
        return [_cut(item) for item in value]
    return value
