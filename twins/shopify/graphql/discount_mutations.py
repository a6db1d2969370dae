"""Creating and deactivating discount codes, with Shopify's user errors."""

from datetime import datetime
from typing import Any

from twins.common.state import Document
from twins.shopify import discounts
from twins.shopify.formats import minor_units, number_of, parse_time, utc_text
from twins.shopify.graphql.objects import discount_node
from twins.shopify.graphql.values import Value, user_error
from twins.shopify.shop import Shop

ROOT = "basicCodeDiscount"
Problem = tuple[str, list[str], str]


def discount_create(shop: Shop, basicCodeDiscount: dict[str, Any]) -> Value:  # noqa: N803 -- GraphQL's name
    """discountCodeBasicCreate."""
    given = basicCodeDiscount
    problems = [
        *_head_problems(shop, given),
        *_value_problems(given),
        *_buyer_problems(shop, given),
    ]
    if problems:
        errors = [
            user_error(text, [ROOT, *path], code, extraInfo=None) for text, path, code in problems
        ]
        return {"codeDiscountNode": None, "userErrors": errors}
    discount = discounts.create_discount(
        shop,
        given["title"],
        given["code"],
        utc_text(parse_time(given["startsAt"])),
        **_terms(shop, given),
    )
    return {"codeDiscountNode": discount_node(shop, discount), "userErrors": []}


def _head_problems(shop: Shop, given: dict[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    for name, label in (("title", "Title"), ("code", "Code"), ("startsAt", "Starts at")):
        if not given.get(name):
            problems.append((f"{label} can't be blank", [name], "BLANK"))
    code = given.get("code") or ""
    if len(code) > 255 or len(given.get("title") or "") > 255:
        problems.append(("is too long (maximum is 255 characters)", ["code"], "TOO_LONG"))
    if code and discounts.find_by_code(shop, code):
        text = "Code must be unique. Please try a different code."
        problems.append((text, ["code"], "TAKEN"))
    starts, ends = _moment(given.get("startsAt")), _moment(given.get("endsAt"))
    if starts and ends and ends <= starts:
        text = "Ends at needs to be after starts_at"
        problems.append((text, ["endsAt"], "END_DATE_BEFORE_START_DATE"))
    limit = given.get("usageLimit")
    if limit is not None and limit < 1:
        problems.append(("Usage limit must be greater than 0", ["usageLimit"], "GREATER_THAN"))
    return problems


def _value_problems(given: dict[str, Any]) -> list[Problem]:
    path = ["customerGets", "value"]
    gets = given.get("customerGets") or {}
    value = gets.get("value") or {}
    percentage, amount = value.get("percentage"), (value.get("discountAmount") or {}).get("amount")
    problems: list[Problem] = []
    if percentage is None and amount is None:
        problems.append(("Value can't be blank", path, "BLANK"))
    elif percentage is not None and not 0 < percentage <= 1:
        text = "Value must be between 0.0 and 1.0"
        problems.append((text, [*path, "percentage"], "VALUE_OUTSIDE_RANGE"))
    elif amount is not None and not (minor_units(amount, "EUR") or 0) > 0:
        text = "Value must be greater than 0"
        problems.append((text, [*path, "discountAmount", "amount"], "GREATER_THAN"))
    if not gets.get("items"):
        problems.append(("Items can't be blank", ["customerGets", "items"], "BLANK"))
    return problems


def _buyer_problems(shop: Shop, given: dict[str, Any]) -> list[Problem]:
    context = given.get("context") or {}
    if not context and not given.get("customerSelection"):
        return [("Customer selection can't be blank", ["customerSelection"], "BLANK")]
    if any(shop.get("customer", number) is None for number in _customer_ids(given)):
        path = ["context", "customers", "add"]
        return [("Customer does not exist", path, "INVALID")]
    return []


def _customer_ids(given: dict[str, Any]) -> list[int]:
    buyers = (given.get("context") or {}).get("customers") or {}
    chosen = (given.get("customerSelection") or {}).get("customers") or {}
    ids = (buyers.get("add") or []) + (chosen.get("add") or [])
    return [number_of("Customer", global_id) or 0 for global_id in ids]


def _terms(shop: Shop, given: dict[str, Any]) -> Document:
    value = given["customerGets"]["value"]
    minimum = (given.get("minimumRequirement") or {}).get("subtotal") or {}
    least = minimum.get("greaterThanOrEqualToSubtotal")
    amount = (value.get("discountAmount") or {}).get("amount")
    ends = _moment(given.get("endsAt"))
    return {
        "ends_at": utc_text(ends) if ends else None,
        "usage_limit": given.get("usageLimit"),
        "once_per_customer": bool(given.get("appliesOncePerCustomer")),
        "customer_ids": _customer_ids(given),
        "percentage": value.get("percentage"),
        "amount": minor_units(amount, shop.currency) if amount else None,
        "minimum": minor_units(least, shop.currency) if least else None,
    }


def discount_deactivate(shop: Shop, id: str) -> Value:  # noqa: A002 -- GraphQL's name
    """discountCodeDeactivate: it ends now, and is kept."""
    number = number_of("DiscountCodeNode", id)
    discount = shop.get("discount", number) if number else None
    if discount is None:
        error = user_error("Discount does not exist.", ["id"], "INVALID", extraInfo=None)
        return {"codeDiscountNode": None, "userErrors": [error]}
    if discounts.status(shop, discount) != "EXPIRED":
        discount |= {"ends_at": shop.stamp(), "updated_at": shop.stamp()}
        shop.put("discount", discount)
    return {"codeDiscountNode": discount_node(shop, discount), "userErrors": []}


def _moment(text: str | None) -> datetime | None:
    return parse_time(text) if text else None
