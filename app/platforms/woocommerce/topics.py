"""Which webhooks we register, and which we knowingly leave alone. Data, no behaviour.

No `action.woocommerce_order_refunded` or other hook: their bodies hold one number, and
`order.updated` fires on each refund and status change too (measured), with the whole order.
"""

from collections.abc import Mapping

TOPICS: Mapping[str, str] = {
    "order.created": "reads the order",
    "order.updated": "reads the order; also fires for refunds, metadata and checkout drafts",
    "order.deleted": "reads the order again: the body names only its id, and fires for the bin",
    "order.restored": "reads the order",
    "product.updated": "reads title, picture, categories and whether reviews are open",
    "product.deleted": "reads the product again: the body names only its id",
    "product.restored": "reads title, picture, categories and whether reviews are open",
    "customer.created": "reads the customer",
    "customer.updated": "reads the customer",
    "customer.deleted": "reads the customer again: the body names only its id",
}

# Only where our plugin runs: core has no webhook for these (wordpress/afterglow).
REVIEW_POSTED = "action.woocommerce_afterglow_review_posted"
FULFILLED = "action.woocommerce_afterglow_fulfilled"
PLUGIN_TOPICS: Mapping[str, str] = {
    REVIEW_POSTED: "reads the review: whoever wrote it in the store is not asked for it",
    FULFILLED: "reads the order again, with its parcels",
}

IGNORED: Mapping[str, str] = {
    "product.created": "a product matters once it was bought; then it is read",
    "product.published": "product.updated tells the same",
    "coupon.created": "coupons are read when they are used or withdrawn",
    "coupon.updated": "coupons are read when they are used or withdrawn",
    "coupon.deleted": "coupons are read when they are used or withdrawn",
    "coupon.restored": "coupons are read when they are used or withdrawn",
}

# Shapes of what our own ports read from REST, as they go through the inbox.
FETCHED_ORDER = "rest/order"
FETCHED_PRODUCT = "rest/product"
FETCHED_CUSTOMER = "rest/customer"
FETCHED_REVIEW = "rest/review"


def says_only_that(topic: str) -> bool:
    """Whether bodies of a topic only say that something happened, and not what: two parcels of one
    order within a second are told in the same bytes, under the same delivery id.
    """
    return topic.startswith("action.") or topic.endswith(".deleted")
