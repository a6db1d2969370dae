"""products/update."""

from typing import Any

from twins.common.state import Document
from twins.shopify.formats import decimal_text, gid, shop_time
from twins.shopify.shop import Shop


def product_body(shop: Shop, product: Document) -> dict[str, Any]:
    """Return the body of products/update."""
    zone = shop.settings["timezone"]
    updated_at = shop_time(product["updated_at"], zone)
    return {
        "admin_graphql_api_id": gid("Product", product["id"]),
        "body_html": product["description"],
        "created_at": shop_time(product["created_at"], zone),
        "handle": product["handle"],
        "id": product["id"],
        "product_type": product["type"],
        "published_at": shop_time(product["created_at"], zone),
        "template_suffix": None,
        "title": product["title"],
        "updated_at": updated_at,
        "vendor": product["vendor"],
        "status": product["status"],
        "published_scope": "web",
        "tags": ", ".join(product.get("tags", [])),
        "variants": [
            _variant(shop, product, variant, position)
            for position, variant in enumerate(product["variants"], start=1)
        ],
        "options": [],
        "images": [],
        "image": None,
        "media": [],
        "variant_gids": [
            {"admin_graphql_api_id": gid("ProductVariant", v["id"]), "updated_at": updated_at}
            for v in product["variants"]
        ],
        "has_variants_that_requires_components": False,
        "category": None,
    }


def _variant(shop: Shop, product: Document, variant: Document, position: int) -> dict[str, Any]:
    zone = shop.settings["timezone"]
    regular = variant.get("compare_at_price")
    return {
        "admin_graphql_api_id": gid("ProductVariant", variant["id"]),
        "barcode": None,
        "compare_at_price": None if regular is None else decimal_text(regular, shop.currency),
        "created_at": shop_time(product["created_at"], zone),
        "id": variant["id"],
        "inventory_policy": "deny",
        "position": position,
        "price": decimal_text(variant["price"], shop.currency),
        "product_id": product["id"],
        "sku": variant["sku"],
        "taxable": True,
        "title": variant["title"] or "Default Title",
        "updated_at": shop_time(product["updated_at"], zone),
        "option1": variant["title"] or "Default Title",
        "option2": None,
        "option3": None,
        "image_id": None,
        "inventory_item_id": variant["id"] + 1,
        "inventory_quantity": 75,
        "old_inventory_quantity": 75,
    }
