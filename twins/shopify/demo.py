"""The demo shop: Çınar & Breza, Turkish towels and copper from a workshop in Bratislava."""

from datetime import timedelta
from typing import Any

from twins.common.state import Document
from twins.shopify import catalog
from twins.shopify.addresses import make_address
from twins.shopify.checkout import Checkout, create_order
from twins.shopify.customers import create_customer
from twins.shopify.formats import utc_text
from twins.shopify.installation import install
from twins.shopify.orders import find_order
from twins.shopify.parcels import add_fulfillment_event, fulfill_order
from twins.shopify.refunds import refund_order
from twins.shopify.shop import Shop

PRODUCTS: tuple[dict[str, Any], ...] = (
    {
        "title": "Peshtemal towel, olive stripe",
        "handle": "peshtemal-olive",
        "price": 2490,
        "picture": "peshtemal.svg",
        "type": "Towels",
        "description": "Flat-woven cotton from Denizli. Dries fast, folds small, 100 × 180 cm.",
    },
    {
        "title": "Waffle bath towel",
        "handle": "waffle-towel",
        "price": 3200,
        "picture": "waffle.svg",
        "type": "Towels",
        "description": "Heavy waffle cotton, 70 × 140 cm. Softer after each wash.",
    },
    {
        "title": "Copper coffee pot, two cups",
        "handle": "copper-cezve",
        "price": 3890,
        "picture": "cezve.svg",
        "type": "Coffee",
        "description": "Hand-hammered cezve with a tinned inside and a brass handle, 220 ml.",
    },
    {
        "title": "Coffee cup with saucer",
        "handle": "coffee-cup",
        "price": 1450,
        "picture": "cup.svg",
        "type": "Coffee",
        "tags": ["handmade"],
        "collections": ["Kitchen"],
        "description": "Glazed by hand in Modra, 80 ml. Each one is a little different.",
    },
    {
        "title": "Olive oil soap, three bars",
        "handle": "olive-soap",
        "price": 990,
        "compare_at_price": 1190,
        "picture": "soap.svg",
        "type": "Bath",
        "tags": ["hygiene"],
        "collections": ["Bathroom", "Sale"],
        "description": "Olive and laurel oil, nothing else. 3 × 120 g.",
    },
    {
        "title": "Gift card",
        "handle": "gift-card",
        "price": 5000,
        "picture": "gift-card.svg",
        "type": "Gift card",
        "description": "For somebody who should choose for themselves.",
        "gift_card": True,
        "requires_shipping": False,
    },
)

CUSTOMERS: tuple[tuple[str, str, str, str, str], ...] = (
    ("zuzana@posta.example", "Zuzana", "Horváthová", "sk", "SK"),
    ("deniz@mektup.example", "Deniz", "Aydın", "tr", "TR"),
    ("hannah@brief.example", "Hannah", "Vogel", "de", "DE"),
    ("owen@letter.example", "Owen", "Hughes", "en", "GB"),
)


def seed_demo(shop: Shop) -> None:
    """Fill an empty shop with goods and a few customers, and install the app."""
    for product in PRODUCTS:
        catalog.create_product(shop, **product)
    for email, first, last, locale, country in CUSTOMERS:
        create_customer(
            shop,
            email,
            first_name=first,
            last_name=last,
            locale=locale,
            address=make_address(shop, country, first, last),
        )
    _add_history(shop)
    install(shop)


def _add_history(shop: Shop) -> None:
    """Orders from before the installation. The oldest is beyond the 60 days that an app sees, but
    counts in its customer's lifetime figures.
    """
    _past_order(shop, "deniz@mektup.example", "waffle-towel", days_ago=83)
    delivered = _past_order(shop, "deniz@mektup.example", "copper-cezve", days_ago=31)
    add_fulfillment_event(
        shop,
        delivered["id"],
        fulfill_order(shop, delivered["id"], at=_days_ago(shop, 30))["id"],
        "delivered",
        _days_ago(shop, 27),
    )
    returned = _past_order(shop, "owen@letter.example", "peshtemal-olive", days_ago=45)
    fulfill_order(shop, returned["id"], at=_days_ago(shop, 44))
    refund_order(shop, returned["id"], note="Wrong colour")
    _date_back(shop, delivered["id"], _days_ago(shop, 27))
    _date_back(shop, returned["id"], _days_ago(shop, 40))


def _date_back(shop: Shop, order_id: int, at: str) -> None:
    """Let the last changes of an order have happened at `at`."""
    order = find_order(shop, order_id)
    order["updated_at"] = at
    for refund in order["refunds"]:
        refund["created_at"] = at
    for transaction in order["transactions"]:
        if transaction["kind"] == "refund":
            transaction["created_at"] = transaction["processed_at"] = at
    for parcel in order["fulfillments"]:
        parcel["updated_at"] = at
    shop.put("order", order)


def _past_order(shop: Shop, email: str, product: str, days_ago: int) -> Document:
    _email, first, last, locale, country = next(c for c in CUSTOMERS if c[0] == email)
    variant = next(p["variants"][0]["id"] for p in shop.all("product") if p["handle"] == product)
    checkout = Checkout(
        items=[(variant, 1)],
        email=email,
        first_name=first,
        last_name=last,
        country=country,
        locale=locale,
        created_at=_days_ago(shop, days_ago),
    )
    return create_order(shop, checkout)


def _days_ago(shop: Shop, days: int) -> str:
    return utc_text(shop.now() - timedelta(days=days))
