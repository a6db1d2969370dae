"""Small GraphQL values: money, addresses, user errors."""

from typing import Any

from twins.common.state import Document
from twins.shopify.formats import decimal_text, gid

Value = dict[str, Any]


def money(minor: int, currency: str) -> Value:
    """Return a MoneyV2."""
    return {"amount": decimal_text(minor, currency), "currencyCode": currency}


def money_bag(minor: int, currency: str) -> Value:
    """Return a MoneyBag; the twin's buyers pay in the shop's currency."""
    return {"shopMoney": money(minor, currency), "presentmentMoney": money(minor, currency)}


def mailing_address(address: Document | None) -> Value | None:
    """Return a MailingAddress."""
    if address is None:
        return None
    names = (address.get("first_name"), address.get("last_name"))
    place = f"{address.get('zip') or ''} {address.get('city') or ''}".strip()
    written = [line for line in (address.get("address1"), place, address.get("country")) if line]
    return {
        "id": gid("MailingAddress", address["id"]),
        "firstName": names[0],
        "lastName": names[1],
        "name": " ".join(name for name in names if name),
        "address1": address.get("address1"),
        "address2": None,
        "city": address.get("city"),
        "company": None,
        "zip": address.get("zip"),
        "phone": None,
        "province": None,
        "provinceCode": None,
        "country": address.get("country"),
        "countryCodeV2": address["country_code"],
        "formatted": lambda **_: written,
    }


def user_error(
    message: str, field: list[str] | None, code: str | None = None, **more: Any
) -> Value:
    """Return a user error; types without `code` ignore it."""
    return {"message": message, "field": field, "code": code} | more


def image(url: str | None, text: str) -> Value | None:
    """Return an Image."""
    return {"id": None, "url": lambda **_: url, "altText": text} if url else None
