"""Which scope each field needs, and which fields are protected customer data."""

from graphql import GraphQLError

# "Type.field" or "Type.*". Where Shopify documents none, the owner's scope is assumed.
SCOPES = {
    "QueryRoot.order": "read_orders",
    "QueryRoot.orders": "read_orders",
    "QueryRoot.customer": "read_customers",
    "QueryRoot.customers": "read_customers",
    "QueryRoot.product": "read_products",
    "QueryRoot.products": "read_products",
    "QueryRoot.events": "read_products",
    "QueryRoot.metaobjects": "read_metaobjects",
    "QueryRoot.metaobjectByHandle": "read_metaobjects",
    "QueryRoot.codeDiscountNodeByCode": "read_discounts",
    "QueryRoot.return": "read_returns",
    "QueryRoot.returnReasonDefinitions": "read_returns",
    "QueryRoot.returnableFulfillment": "read_returns",
    "QueryRoot.returnableFulfillments": "read_returns",
    "Mutation.metafieldsSet": "write_products",
    "Mutation.standardMetafieldDefinitionEnable": "write_products",
    "Mutation.metaobjectUpsert": "write_metaobjects",
    "Mutation.metaobjectDelete": "write_metaobjects",
    "Mutation.discountCodeBasicCreate": "write_discounts",
    "Mutation.discountCodeDeactivate": "write_discounts",
    "Mutation.customerEmailMarketingConsentUpdate": "write_customers",
    "Mutation.refundCreate": "write_orders",
    "Mutation.returnRequest": "write_returns",
    "Mutation.returnCreate": "write_returns",
    "Mutation.returnApproveRequest": "write_returns",
    "Mutation.returnDeclineRequest": "write_returns",
    "Mutation.returnCancel": "write_returns",
    "Mutation.returnClose": "write_returns",
    "Mutation.returnReopen": "write_returns",
    "Mutation.returnProcess": "write_returns",
    "Mutation.removeFromReturn": "write_returns",
    "CustomerEmailAddress.marketingUnsubscribeUrl": "write_customers",
    "Order.customer": "read_customers",
    "Order.fulfillments": "read_fulfillments",
    "Order.returnStatus": "read_returns",
    "Order.returns": "read_returns",
    "Return.order": "read_orders",
    "ReturnableFulfillmentLineItem.fulfillmentLineItem": "read_orders",
    "Refund.return": "read_returns",
    "LineItem.product": "read_products",
    "LineItem.variant": "read_products",
    "DiscountCustomers.customers": "read_customers",
}

PERSONAL_FIELDS = {
    "Order": {"email", "phone"},
    "Customer": {"firstName", "lastName", "displayName", "email", "phone", "defaultEmailAddress"},
    "MailingAddress": {
        "address1",
        "address2",
        "city",
        "company",
        "firstName",
        "lastName",
        "name",
        "phone",
        "zip",
    },
}


def access_denied(field: str, scope: str) -> GraphQLError:
    """Return Shopify's error for a missing scope."""
    needed = f"`{scope}` access scope."
    return GraphQLError(
        f"Access denied for {field} field. Required access: {needed}",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": needed,
        },
    )


def not_approved(field: str) -> GraphQLError:
    """Return Shopify's error for protected customer data without approval."""
    return GraphQLError(
        f"This app is not approved to use the {field} field. See "
        "https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/docs/apps/launch/protected-customer-data",
        },
    )
