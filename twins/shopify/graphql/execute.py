"""Runs one GraphQL request of the app: validity, cost, bucket, scopes, execution."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    StringValueNode,
    VariableNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from twins.shopify.config import SCHEMA
from twins.shopify.formats import number_of, parse_time
from twins.shopify.graphql.access import PERSONAL_FIELDS, SCOPES, access_denied, not_approved
from twins.shopify.graphql.cost import (
    MAX_QUERY_COST,
    MUTATION_COST,
    Bucket,
    actual_cost,
    requested_cost,
)
from twins.shopify.graphql.mutations import MUTATIONS, refund_again
from twins.shopify.graphql.queries import QUERIES
from twins.shopify.shop import Shop, has_scope

MAX_LIST = 250
RATE_LIMITS = "https://shopify.dev/api/usage/rate-limits"
# From 2026-04 on these refuse to run without a key.
KEY_REQUIRED = frozenset({"refundCreate"})
Answer = dict[str, Any]


@cache
def admin_schema() -> GraphQLSchema:
    """Return Shopify's pruned schema."""
    schema = build_schema(SCHEMA.read_text())
    moment = schema.type_map["DateTime"]
    if isinstance(moment, GraphQLScalarType):
        moment.parse_value = _check_time  # type: ignore[method-assign]  # how graphql-core is told
    return schema


def _check_time(value: Any) -> Any:
    try:
        parse_time(value)
    except (TypeError, ValueError) as error:
        raise GraphQLError(f"DateTime '{value}' is not in ISO 8601.") from error
    return value


@dataclass(frozen=True)
class _Context:
    shop: Shop
    scopes: list[str]
    personal_data_approved: bool


def run(shop: Shop, bucket: Bucket, query: str, variables: Mapping[str, Any]) -> Answer:
    """Execute a request and return the JSON answer (always for HTTP 200)."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return {"errors": [error.formatted]}
    if errors := validate(admin_schema(), document):
        return {"errors": [error.formatted for error in errors]}
    if _longest_list(dict(variables)) > MAX_LIST:
        text = f"The input array size is greater than the maximum allowed of {MAX_LIST}."
        return _error(text, {"code": "MAX_INPUT_SIZE_EXCEEDED"})
    requested = requested_cost(admin_schema(), document, variables)
    if requested > MAX_QUERY_COST:
        return _too_dear(requested)
    if not bucket.take(requested):
        answer = _error("Throttled", {"code": "THROTTLED", "documentation": RATE_LIMITS})
        return answer | {"extensions": _cost(bucket, requested, None)}
    answer = _execute(shop, document, variables)
    used = min(requested, max(1, _used(document, answer)))
    bucket.give_back(requested - used)
    return answer | {"extensions": _cost(bucket, requested, used)}


def _used(document: DocumentNode, answer: Answer) -> int:
    data = answer.get("data")
    operation = _operation(document)
    if operation.operation.value == "mutation":
        return MUTATION_COST * len(operation.selection_set.selections)
    return actual_cost(data)


def _operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(n for n in document.definitions if isinstance(n, OperationDefinitionNode))


def _too_dear(requested: int) -> Answer:
    text = (
        f"Query cost is {requested}, which exceeds the single query max cost limit "
        f"({MAX_QUERY_COST})."
    )
    extensions = {
        "code": "MAX_COST_EXCEEDED",
        "cost": requested,
        "maxCost": MAX_QUERY_COST,
        "documentation": RATE_LIMITS,
    }
    return _error(text, extensions)


def _error(text: str, extensions: dict[str, Any]) -> Answer:
    return {"errors": [{"message": text, "extensions": extensions}]}


def _cost(bucket: Bucket, requested: int, actual: int | None) -> Answer:
    return {
        "cost": {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": bucket.status(),
        }
    }


def _longest_list(value: Any) -> int:
    if isinstance(value, dict):
        return max((_longest_list(item) for item in value.values()), default=0)
    if isinstance(value, list):
        return max(len(value), *(_longest_list(item) for item in value), 0)
    return 0


def _execute(shop: Shop, document: DocumentNode, variables: Mapping[str, Any]) -> Answer:
    settings = shop.settings
    context = _Context(shop, settings["scopes"], settings["personal_data_approved"])
    with shop.locked():
        result = execute_sync(
            admin_schema(),
            document,
            context_value=context,
            variable_values=dict(variables),
            field_resolver=_resolve,
        )
    if result.data is None and result.errors and result.errors[0].path is None:
        return {"errors": [error.formatted for error in result.errors]}
    errors = [error.formatted for error in result.errors or []]
    return {"data": result.data} | ({"errors": errors} if errors else {})


def _resolve(source: Any, info: GraphQLResolveInfo[_Context], **arguments: Any) -> Any:
    context = info.context
    parent, field = info.parent_type.name, info.field_name
    scope = SCOPES.get(f"{parent}.{field}")
    if scope and not has_scope(context.scopes, scope):
        raise access_denied(field, scope)
    if not context.personal_data_approved and field in PERSONAL_FIELDS.get(parent, ()):
        raise not_approved(field)
    if parent == "QueryRoot" and field in QUERIES:
        return QUERIES[field](context.shop, **arguments)
    if parent == "Mutation" and field in MUTATIONS:
        return _mutate(context.shop, info, arguments)
    if not isinstance(source, dict) or field not in source:
        raise GraphQLError(f"The twin keeps no {parent}.{field}: it is not built.")
    value = source[field]
    return value(**arguments) if callable(value) else value


def _mutate(shop: Shop, info: GraphQLResolveInfo[_Context], arguments: dict[str, Any]) -> Any:
    field, key = info.field_name, _idempotency_key(info)
    if field not in KEY_REQUIRED:
        if key is not None:
            raise GraphQLError(f"The @idempotent directive is not supported by {field}.")
        return MUTATIONS[field](shop, **arguments)
    if key is None or not key.strip():
        text = f"{field} needs the @idempotent directive with a key."
        raise GraphQLError(text, extensions={"code": "BAD_REQUEST"})
    known = shop.get("idempotency", key)
    if known and known["arguments"] != arguments:
        text = "This idempotency key was used with other arguments."
        raise GraphQLError(text, extensions={"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"})
    if known:
        return refund_again(shop, known["refund_id"])
    payload = MUTATIONS[field](shop, **arguments)
    if payload["refund"]:
        refund_id = number_of("Refund", payload["refund"]["id"])
        shop.put("idempotency", {"id": key, "arguments": arguments, "refund_id": refund_id})
    return payload


def _idempotency_key(info: GraphQLResolveInfo[_Context]) -> str | None:
    for directive in info.field_nodes[0].directives or ():
        if directive.name.value == "idempotent":
            value = (directive.arguments or ())[0].value
            if isinstance(value, VariableNode):
                return str(info.variable_values.coerced[value.name.value])
            return value.value if isinstance(value, StringValueNode) else ""
    return None
