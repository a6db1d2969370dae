"""Addresses: the twin's buyers differ in country and name only."""

from twins.common.state import Document
from twins.shopify.shop import Shop

COUNTRY_NAMES = {
    "AT": "Austria", "CZ": "Czechia", "DE": "Germany", "FR": "France", "HU": "Hungary",
    "PL": "Poland", "SK": "Slovakia", "TR": "Turkey", "GB": "United Kingdom", "US": "United States",
}  # fmt: skip


def make_address(
    shop: Shop, country: str, first_name: str | None, last_name: str | None
) -> Document:
    """Return an address in that country."""
    return {
        "id": shop.next_id(),
        "first_name": first_name,
        "last_name": last_name,
        "address1": "Lipová 5",
        "city": "Bratislava" if country == "SK" else "Altstadt",
        "zip": "81101",
        "phone": None,
        "country": COUNTRY_NAMES.get(country, country),
        "country_code": country,
    }
