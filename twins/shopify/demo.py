"""The demo shop: Çınar & Breza, Turkish towels and copper from a workshop in Bratislava."""

from typing import Any

from twins.shopify import catalog
from twins.shopify.addresses import make_address
from twins.shopify.customers import create_customer
from twins.shopify.installation import install
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
        "description": "Glazed by hand in Modra, 80 ml. Each one is a little different.",
    },
    {
        "title": "Olive oil soap, three bars",
        "handle": "olive-soap",
        "price": 990,
        "picture": "soap.svg",
        "type": "Bath",
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
    install(shop)
