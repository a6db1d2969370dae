"""Bodies to snapshots: a rule per topic. A body without a rule is Unknown, never guessed at."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from app.domain.snapshots import Gone, ObjectKind, Snapshot
from app.platforms.base import Ignored, Received, Unknown
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.normalise import (
    customers,
    graphql_orders,
    messages,
    products,
    rest_orders,
    returns,
)

Outcome = Snapshot | Sequence[Snapshot] | Ignored
Rule = Callable[[Fields, Received], Outcome]


def _gone(kind: ObjectKind) -> Rule:
    return lambda body, _: Gone(kind, body.id("id"))


def _order(body: Fields, _: Received) -> Outcome:
    return rest_orders.order(body, paid_at=None)


def _order_paid(body: Fields, received: Received) -> Outcome:
    return rest_orders.order(body, paid_at=received.triggered_at)


def _return(body: Fields, _: Received) -> Outcome:
    return returns.rest_return(body)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "app/uninstalled": lambda body, got: messages.uninstalled(body, got.shop_domain),
        "app/scopes_update": lambda body, _: messages.scopes_updated(body),
        "shop/update": lambda _body, _: messages.shop_updated(),
        "orders/create": _order,
        "orders/updated": _order,
        "orders/paid": _order_paid,
        "orders/fulfilled": _order,
        "orders/cancelled": _order,
        "orders/delete": _gone(ObjectKind.ORDER),
        "fulfillments/create": lambda body, _: rest_orders.fulfilment(body),
        "fulfillments/update": lambda body, _: rest_orders.fulfilment(body),
        "fulfillment_events/create": lambda body, _: rest_orders.fulfilment_event(body),
        "refunds/create": lambda body, _: rest_orders.refund(body),
        "returns/request": _return,
        "returns/approve": _return,
        "returns/decline": _return,
        "returns/update": _return,
        "returns/process": _return,
        "returns/cancel": _return,
        "returns/close": _return,
        "returns/reopen": _return,
        "customers/create": lambda body, _: customers.rest_customer(body),
        "customers/update": lambda body, _: customers.rest_customer(body),
        "customers/merge": lambda body, _: customers.merge(body),
        "customers/delete": _gone(ObjectKind.CUSTOMER),
        "customers_email_marketing_consent/update": (
            lambda body, got: customers.rest_consent(body, got.triggered_at)
        ),
        "products/update": lambda body, got: products.rest_product(body, got.shop_domain),
        "products/delete": _gone(ObjectKind.PRODUCT),
        "customers/data_request": lambda body, got: messages.data_request(body, got.shop_domain),
        "customers/redact": lambda body, got: messages.customer_redact(body, got.shop_domain),
        "shop/redact": lambda body, got: messages.shop_redact(body, got.shop_domain),
        "graphql/order": lambda body, _: [
            graphql_orders.order(body),
            *graphql_orders.returns_of(body),
        ],
        "graphql/product": lambda body, _: products.graphql_product(body),
        "graphql/customer": lambda body, _: customers.graphql_customer(body),
        "graphql/return": lambda body, _: returns.graphql_return(body),
    }
)


def normalise(received: Received) -> Sequence[Snapshot] | Ignored | Unknown:
    """What one inbox row shows. Raises BadPayload if the body is not what its topic promises."""
    rule = RULES.get(received.topic)
    if rule is None:
        return Unknown()
    outcome = rule(Fields.parse(received.body), received)
    if isinstance(outcome, Ignored | Sequence):
        return outcome
    return [outcome]
