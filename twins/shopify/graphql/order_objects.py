"""Orders, their lines, parcels, refunds and payments as GraphQL shows them."""

from typing import Any

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.formats import gid
from twins.shopify.graphql.objects import customer_object, picture_url, product_object
from twins.shopify.graphql.paging import Connection, connection, matches
from twins.shopify.graphql.values import Value, image, mailing_address, money_bag
from twins.shopify.return_facts import REASONS, find_parcel_line, return_status, returns_of
from twins.shopify.shop import Shop

RETURN_SEARCH = {"id": "id", "name": "name", "status": "status"}

FULFILLMENT_STATUS = {
    None: "UNFULFILLED",
    "partial": "PARTIALLY_FULFILLED",
    "fulfilled": "FULFILLED",
}


def order_object(shop: Shop, order: Document) -> Value:
    """Return an Order."""
    currency = order["currency"]

    def customer() -> Value | None:
        found = shop.get("customer", order["customer_id"]) if order["customer_id"] else None
        return customer_object(shop, found) if found else None

    return {
        "id": gid("Order", order["id"]),
        "legacyResourceId": str(order["id"]),
        "name": order["name"],
        "number": order["number"],
        "createdAt": order["created_at"],
        "processedAt": order["processed_at"],
        "updatedAt": order["updated_at"],
        "cancelledAt": order["cancelled_at"],
        "cancelReason": order["cancel_reason"] and order["cancel_reason"].upper(),
        "closed": order["closed_at"] is not None,
        "closedAt": order["closed_at"],
        "confirmed": True,
        "test": order["test"],
        "sourceName": order["source_name"],
        "customerLocale": order["locale"],
        "customerAcceptsMarketing": order["accepts_marketing"],
        "currencyCode": currency,
        "presentmentCurrencyCode": currency,
        "displayFinancialStatus": facts.financial_status(order).upper(),
        "displayFulfillmentStatus": FULFILLMENT_STATUS[facts.fulfillment_status(order)],
        "fullyPaid": facts.paid(order) >= facts.total(order),
        "unpaid": facts.paid(order) == 0,
        "returnStatus": lambda: return_status(shop, order["id"]),
        "requiresShipping": any(line["requires_shipping"] for line in order["lines"]),
        "email": order["email"] or None,
        "phone": None,
        "note": order["note"],
        "tags": order["tags"],
        "discountCodes": order["discount_codes"],
        "discountCode": next(iter(order["discount_codes"]), None),
        "paymentGatewayNames": [order["gateway"]],
        "statusPageUrl": lambda **_: f"{shop.storefront_url}/orders/{order['token']}",
        "totalPriceSet": money_bag(facts.total(order), currency),
        "currentTotalPriceSet": money_bag(facts.current_total(order), currency),
        "totalRefundedSet": money_bag(facts.refunded(order), currency),
        "shippingAddress": mailing_address(order["shipping_address"]),
        "billingAddress": mailing_address(order["billing_address"]),
        "customer": customer,
        "lineItems": lambda **page: _by_id(
            order["lines"], lambda line: line_object(shop, order, line), page
        ),
        "fulfillments": lambda first=None, **_: [
            _parcel(parcel) for parcel in order["fulfillments"][:first]
        ],
        "refunds": lambda first=None: [
            refund_object(shop, order, refund) for refund in order["refunds"][:first]
        ],
        "transactions": lambda first=None, **_: [
            _transaction(order, transaction) for transaction in order["transactions"][:first]
        ],
        "returns": lambda query=None, **page: _returns(shop, order, query, page),
    }


def _returns(shop: Shop, order: Document, query: str | None, page: dict[str, Any]) -> Connection:
    found = [r for r in returns_of(shop, order["id"]) if matches(r, query, RETURN_SEARCH)]
    return _by_id(found, lambda one: return_object(shop, order, one), page)


def return_object(shop: Shop, order: Document, found: Document) -> Value:
    """Return a Return."""
    lines = [line for line in found["lines"] if line["quantity"]]
    refunds = [refund for refund in order["refunds"] if refund["return_id"] == found["id"]]
    return {
        "id": gid("Return", found["id"]),
        "name": found["name"],
        "status": found["status"].upper(),
        "createdAt": found["created_at"],
        "requestApprovedAt": found["approved_at"],
        "closedAt": found["closed_at"],
        "totalQuantity": sum(line["quantity"] for line in lines),
        "decline": found["decline"],
        "order": lambda: order_object(shop, order),
        "returnLineItems": lambda **page: _by_id(
            lines, lambda line: _return_line(shop, order, line), page
        ),
        "refunds": lambda **page: _by_id(
            refunds, lambda refund: refund_object(shop, order, refund), page
        ),
    }


def _return_line(shop: Shop, order: Document, line: Document) -> Value:
    number, name, old_word = REASONS[line["reason"]]
    return {
        "__typename": "ReturnLineItem",
        "id": gid("ReturnLineItem", line["id"]),
        "quantity": line["quantity"],
        "processedQuantity": line["processed"],
        "unprocessedQuantity": line["quantity"] - line["processed"],
        "processableQuantity": line["quantity"] - line["processed"],
        "refundedQuantity": line["refunded"],
        "refundableQuantity": line["quantity"] - line["refunded"],
        "customerNote": line["customer_note"],
        "returnReason": old_word.upper(),
        "returnReasonNote": line["reason_note"],
        "returnReasonDefinition": reason_object(line["reason"], number, name),
        "fulfillmentLineItem": parcel_line_object(
            shop, order, find_parcel_line(order, line["parcel_line_id"]) or {}
        ),
    }


def reason_object(handle: str, number: int, name: str) -> Value:
    """Return a ReturnReasonDefinition."""
    number_id = gid("ReturnReasonDefinition", number)
    return {"id": number_id, "handle": handle, "name": name, "deleted": False}


def parcel_line_object(shop: Shop, order: Document, line: Document) -> Value:
    """Return a FulfillmentLineItem."""
    bought = next(x for x in order["lines"] if x["id"] == line["line_id"])
    return {
        "id": gid("FulfillmentLineItem", line["id"]),
        "quantity": line["quantity"],
        "lineItem": line_object(shop, order, bought),
    }


def _by_id(items: list[Document], build: Any, page: dict[str, Any]) -> Connection:
    return connection(items, lambda item: (item["id"],), build, **page)


def line_object(shop: Shop, order: Document, line: Document) -> Value:
    """Return a LineItem; its product is null once that was deleted."""
    product = shop.get("product", line["product_id"])
    variant = line["variant_title"]
    return {
        "id": gid("LineItem", line["id"]),
        "title": line["title"],
        "name": f"{line['title']} - {variant}" if variant else line["title"],
        "variantTitle": variant,
        "sku": line["sku"],
        "vendor": line["vendor"],
        "quantity": line["quantity"],
        "currentQuantity": facts.current_quantity(order, line),
        "unfulfilledQuantity": facts.unfulfilled_quantity(order, line),
        "refundableQuantity": facts.current_quantity(order, line),
        "isGiftCard": line["gift_card"],
        "requiresShipping": line["requires_shipping"],
        "taxable": True,
        "image": lambda **_: product and image(picture_url(shop, product), line["title"]),
        "product": product and product_object(shop, product),
        "variant": product and {"id": gid("ProductVariant", line["variant_id"])},
        "originalUnitPriceSet": money_bag(line["price"], order["currency"]),
        "discountedUnitPriceAfterAllDiscountsSet": money_bag(
            _discounted_price(order, line), order["currency"]
        ),
    }


def _discounted_price(order: Document, line: Document) -> int:
    items = facts.items_total(order)
    return round(line["price"] * (1 - order["discount"] / items)) if items else int(line["price"])


def _parcel(parcel: Document) -> Value:
    events = sorted(parcel["events"], key=lambda event: (event["happened_at"], event["id"]))
    latest = events[-1]["status"].upper() if events else "FULFILLED"

    def first_time(status: str) -> str | None:
        return next((e["happened_at"] for e in events if e["status"] == status), None)

    def event_page(sortKey: str = "HAPPENED_AT", **page: Any) -> Connection:  # noqa: N803 -- GraphQL's name
        key = {"HAPPENED_AT": "happened_at", "CREATED_AT": "created_at"}.get(sortKey, "id")
        return connection(events, lambda e: (e[key], e["id"]), _event, **page)

    return {
        "id": gid("Fulfillment", parcel["id"]),
        "legacyResourceId": str(parcel["id"]),
        "name": parcel["name"],
        "status": parcel["status"].upper(),
        "displayStatus": latest,
        "createdAt": parcel["created_at"],
        "updatedAt": parcel["updated_at"],
        "inTransitAt": first_time("in_transit"),
        "deliveredAt": first_time("delivered"),
        "estimatedDeliveryAt": None,
        "requiresShipping": True,
        "totalQuantity": sum(line["quantity"] for line in parcel["lines"]),
        "trackingInfo": lambda first=None: [
            {
                "company": parcel["tracking_company"],
                "number": parcel["tracking_number"],
                "url": parcel["tracking_url"],
            }
        ][:first],
        "events": event_page,
    }


def _event(event: Document) -> Value:
    return {
        "id": gid("FulfillmentEvent", event["id"]),
        "status": event["status"].upper(),
        "message": event["message"],
        "happenedAt": event["happened_at"],
        "createdAt": event["created_at"],
        "estimatedDeliveryAt": None,
    }


def refund_object(shop: Shop, order: Document, refund: Document) -> Value:
    """Return a Refund."""
    currency = order["currency"]

    def line(refunded: Document) -> Value:
        bought = next(x for x in order["lines"] if x["id"] == refunded["line_id"])
        return {
            "id": gid("RefundLineItem", refunded["id"]),
            "lineItem": line_object(shop, order, bought),
            "quantity": refunded["quantity"],
            "restockType": refunded["restock_type"].upper(),
            "restocked": refunded["restock_type"] != "no_restock",
        }

    def of_return() -> Value | None:
        found = shop.get("return", refund["return_id"]) if refund["return_id"] else None
        return return_object(shop, order, found) if found else None

    return {
        "id": gid("Refund", refund["id"]),
        "legacyResourceId": str(refund["id"]),
        "createdAt": refund["created_at"],
        "processedAt": refund["created_at"],
        "updatedAt": refund["created_at"],
        "note": refund["note"],
        "return": of_return,
        "totalRefundedSet": money_bag(refund["amount"], currency),
        "refundLineItems": lambda **page: _by_id(refund["lines"], line, page),
    }


def _transaction(order: Document, transaction: Document) -> Value:
    return {
        "id": gid("OrderTransaction", transaction["id"]),
        "kind": transaction["kind"].upper(),
        "status": transaction["status"].upper(),
        "gateway": transaction["gateway"],
        "formattedGateway": transaction["gateway"],
        "manualPaymentGateway": facts.is_manual(transaction),
        "test": order["test"],
        "createdAt": transaction["created_at"],
        "processedAt": transaction["processed_at"],
        "amountSet": money_bag(transaction["amount"], order["currency"]),
    }
