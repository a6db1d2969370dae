"""Customers: one canonical row each, known by hashes only."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from app.db.models.base import BigId, metadata, primary_id, tenant, time

customers = Table(
    "customers",
    metadata,
    primary_id(),
    tenant(),
    Column("merged_into", BigId),  # the canonical customer, once merged
    Column("person", LargeBinary),  # sealed JSON Person; None once erased
    Column("locale", String(20)),
    Column("country", String(2)),
    Column("baseline_orders", Integer),
    Column("baseline_minor", BigInteger),
    Column("baseline_currency", String(3)),
    time("baseline_as_of"),
    time("baseline_first_at"),
    time("created_at", nullable=False),
    time("erased_at"),
    time("version"),
    Index("ix_customers_shop", "shop_id", "id"),
)

identities = Table(
    "identities",
    metadata,
    primary_id(),
    tenant(),
    Column("kind", String(10), nullable=False),  # email, platform
    Column("value_hash", String(64), nullable=False),
    Column("customer_id", BigId, nullable=False),
    UniqueConstraint("shop_id", "kind", "value_hash"),
    Index("ix_identities_customer", "shop_id", "customer_id"),
)

consents = Table(
    "consents",
    metadata,
    primary_id(),
    tenant(),
    Column("customer_id", BigId, nullable=False),
    Column("channel", String(10), nullable=False),
    Column("state", String(15), nullable=False),
    Column("source", String(20), nullable=False),
    time("at", nullable=False),
    UniqueConstraint("shop_id", "customer_id", "channel", "source"),
)

suppressions = Table(
    "suppressions",
    metadata,
    primary_id(),
    tenant(),
    Column("value_hash", String(64), nullable=False),  # of the e-mail address; outlives erasure
    Column("scope", String(20), nullable=False),  # all, review_request, coupon, address_refused
    time("at", nullable=False),
    UniqueConstraint("shop_id", "value_hash", "scope"),
)

erasures = Table(
    "erasures",
    metadata,
    primary_id(),
    tenant(),
    Column("kind", String(10), nullable=False),  # email, platform, order
    Column("value_hash", String(64), nullable=False),
    time("at", nullable=False),
    UniqueConstraint("shop_id", "kind", "value_hash"),
)
