"""What our own readings look like: bodies of ports, which no delivery has."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "fixtures" / "woocommerce"
_FULL = json.loads((_FOLDER / "rest-order-full.json").read_text())
_STOREFRONT = json.loads((_FOLDER / "rest-order-storefront.json").read_text())
_WHEN = "2026-11-05T09:00:00Z"


def _bag(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}


_LINE = {
    "id": "gid://shopify/LineItem/3", "title": "Bakır cezve", "variantTitle": "3 cups",
    "sku": "CEZ-3", "quantity": 2, "currentQuantity": 2, "isGiftCard": False,
    "requiresShipping": True, "product": {"id": "gid://shopify/Product/7"},
    "variant": {"id": "gid://shopify/ProductVariant/8"}, "originalUnitPriceSet": _bag("12.0"),
    "discountedUnitPriceAfterAllDiscountsSet": _bag("10.0"),
}  # fmt: skip
_RETURN = {
    "id": "gid://shopify/Return/9", "name": "#1001-R1", "status": "REQUESTED", "createdAt": _WHEN,
    "requestApprovedAt": None, "closedAt": None, "order": {"id": "gid://shopify/Order/1"},
    "returnLineItems": {
        "nodes": [
            {
                "__typename": "ReturnLineItem", "id": "gid://shopify/ReturnLineItem/5",
                "quantity": 2, "processedQuantity": 0, "refundedQuantity": 0,
                "customerNote": "[RMA-1004] Too heavy", "returnReasonNote": "",
                "returnReasonDefinition": {"handle": "changed-my-mind"},
                "fulfillmentLineItem": {"lineItem": {"id": "gid://shopify/LineItem/3"}},
            }
        ]
    },
}  # fmt: skip
_ORDER = {
    "id": "gid://shopify/Order/1", "name": "#1001", "createdAt": _WHEN, "processedAt": _WHEN,
    "updatedAt": _WHEN, "cancelledAt": None, "closedAt": None, "test": False, "sourceName": "web",
    "customerLocale": "sk-SK", "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "FULFILLED", "email": "zofia@example.sk", "phone": "+421900123456",
    "discountCodes": ["THANKS"], "customerAcceptsMarketing": True,
    "totalPriceSet": _bag("20.0"),
    "customer": {"id": "gid://shopify/Customer/7", "firstName": "Žofia", "lastName": "Nová"},
    "shippingAddress": {"firstName": "Žofia", "city": "Žilina", "countryCodeV2": "SK"},
    "billingAddress": None, "lineItems": {"nodes": [_LINE], "pageInfo": {"hasNextPage": False}},
    "fulfillments": [
        {
            "id": "gid://shopify/Fulfillment/5", "status": "SUCCESS", "createdAt": _WHEN,
            "updatedAt": _WHEN, "deliveredAt": _WHEN, "events": {"nodes": []},
        }
    ],
    "refunds": [
        {
            "id": "gid://shopify/Refund/6", "createdAt": _WHEN, "processedAt": _WHEN,
            "totalRefundedSet": _bag("10.0"),
            "refundLineItems": {
                "nodes": [{"quantity": 1, "lineItem": {"id": "gid://shopify/LineItem/3"}}],
                "pageInfo": {"hasNextPage": False},
            },
        }
    ],
    "transactions": [
        {"kind": "SALE", "status": "SUCCESS", "processedAt": _WHEN, "amountSet": _bag("20.0")}
    ],
    "returns": {"nodes": [_RETURN]}, "totalRefundedSet": _bag("10.0"),
}  # fmt: skip
_CUSTOMER = {
    "id": "gid://shopify/Customer/7", "firstName": "Žofia", "lastName": "Nová", "locale": "sk",
    "updatedAt": _WHEN, "numberOfOrders": "12", "asOf": _WHEN,
    "amountSpent": {"amount": "120.50", "currencyCode": "EUR"},
    "defaultEmailAddress": {
        "emailAddress": "zofia@example.sk", "marketingState": "SUBSCRIBED",
        "marketingUpdatedAt": _WHEN,
    },
    "defaultAddress": {"countryCodeV2": "SK"},
}  # fmt: skip
_PRODUCT = {
    "id": "gid://shopify/Product/7", "title": "Bakır cezve", "updatedAt": _WHEN,
    "status": "ACTIVE", "onlineStoreUrl": "https://shop.example/cezve", "isGiftCard": False,
    "productType": "Kitchen", "tags": ["copper"], "collections": {"nodes": [{"title": "Coffee"}]},
    "featuredMedia": {"preview": {"image": {"url": "https://img.example/cezve.jpg"}}},
    "priceRangeV2": {"minVariantPrice": {"amount": "10.0", "currencyCode": "EUR"}},
    "variants": {
        "nodes": [
            {"id": "gid://shopify/ProductVariant/8", "price": "10.0", "compareAtPrice": "12.0"}
        ]
    },
}  # fmt: skip
GRAPHQL: tuple[tuple[str, Any], ...] = (
    ("graphql/order", _ORDER),
    ("graphql/return", _RETURN),
    ("graphql/customer", _CUSTOMER),
    ("graphql/product", _PRODUCT),
)
_METAS = {
    "wpml_language": "sk_SK", "_afterglow_marketing_consent": "yes", "_fulfillment_status": "x",
    "_order_withdrawal_requested": "yes", "_wc_review_request_scheduled_at": "1795683600",
    "_wc_shipment_tracking_items": [
        {"tracking_id": "ab12", "tracking_number": "RR123456785SK", "date_shipped": "1795683600"}
    ],
}  # fmt: skip
_NOTED = _FULL | {"meta_data": [{"id": 1, "key": key, "value": _METAS[key]} for key in _METAS]}
_REFUND = {
    "id": 31, "date_created_gmt": "2026-11-05T09:00:00", "amount": "10.00",
    "line_items": [
        {
            "id": 32, "name": "Tea Towel", "quantity": -1, "total": "-10.00",
            "meta_data": [{"id": 2, "key": "_refunded_item_id", "value": "11"}],
        }
    ],
}  # fmt: skip
_PARCEL = {
    "id": 3, "is_fulfilled": True, "date_updated": "2026-11-05 09:00:00",
    "meta_data": [
        {"id": 4, "key": "_date_fulfilled", "value": "2026-11-05 09:00:00"},
        {"id": 5, "key": "_items", "value": [{"item_id": 11, "qty": 1}]},
    ],
}  # fmt: skip
WOOCOMMERCE_REST: tuple[tuple[str, Any], ...] = (
    ("rest/order", {"order": _NOTED, "refunds": [_REFUND], "fulfilments": [_PARCEL]}),
    ("rest/order", {"order": _STOREFRONT, "refunds": None, "fulfilments": None}),
    (
        "rest/review",
        {
            "id": 5, "date_created_gmt": "2026-11-05T09:00:00", "product_id": 7, "rating": 5,
            "status": "approved", "reviewer_email": "zofia@example.sk",
        },
    ),
    ("rest/customer", {"id": 7, "email": "zofia@example.sk", "first_name": "Žofia"}),
    ("action.woocommerce_afterglow_review_posted", {"action": "x", "arg": 5}),
    ("order.updated", {"code": "woocommerce_rest_cannot_view", "message": "", "data": {}}),
)  # fmt: skip
