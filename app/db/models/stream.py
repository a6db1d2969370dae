"""What came in, and what it made known."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.db.models.base import BigId, Json, metadata, primary_id, tenant, time

inbox = Table(
    "inbox",
    metadata,
    primary_id(),
    tenant(),
    Column("dedupe_key", String(200), nullable=False),
    Column("source", String(10), nullable=False),  # webhook, poll, import, refresh
    Column("priority", Integer, nullable=False),  # lower first
    Column("topic", String(100), nullable=False),
    Column("sealed_body", LargeBinary),  # None once dropped
    Column("state", String(10), nullable=False),  # pending, done, ignored, unknown, failed
    Column("note", Text),  # why it was ignored or failed; never content
    time("triggered_at"),
    time("received_at", nullable=False),  # wall
    time("interpreted_at"),
    UniqueConstraint("shop_id", "dedupe_key"),
    Index("ix_inbox_pending", "shop_id", "state", "priority", "id"),
    Index(
        "ix_inbox_bodies",
        "shop_id",
        "received_at",
        sqlite_where=text("sealed_body IS NOT NULL"),
        postgresql_where=text("sealed_body IS NOT NULL"),
    ),
    Index("ix_inbox_received", "shop_id", "source", "received_at"),
)

refresh = Table(
    "refresh",
    metadata,
    primary_id(),
    tenant(),
    Column("kind", String(10), nullable=False),
    Column("platform_id", String(64), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("patient", Boolean, nullable=False),  # dropped if a webhook tells it first
    time("due_at", nullable=False),  # wall
    UniqueConstraint("shop_id", "kind", "platform_id"),
    Index("ix_refresh_due", "shop_id", "due_at"),
)

events = Table(
    "events",
    metadata,
    primary_id(),
    tenant(),
    Column("type", String(30), nullable=False),
    Column("subject", String(64), nullable=False),  # order id
    Column("key", String(64), nullable=False),
    Column("customer_id", BigId),
    Column("data", Json, nullable=False),
    time("occurred_at", nullable=False),  # the platform's time
    time("known_at", nullable=False),  # business time at which we learned it
    UniqueConstraint("shop_id", "subject", "type", "key"),
    Index("ix_events_customer", "shop_id", "customer_id", "occurred_at"),
)

orders = Table(
    "orders",
    metadata,
    primary_id(),
    tenant(),
    Column("platform_id", String(64), nullable=False),
    Column("number", String(64), nullable=False),
    Column("customer_id", BigId),
    Column("doc", Json, nullable=False),  # OrderSnapshot without the person
    Column("person", LargeBinary),  # sealed JSON
    Column("currency", String(3), nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("cancelled", Boolean, nullable=False),
    Column("counts", Boolean, nullable=False),  # a real, paid order (no test, draft, bin)
    time("placed_at", nullable=False),
    time("paid_at"),
    time("version"),
    time("read_at"),  # business time of the last full read from the platform
    UniqueConstraint("shop_id", "platform_id"),
    Index("ix_orders_customer", "shop_id", "customer_id", "placed_at"),
    Index("ix_orders_number", "shop_id", "number"),
    Index("ix_orders_paid", "shop_id", "paid_at"),
    Index("ix_orders_placed", "shop_id", "placed_at"),
)

products = Table(
    "products",
    metadata,
    primary_id(),
    tenant(),
    Column("platform_id", String(64), nullable=False),
    Column("doc", Json, nullable=False),  # ProductSnapshot
    Column("gone", Boolean, nullable=False, default=False),
    time("version"),
    time("read_at"),  # business time of the last whole picture; the epoch once a part of it changed
    UniqueConstraint("shop_id", "platform_id"),
)
