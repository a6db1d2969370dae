"""Products with metafields, and metaobjects: what the app writes reviews into."""

import json
import re
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

from twins.common.state import Document
from twins.shopify.errors import ActionError
from twins.shopify.formats import number_of, parse_time
from twins.shopify.payloads.product import product_body
from twins.shopify.shop import Shop

# Standard definitions that an app may enable; Shopify has many more.
STANDARD_DEFINITIONS = {
    ("reviews", "rating"): ("Product rating", "rating"),
    ("reviews", "rating_count"): ("Product rating count", "number_integer"),
}


def create_product(
    shop: Shop,
    title: str,
    handle: str,
    price: int,
    compare_at_price: int | None = None,
    **given: Any,
) -> Document:
    """Store a product with one variant (or those `given`) without firing a webhook.

    `compare_at_price` is the price without the sale.
    """
    product: Document = {
        "id": shop.next_id(),
        "title": title,
        "handle": handle,
        "description": "",
        "vendor": "Çınar & Breza",
        "type": "",
        "status": "active",
        "gift_card": False,
        "requires_shipping": True,
        "picture": None,
        "tags": [],
        "collections": [],
        "created_at": shop.stamp(),
        "updated_at": shop.stamp(),
        "variants": [
            {
                "id": shop.next_id(),
                "title": None,
                "sku": handle.upper()[:12],
                "price": price,
                "compare_at_price": compare_at_price,
            }
        ],
    } | given
    shop.put("product", product)
    _happened(shop, "create", product["id"])
    return product


def change_product(shop: Shop, product_id: int, **changes: Any) -> Document:
    """Edit a product."""
    with shop.locked():
        product = find_product(shop, product_id) | changes
        product["updated_at"] = shop.stamp()
        shop.put("product", product)
        shop.emit([("products/update", product_body(shop, product))])
        return product


def delete_product(shop: Shop, product_id: int) -> None:
    """Delete a product; orders keep their lines."""
    with shop.locked():
        find_product(shop, product_id)
        shop.delete("product", product_id)
        _happened(shop, "destroy", product_id)
        shop.emit([("products/delete", {"id": product_id})])


def _happened(shop: Shop, action: str, product_id: int) -> None:
    """Keep what the shop's `events` tell of a product."""
    event: Document = {
        "id": shop.twin.documents.next_id("shopify-event", 1),
        "action": action,
        "subject_type": "PRODUCT",
        "subject_id": product_id,
        "created_at": shop.stamp(),
    }
    shop.put("event", event)


def find_product(shop: Shop, product_id: int) -> Document:
    """Return a product; raises ActionError if the shop has none of that id."""
    product = shop.get("product", product_id)
    if product is None:
        raise ActionError(f"The shop has no product {product_id}.")
    return product


def metafield(shop: Shop, product_id: int, namespace: str | None, key: str) -> Document | None:
    """Return one metafield of a product; without a namespace, one of the app's own."""
    namespace = namespace or app_namespace(shop)
    return shop.get("metafield", f"{product_id}/{namespace}.{key}")


def put_metafield(
    shop: Shop, product_id: int, name: tuple[str | None, str], kind: str, value: str
) -> Document:
    """Store a metafield, `name` being (namespace, key); the caller has checked the value."""
    namespace, key = name[0] or app_namespace(shop), name[1]
    old = metafield(shop, product_id, namespace, key)
    field: Document = {
        "id": f"{product_id}/{namespace}.{key}",
        "number": old["number"] if old else shop.next_id(),
        "product_id": product_id,
        "namespace": namespace,
        "key": key,
        "type": kind,
        "value": normal_value(kind, value),
        "created_at": old["created_at"] if old else shop.stamp(),
        "updated_at": shop.stamp(),
    }
    shop.put("metafield", field)
    return field


def digest(field: Document) -> str:
    """Return a metafield's compareDigest."""
    return sha256(field["value"].encode()).hexdigest()


def value_problem(shop: Shop, kind: str, value: str, rules: dict[str, Any]) -> str | None:
    """Tell what is wrong with a value of a metafield type, or None."""
    check = _CHECKS.get(kind)
    if check is None:
        return f"Type '{kind}' is not one that the twin knows."
    return check(shop, value, rules)


def _check_rating(_shop: Shop, value: str, rules: dict[str, Any]) -> str | None:
    try:
        parsed = json.loads(value)
        number, low, high = (Decimal(parsed[k]) for k in ("value", "scale_min", "scale_max"))
    except (ValueError, KeyError, TypeError, InvalidOperation):
        return "Value must be a JSON object with value, scale_min and scale_max as strings."
    if not low <= number <= high:
        return f"Value must be between {low} and {high}."
    limits = {"scale_min": low, "scale_max": high}
    if any(Decimal(rules[name]) != limit for name, limit in limits.items() if name in rules):
        return "Value has another scale than its definition."
    return None


def _check_integer(_shop: Shop, value: str, _rules: dict[str, Any]) -> str | None:
    return None if re.fullmatch(r"-?\d{1,16}", value) else "Value must be an integer."


def _check_line(_shop: Shop, value: str, _rules: dict[str, Any]) -> str | None:
    return "Value must be a single line text string." if "\n" in value else None


def _check_text(_shop: Shop, _value: str, _rules: dict[str, Any]) -> str | None:
    return None


def _check_boolean(_shop: Shop, value: str, _rules: dict[str, Any]) -> str | None:
    return None if value in ("true", "false") else "Value must be true or false."


def _check_time(_shop: Shop, value: str, _rules: dict[str, Any]) -> str | None:
    try:
        parse_time(value)
    except ValueError:
        return "Value must be in YYYY-MM-DDTHH:MM:SS format."
    return None


def _check_json(_shop: Shop, value: str, _rules: dict[str, Any]) -> str | None:
    try:
        json.loads(value)
    except ValueError:
        return "Value is invalid JSON."
    return None


def _check_product(shop: Shop, value: str, _rules: dict[str, Any]) -> str | None:
    number = number_of("Product", value)
    found = number is not None and shop.get("product", number)
    return None if found else "Value references non-existent resource."


_CHECKS = {
    "rating": _check_rating,
    "number_integer": _check_integer,
    "single_line_text_field": _check_line,
    "multi_line_text_field": _check_text,
    "boolean": _check_boolean,
    "json": _check_json,
    "date_time": _check_time,
    "product_reference": _check_product,
}


def normal_value(kind: str, value: str) -> str:
    """Return a checked value as Shopify stores it."""
    if kind == "rating":
        parsed = json.loads(value)
        return json.dumps({name: parsed[name] for name in ("scale_min", "scale_max", "value")})
    return value


def json_value(kind: str, value: str) -> Any:
    """Return a stored value as its `jsonValue`."""
    return json.loads(value) if kind in ("rating", "number_integer", "boolean", "json") else value


def metaobject_type(shop: Shop, given: str) -> str | None:
    """Resolve "$app:review" to the type's stored name; None if no such type is declared."""
    name = given.removeprefix("$app:")
    stored = f"{app_namespace(shop)}--"
    if given.startswith(stored):
        name = given.removeprefix(stored)
    elif name == given:
        return None
    return stored + name if name in shop.twin.app.metaobjects else None


def app_namespace(shop: Shop) -> str:
    """Return what is reserved for the app: its metafields' namespace, its types' first part."""
    return f"app--{int(sha256(shop.twin.app.client_id.encode()).hexdigest()[:8], 16)}"


def metaobjects_of(shop: Shop, stored_type: str) -> list[Document]:
    """Return the metaobjects of a type, oldest first."""
    return [entry for entry in shop.all("metaobject") if entry["type"] == stored_type]
