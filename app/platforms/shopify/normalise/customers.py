"""Customers, their consent and lifetime totals, in both spellings."""

from datetime import datetime

from app.domain.errors import BadPayload
from app.domain.places import country_code, language_tag
from app.domain.snapshots import (
    BaselineSnapshot,
    ConsentSnapshot,
    CustomerSnapshot,
    MergedCustomers,
    Person,
    Snapshot,
)
from app.platforms.base import Ignored
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.normalise.words import consent_state


def rest_customer(body: Fields) -> CustomerSnapshot:
    """`customers/create` and `/update`. Since 2025-01 the body holds neither consent nor totals."""
    address = body.node_or_none("default_address")
    customer_id = body.id("id")
    return CustomerSnapshot(
        customer_id=customer_id,
        version=body.time("updated_at"),
        person=Person(
            email=body.text_or_none("email"),
            first_name=body.text_or_none("first_name"),
            last_name=body.text_or_none("last_name"),
            customer_id=customer_id,
        ),
        country=country_code(address.text_or_none("country_code")) if address else None,
    )


def rest_consent(body: Fields, triggered_at: datetime | None) -> ConsentSnapshot:
    """`customers_email_marketing_consent/update`; the time of a change without one is the
    delivery's own.
    """
    consent = body.node("email_marketing_consent")
    return ConsentSnapshot(
        state=consent_state(consent.text("state")),
        at=consent.time_or_none("consent_updated_at") or triggered_at,
        source="webhook",
        customer_id=body.id("customer_id"),
        email=body.text_or_none("email_address"),
    )


def merge(body: Fields) -> MergedCustomers | Ignored:
    """`customers/merge`; the only documented example is one that failed."""
    status = body.text("status").lower()
    if status == "completed":
        return MergedCustomers(
            kept=body.gid("admin_graphql_api_customer_kept_id"),
            removed=body.gid("admin_graphql_api_customer_deleted_id"),
        )
    if status in ("failed", "in_progress", "requested"):
        return Ignored("the merge is not complete")
    raise BadPayload("status: not a state of a merge that we know")


def graphql_customer(body: Fields) -> list[Snapshot]:
    """Customer with consent and totals; with `asOf` (a page of the baseline) a baseline as well.

    The first order's time is not asked for: orders older than 60 days are hidden from the app.
    """
    customer_id = body.gid()
    address = body.node_or_none("defaultEmailAddress")
    place = body.node_or_none("defaultAddress")
    email = address.text_or_none("emailAddress") if address else None
    orders, spent = body.count("numberOfOrders"), body.money_v2("amountSpent")
    customer = CustomerSnapshot(
        customer_id=customer_id,
        version=body.time("updatedAt"),
        person=Person(
            email=email,
            first_name=body.text_or_none("firstName"),
            last_name=body.text_or_none("lastName"),
            customer_id=customer_id,
        ),
        locale=language_tag(body.text_or_none("locale")),
        country=country_code(place.text_or_none("countryCodeV2")) if place else None,
        consent=_graphql_consent(address, customer_id) if address else None,
        lifetime_orders=orders,
        lifetime_spent=spent,
    )
    if "asOf" not in body:
        return [customer]
    baseline = BaselineSnapshot(
        email=email,
        customer_id=customer_id,
        orders=orders,
        spent=spent,
        as_of=body.time("asOf"),
    )
    return [customer, baseline]


def _graphql_consent(address: Fields, customer_id: str) -> ConsentSnapshot:
    return ConsentSnapshot(
        state=consent_state(address.text("marketingState")),
        at=address.time_or_none("marketingUpdatedAt"),
        source="customer",
        customer_id=customer_id,
        email=address.text_or_none("emailAddress"),
    )
