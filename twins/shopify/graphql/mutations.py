"""Mutations on products, metaobjects, customers, refunds and subscriptions."""

import re
from collections.abc import Callable
from typing import Any

from twins.common.state import Document
from twins.shopify import catalog
from twins.shopify.customers import set_consent
from twins.shopify.errors import ActionError
from twins.shopify.formats import gid, minor_units, number_of, parse_time, utc_text
from twins.shopify.graphql.discount_mutations import discount_create, discount_deactivate
from twins.shopify.graphql.objects import customer_object, metafield_object, metaobject_object
from twins.shopify.graphql.order_objects import refund_object
from twins.shopify.graphql.queries import subscription_object
from twins.shopify.graphql.return_mutations import RETURN_MUTATIONS
from twins.shopify.graphql.values import Value, user_error
from twins.shopify.orders import find_order
from twins.shopify.refunds import refund_order
from twins.shopify.shop import Shop

MAX_METAFIELDS = 25


def _metafields_set(shop: Shop, metafields: list[dict[str, Any]]) -> Value:
    errors = [
        error | {"elementIndex": index}
        for index, given in enumerate(metafields)
        if (error := _metafield_error(shop, index, given))
    ]
    if len(metafields) > MAX_METAFIELDS:
        text = f"Exceeded the maximum metafields input limit of {MAX_METAFIELDS}."
        errors = [user_error(text, ["metafields"], "LESS_THAN_OR_EQUAL_TO", elementIndex=None)]
    if errors:
        return {"metafields": [], "userErrors": errors}
    stored = [_store_metafield(shop, given) for given in metafields]
    for product_id in {field["product_id"] for field in stored}:
        catalog.change_product(shop, product_id)
    return {"metafields": [metafield_object(field) for field in stored], "userErrors": []}


def _metafield_error(shop: Shop, index: int, given: dict[str, Any]) -> Value | None:
    path = ["metafields", str(index)]
    product_id = number_of("Product", given["ownerId"])
    if product_id is None or shop.get("product", product_id) is None:
        return user_error("Owner does not exist.", [*path, "ownerId"], "INVALID")
    namespace, key = given.get("namespace"), given["key"]
    kind, rules = _metafield_type(shop, given)
    if kind is None:
        return user_error("Type can't be blank.", [*path, "type"], "BLANK")
    if given.get("type") not in (None, kind):
        text = f"Type must be the definition's: {kind}."
        return user_error(text, [*path, "type"], "INVALID_TYPE")
    if problem := catalog.value_problem(shop, kind, given["value"], rules):
        return user_error(problem, [*path, "value"], "INVALID_VALUE")
    if "compareDigest" in given:
        current = catalog.metafield(shop, product_id, namespace, key)
        if given["compareDigest"] != (catalog.digest(current) if current else None):
            text = (
                "The resource has been updated since it was loaded. "
                "Try again with an updated `compareDigest` value."
            )
            return user_error(text, path, "STALE_OBJECT")
    return None


def _metafield_type(shop: Shop, given: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    definition = shop.get("definition", f"{given.get('namespace')}.{given['key']}")
    if definition is None:
        return given.get("type"), {}
    rules = {"scale_min": "1.0", "scale_max": "5.0"} if definition["type"] == "rating" else {}
    return str(definition["type"]), rules


def _store_metafield(shop: Shop, given: dict[str, Any]) -> Document:
    kind, _rules = _metafield_type(shop, given)
    product_id = number_of("Product", given["ownerId"]) or 0
    name = (given.get("namespace"), given["key"])
    return catalog.put_metafield(shop, product_id, name, kind or "", given["value"])


def _definition_enable(
    shop: Shop,
    ownerType: str,  # noqa: N803 -- GraphQL's name
    namespace: str | None = None,
    key: str | None = None,
    **_more: Any,
) -> Value:
    known = catalog.STANDARD_DEFINITIONS.get((namespace or "", key or ""))
    if known is None or ownerType != "PRODUCT":
        text = "A standard definition wasn't found for the specified owner type, namespace and key."
        return _no_definition(text, "TEMPLATE_NOT_FOUND")
    name, kind = known
    if shop.get("definition", f"{namespace}.{key}"):
        return _no_definition("Definition has already been enabled.", "TAKEN")
    definition: Document = {"id": f"{namespace}.{key}", "number": shop.next_id(), "type": kind}
    shop.put("definition", definition)
    created = {
        "id": gid("MetafieldDefinition", definition["number"]),
        "name": name,
        "namespace": namespace,
        "key": key,
        "ownerType": ownerType,
        "type": {"name": kind, "category": "NUMBER", "supportsDefinitionMigrations": True},
    }
    return {"createdDefinition": created, "userErrors": []}


def _no_definition(text: str, code: str) -> Value:
    return {"createdDefinition": None, "userErrors": [user_error(text, None, code)]}


def _metaobject_upsert(
    shop: Shop,
    handle: dict[str, str],
    metaobject: dict[str, Any] | None = None,
    **_more: Any,
) -> Value:
    stored_type = catalog.metaobject_type(shop, handle["type"])
    if stored_type is None:
        text = f'No metaobject definition exists for type "{handle["type"]}".'
        return _no_metaobject([_metaobject_error(text, ["handle"], "UNDEFINED_OBJECT_TYPE")])
    if not re.fullmatch(r"[a-z0-9_-]{1,255}", handle["handle"]):
        text = "Handle must only contain lowercase letters, numbers, hyphens and underscores."
        return _no_metaobject([_metaobject_error(text, ["handle", "handle"], "INVALID")])
    old = next(
        (
            entry
            for entry in catalog.metaobjects_of(shop, stored_type)
            if entry["handle"] == handle["handle"]
        ),
        None,
    )
    given = {f["key"]: f["value"] for f in (metaobject or {}).get("fields") or []}
    fields = (old["fields"] if old else {}) | given
    if errors := _metaobject_errors(shop, stored_type, given, fields):
        return _no_metaobject(errors)
    entry: Document = {
        "id": old["id"] if old else shop.next_id(),
        "type": stored_type,
        "handle": handle["handle"],
        "fields": fields,
        "created_at": old["created_at"] if old else shop.stamp(),
        "updated_at": shop.stamp(),
    }
    shop.put("metaobject", entry)
    return {"metaobject": metaobject_object(shop, entry), "userErrors": []}


def _metaobject_errors(
    shop: Shop, stored_type: str, given: dict[str, str], fields: dict[str, str]
) -> list[Value]:
    declared = shop.twin.app.metaobjects[stored_type.rpartition("--")[2]]["fields"]
    errors = []
    for key, value in given.items():
        path = ["metaobject", "fields"]
        if key not in declared:
            text = f'Field definition "{key}" does not exist.'
            errors.append(_metaobject_error(text, path, "UNDEFINED_OBJECT_FIELD", key))
            continue
        rules = declared[key].get("validations", {})
        if problem := catalog.value_problem(shop, declared[key]["type"], value, rules):
            errors.append(_metaobject_error(problem, path, "INVALID_VALUE", key))
    for key, rule in declared.items():
        if rule.get("required") and not fields.get(key):
            text = f"{rule['name']} can't be blank."
            errors.append(_metaobject_error(text, ["metaobject"], "OBJECT_FIELD_REQUIRED", key))
    return errors


def _metaobject_error(text: str, path: list[str], code: str, key: str | None = None) -> Value:
    return user_error(text, path, code, elementKey=key, elementIndex=None)


def _no_metaobject(errors: list[Value]) -> Value:
    return {"metaobject": None, "userErrors": errors}


def _metaobject_delete(shop: Shop, id: str) -> Value:  # noqa: A002 -- GraphQL's name
    number = number_of("Metaobject", id)
    if number is None or shop.get("metaobject", number) is None:
        error = _metaobject_error("Record not found.", ["id"], "RECORD_NOT_FOUND")
        return {"deletedId": None, "userErrors": [error]}
    shop.delete("metaobject", number)
    return {"deletedId": id, "userErrors": []}


def _consent_update(shop: Shop, input: dict[str, Any]) -> Value:  # noqa: A002 -- GraphQL's name
    consent = input["emailMarketingConsent"]
    number = number_of("Customer", input["customerId"])
    customer = shop.get("customer", number) if number else None
    at = consent.get("consentUpdatedAt")
    problem: tuple[str, str, str] | None = None
    if customer is None:
        problem = ("Customer not found", "customerId", "INVALID")
    elif not customer["email"]:
        problem = ("Email must be present", "customerId", "INVALID")
    elif consent["marketingState"] not in ("SUBSCRIBED", "UNSUBSCRIBED", "PENDING"):
        problem = ("Cannot specify that marketing state", "emailMarketingConsent", "INVALID")
    elif at and parse_time(at) > shop.now():
        problem = ("consentUpdatedAt must not be in the future", "emailMarketingConsent", "INVALID")
    if problem or customer is None:
        text, field, code = problem or ("", "", "")
        return {"customer": None, "userErrors": [user_error(text, ["input", field], code)]}
    level = (consent.get("marketingOptInLevel") or "SINGLE_OPT_IN").lower()
    state = consent["marketingState"].lower()
    changed = set_consent(shop, customer["id"], state, level, at and utc_text(parse_time(at)))
    return {"customer": customer_object(shop, changed), "userErrors": []}


def _refund_create(shop: Shop, input: dict[str, Any]) -> Value:  # noqa: A002 -- GraphQL's name
    quantities: dict[int, int] = {}
    for line in input.get("refundLineItems") or []:
        line_id = number_of("LineItem", line["lineItemId"]) or 0
        quantities[line_id] = quantities.get(line_id, 0) + line["quantity"]
    amounts = [
        minor_units(t["amount"], shop.currency)
        for t in input.get("transactions") or []
        if t["kind"] == "REFUND"
    ]
    order_id = number_of("Order", input["orderId"]) or 0
    try:
        if None in amounts:
            raise ActionError("A transaction's amount is no amount.")
        paid_back = sum(amount for amount in amounts if amount)
        refund = refund_order(shop, order_id, quantities, paid_back, input.get("note"))
    except ActionError as error:
        return {"refund": None, "userErrors": [user_error(str(error), ["input"])]}
    order = find_order(shop, order_id)
    return {"refund": refund_object(shop, order, refund), "userErrors": []}


def refund_again(shop: Shop, refund_id: int) -> Value:
    """Answer a repeated refundCreate with the refund that its key made before."""
    for order in shop.all("order"):
        for refund in order["refunds"]:
            if refund["id"] == refund_id:
                return {"refund": refund_object(shop, order, refund), "userErrors": []}
    return {"refund": None, "userErrors": [user_error("Refund not found.", ["input"])]}


def _subscription_create(
    shop: Shop,
    topic: str,
    webhookSubscription: dict[str, Any],  # noqa: N803 -- GraphQL's name
) -> Value:
    uri = webhookSubscription.get("uri") or ""
    if not uri.startswith("http"):
        error = user_error("Address is invalid", ["webhookSubscription", "uri"])
        return {"webhookSubscription": None, "userErrors": [error]}
    if any(s["topic"] == topic and s["uri"] == uri for s in shop.all("subscription")):
        text = "Address for this topic has already been taken"
        error = user_error(text, ["webhookSubscription", "uri"])
        return {"webhookSubscription": None, "userErrors": [error]}
    subscription: Document = {
        "id": shop.next_id(),
        "topic": topic,
        "uri": uri,
        "created_at": shop.stamp(),
    }
    shop.put("subscription", subscription)
    created = subscription_object(shop, subscription)
    return {"webhookSubscription": created, "userErrors": []}


def _subscription_delete(shop: Shop, id: str) -> Value:  # noqa: A002 -- GraphQL's name
    number = number_of("WebhookSubscription", id)
    if number is None or shop.get("subscription", number) is None:
        error = user_error("Webhook subscription does not exist", ["id"])
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    shop.delete("subscription", number)
    return {"deletedWebhookSubscriptionId": id, "userErrors": []}


MUTATIONS: dict[str, Callable[..., Value]] = {
    "metafieldsSet": _metafields_set,
    "standardMetafieldDefinitionEnable": _definition_enable,
    "metaobjectUpsert": _metaobject_upsert,
    "metaobjectDelete": _metaobject_delete,
    "discountCodeBasicCreate": discount_create,
    "discountCodeDeactivate": discount_deactivate,
    "customerEmailMarketingConsentUpdate": _consent_update,
    "refundCreate": _refund_create,
    "webhookSubscriptionCreate": _subscription_create,
    "webhookSubscriptionDelete": _subscription_delete,
    **RETURN_MUTATIONS,
}
