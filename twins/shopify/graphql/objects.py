"""Shops, customers, products, discounts and metaobjects as GraphQL shows them.

An object is a dict of fields; a field that takes arguments or costs work is a function.
"""

from typing import Any

from twins.common.state import Document
from twins.shopify import catalog, discounts
from twins.shopify.customers import amount_spent, orders_of
from twins.shopify.formats import decimal_text, gid
from twins.shopify.graphql.paging import Connection, connection
from twins.shopify.graphql.values import Value, image, mailing_address, money
from twins.shopify.shop import Shop


def shop_object(shop: Shop) -> Value:
    """Return the Shop."""
    settings = shop.settings
    address = {
        "id": settings["id"],
        "address1": "Obchodná 12",
        "zip": "81106",
        "city": "Bratislava",
        "country": "Slovakia",
        "country_code": settings["country"],
    }
    return {
        "id": gid("Shop", settings["id"]),
        "name": settings["name"],
        "email": settings["email"],
        "contactEmail": settings["email"],
        "shopOwnerName": settings["owner"],
        "myshopifyDomain": shop.domain,
        "primaryDomain": {
            "id": gid("Domain", settings["id"]),
            "host": shop.domain,
            "sslEnabled": False,
            "url": shop.storefront_url,
        },
        "url": shop.storefront_url,
        "ianaTimezone": settings["timezone"],
        "currencyCode": settings["currency"],
        "createdAt": settings["created_at"],
        "taxesIncluded": True,
        "shopAddress": mailing_address(address),
        "plan": {"publicDisplayName": "Basic", "partnerDevelopment": True, "shopifyPlus": False},
    }


def customer_object(shop: Shop, customer: Document) -> Value:
    """Return a Customer."""
    names = (customer["first_name"], customer["last_name"])
    return {
        "id": gid("Customer", customer["id"]),
        "legacyResourceId": str(customer["id"]),
        "firstName": names[0],
        "lastName": names[1],
        "displayName": " ".join(name for name in names if name) or customer["email"],
        "locale": customer["locale"] or "en",
        "tags": customer["tags"],
        "note": customer["note"],
        "state": customer["state"].upper(),
        "verifiedEmail": True,
        "taxExempt": False,
        "dataSaleOptOut": False,
        "createdAt": customer["created_at"],
        "updatedAt": customer["updated_at"],
        "numberOfOrders": lambda: str(len(orders_of(shop, customer))),
        "amountSpent": lambda: money(amount_spent(shop, customer), shop.currency),
        "defaultAddress": mailing_address(customer["address"]),
        "defaultEmailAddress": _email_address(customer) if customer["email"] else None,
    }


def _email_address(customer: Document) -> Value:
    consent = customer["consent"]
    return {
        "emailAddress": customer["email"],
        "marketingState": consent["state"].upper(),
        "marketingOptInLevel": consent["opt_in_level"] and consent["opt_in_level"].upper(),
        "marketingUpdatedAt": consent["updated_at"],
        "openTrackingLevel": "UNKNOWN",
        "validFormat": "@" in customer["email"],
    }


def product_url(shop: Shop, product: Document) -> str | None:
    """Return the product's page, or None while it is not published."""
    published = product["status"] == "active"
    return f"{shop.storefront_url}/products/{product['handle']}" if published else None


def picture_url(shop: Shop, product: Document) -> str | None:
    """Return the product's picture."""
    name = product["picture"]
    return f"{shop.twin.url}/_twin/static/products/{name}" if name else None


def product_object(shop: Shop, product: Document) -> Value:
    """Return a Product."""
    url = product_url(shop, product)

    def one_metafield(key: str, namespace: str | None = None) -> Value | None:
        found = catalog.metafield(shop, product["id"], namespace, key)
        return metafield_object(found) if found else None

    def collections(**given: Any) -> Connection:
        page = {k: v for k, v in given.items() if k in ("first", "last", "after", "before")}
        titles: list[Document] = [{"title": title} for title in product.get("collections", [])]
        return connection(titles, lambda c: (c["title"],), lambda c: c, **page)

    def variants(**given: Any) -> Connection:
        page = {k: v for k, v in given.items() if k in ("first", "last", "after", "before")}
        return connection(
            product["variants"], lambda v: (v["id"],), lambda v: _variant(shop, v), **page
        )

    picture = image(picture_url(shop, product), product["title"])
    prices = [int(variant["price"]) for variant in product["variants"]]
    return {
        "id": gid("Product", product["id"]),
        "legacyResourceId": str(product["id"]),
        "title": product["title"],
        "handle": product["handle"],
        "status": product["status"].upper(),
        "vendor": product["vendor"],
        "productType": product["type"],
        "tags": product.get("tags", []),
        "descriptionHtml": product["description"],
        "isGiftCard": product["gift_card"],
        "createdAt": product["created_at"],
        "updatedAt": product["updated_at"],
        "onlineStoreUrl": url,
        "featuredMedia": picture
        and {
            "__typename": "MediaImage",
            "id": gid("MediaImage", product["id"]),
            "alt": product["title"],
            "mediaContentType": "IMAGE",
            "status": "READY",
            "preview": {"image": picture, "status": "READY"},
        },
        "metafield": one_metafield,
        "priceRangeV2": {
            "minVariantPrice": money(min(prices), shop.currency),
            "maxVariantPrice": money(max(prices), shop.currency),
        },
        "collections": collections,
        "variants": variants,
    }


def event_object(event: Document) -> Value:
    """Return a BasicEvent."""
    kind = str(event["subject_type"])
    return {
        "__typename": "BasicEvent",
        "id": gid("BasicEvent", event["id"]),
        "action": event["action"],
        "createdAt": event["created_at"],
        "subjectType": kind,
        "subjectId": gid(kind.title(), event["subject_id"]),
    }


def _variant(shop: Shop, variant: Document) -> Value:
    regular = variant.get("compare_at_price")
    return {
        "id": gid("ProductVariant", variant["id"]),
        "title": variant["title"] or "Default Title",
        "sku": variant["sku"],
        "price": decimal_text(variant["price"], shop.currency),
        "compareAtPrice": None if regular is None else decimal_text(regular, shop.currency),
    }


def metafield_object(field: Document) -> Value:
    """Return a Metafield."""
    return {
        "id": gid("Metafield", field["number"]),
        "legacyResourceId": str(field["number"]),
        "namespace": field["namespace"],
        "key": field["key"],
        "type": field["type"],
        "value": field["value"],
        "jsonValue": catalog.json_value(field["type"], field["value"]),
        "compareDigest": catalog.digest(field),
        "ownerType": "PRODUCT",
        "createdAt": field["created_at"],
        "updatedAt": field["updated_at"],
    }


def metaobject_object(shop: Shop, entry: Document) -> Value:
    """Return a Metaobject: every declared field, null where nothing was written."""
    declared = shop.twin.app.metaobjects[entry["type"].rpartition("--")[2]]
    fields = [
        {
            "key": key,
            "type": rule["type"],
            "value": entry["fields"].get(key),
            "jsonValue": (value := entry["fields"].get(key))
            and catalog.json_value(rule["type"], value),
        }
        for key, rule in declared["fields"].items()
    ]
    title = entry["fields"].get(declared["display_name_field"])
    return {
        "id": gid("Metaobject", entry["id"]),
        "handle": entry["handle"],
        "type": entry["type"],
        "displayName": title or entry["handle"],
        "createdAt": entry["created_at"],
        "updatedAt": entry["updated_at"],
        "fields": fields,
    }


def discount_node(shop: Shop, discount: Document) -> Value:
    """Return a DiscountCodeNode."""
    return {
        "id": gid("DiscountCodeNode", discount["id"]),
        "codeDiscount": _basic_discount(shop, discount),
    }


def _basic_discount(shop: Shop, discount: Document) -> Value:
    code = {
        "id": gid("DiscountRedeemCode", discount["code_id"]),
        "code": discount["code"],
        "asyncUsageCount": discount["used"],
    }

    def codes(**arguments: Any) -> Connection:
        page = {k: v for k, v in arguments.items() if k in ("first", "last", "after", "before")}
        return connection([discount], lambda d: (d["code_id"],), lambda _d: code, **page)

    minimum = discount["minimum"]
    return {
        "__typename": "DiscountCodeBasic",
        "title": discount["title"],
        "status": discounts.status(shop, discount),
        "startsAt": discount["starts_at"],
        "endsAt": discount["ends_at"],
        "createdAt": discount["created_at"],
        "updatedAt": discount["updated_at"],
        "usageLimit": discount["usage_limit"],
        "appliesOncePerCustomer": discount["once_per_customer"],
        "asyncUsageCount": discount["used"],
        "codes": codes,
        "tags": [],
        "summary": discount["title"],
        "shortSummary": discount["title"],
        "context": _context(shop, discount),
        "customerGets": {
            "appliesOnOneTimePurchase": True,
            "appliesOnSubscription": False,
            "value": _value(shop, discount),
        },
        "minimumRequirement": minimum
        and {
            "__typename": "DiscountMinimumSubtotal",
            "greaterThanOrEqualToSubtotal": money(minimum, shop.currency),
        },
    }


def _context(shop: Shop, discount: Document) -> Value:
    if not discount["customer_ids"]:
        return {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}
    found = [shop.get("customer", number) for number in discount["customer_ids"]]
    customers = [customer_object(shop, customer) for customer in found if customer]
    return {"__typename": "DiscountCustomers", "customers": customers}


def _value(shop: Shop, discount: Document) -> Value:
    if discount["percentage"] is not None:
        return {"__typename": "DiscountPercentage", "percentage": discount["percentage"]}
    return {
        "__typename": "DiscountAmount",
        "amount": money(discount["amount"], shop.currency),
        "appliesOnEachItem": False,
    }
