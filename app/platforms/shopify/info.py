"""What a shop says about itself."""

from babel import Locale, UnknownLocaleError

from app.platforms.base import StoreInfo
from app.platforms.shopify.client import Client
from app.platforms.shopify.scopes import missing_scopes
from app.platforms.shopify.transport import API_VERSION


def store_info(client: Client) -> StoreInfo:
    """Name, address, zone, currency and granted scopes.

    The shop's own language cannot be read without another scope (`read_locales`): the main
    language of its country stands in; orders have their customer's own.
    """
    shop = client.query("shop", {}).fields().node("shop")
    installation = client.query("installation", {}).fields().node("currentAppInstallation")
    address = shop.node("shopAddress")
    country = address.text_or_none("countryCodeV2")
    scopes = tuple(scope.text("handle") for scope in installation.nodes("accessScopes"))
    return StoreInfo(
        name=shop.text("name"),
        url=shop.node("primaryDomain").text("url"),
        email=shop.text_or_none("contactEmail") or shop.text_or_none("email"),
        timezone=shop.text("ianaTimezone"),
        currency=shop.currency("currencyCode"),
        country=country,
        language=_main_language(country),
        domain=shop.text("myshopifyDomain"),
        versions={"api": API_VERSION},
        scopes=scopes,
        missing_scopes=missing_scopes(scopes),
        address=", ".join(line for line in address.texts("formatted") if line) or None,
    )


def _main_language(country: str | None) -> str:
    try:
        return Locale.parse(f"und_{country}").language
    except (UnknownLocaleError, ValueError):
        return "en"
