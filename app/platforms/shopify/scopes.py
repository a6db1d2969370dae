"""Which of the scopes that this app needs a shop has granted."""

from collections.abc import Iterable

from shopify.api_access import ApiAccess, ApiAccessError

# The same list as in shopify/shopify.app.toml; a test holds them together.
REQUIRED_SCOPES = (
    "read_orders",
    "read_fulfillments",
    "write_returns",
    "write_products",
    "write_customers",
    "read_customer_merge",
    "write_discounts",
    "write_metaobjects",
)


def missing_scopes(granted: Iterable[str]) -> tuple[str, ...]:
    """Required scopes that are not granted; a write scope includes reading."""
    known = ApiAccess([scope for scope in granted if _is_admin_scope(scope)])
    return tuple(scope for scope in REQUIRED_SCOPES if not known.covers(ApiAccess([scope])))


def _is_admin_scope(scope: str) -> bool:
    try:
        ApiAccess([scope])
    except ApiAccessError:  # `customer_read_orders` and other families that we do not use
        return False
    return True
