"""Installing and removing the app, and the compliance requests around it."""

from twins.shopify.customers import find_customer, orders_of
from twins.shopify.payloads.shop import (
    customer_redact_body,
    data_request_body,
    scopes_body,
    shop_body,
    shop_redact_body,
)
from twins.shopify.shop import Shop
from twins.shopify.tokens import revoke_all


def install(shop: Shop) -> None:
    """Managed installation: grant the TOML's scopes. No route of the app is called."""
    shop.change_settings(installed=True, scopes=list(shop.twin.app.scopes))


def uninstall(shop: Shop) -> None:
    """Remove the app: its tokens die at once, then app/uninstalled is sent."""
    with shop.locked():
        body = shop_body(shop)
        revoke_all(shop)
        for subscription in shop.all("subscription"):
            shop.delete("subscription", subscription["id"])
        shop.change_settings(installed=False, scopes=[])
        shop.emit([("app/uninstalled", body)], installed=False)


def change_scopes(shop: Shop, scopes: list[str]) -> None:
    """Grant other scopes than before; app/scopes_update tells the app."""
    with shop.locked():
        previous = shop.settings["scopes"]
        shop.change_settings(scopes=scopes)
        shop.emit([("app/scopes_update", scopes_body(shop, previous))])


def rename(shop: Shop, **changes: str) -> None:
    """Change the shop's name, e-mail or timezone; shop/update tells the app."""
    with shop.locked():
        shop.change_settings(**changes)
        shop.emit([("shop/update", shop_body(shop))])


def redact_shop(shop: Shop) -> None:
    """Send shop/redact, which Shopify does 48 hours after the uninstallation."""
    shop.emit([("shop/redact", shop_redact_body(shop))], installed=False)


def redact_customer(shop: Shop, customer_id: int) -> None:
    """Send customers/redact and take the person out of the shop's own records."""
    with shop.locked():
        customer = find_customer(shop, customer_id)
        orders = orders_of(shop, customer)
        body = customer_redact_body(shop, customer, orders)
        for order in orders:
            nobody = {"email": "", "shipping_address": None, "billing_address": None}
            shop.put("order", order | nobody)
        nobody = {"email": "", "first_name": None, "last_name": None, "address": None}
        shop.put("customer", customer | nobody | {"updated_at": shop.stamp()})
        shop.emit([("customers/redact", body)], installed=False)


def request_data(shop: Shop, customer_id: int) -> None:
    """Send customers/data_request."""
    with shop.locked():
        customer = find_customer(shop, customer_id)
        orders = orders_of(shop, customer)
        body = data_request_body(shop, customer, orders, shop.next_id())
        shop.emit([("customers/data_request", body)], installed=False)
