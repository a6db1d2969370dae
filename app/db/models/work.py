"""Future work, what became of it, and what it made."""

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

# Only few rows wait, and of those whose time has come each shop finds its own.
_CLAIMABLE = text("state IN ('planned', 'deferred')")
_WAITING = text("state IN ('blocked', 'deferred', 'planned')")

actions = Table(
    "actions",
    metadata,
    primary_id(),
    tenant(),
    Column("kind", String(30), nullable=False),
    Column("automation", String(30), nullable=False),
    Column("dedupe_key", String(150), nullable=False),
    Column("state", String(12), nullable=False),
    Column("order_id", String(64)),
    Column("customer_id", BigId),
    Column("payload", Json, nullable=False),
    Column("reason", String(30), nullable=False),
    Column("reason_params", Json, nullable=False),
    Column("problem", String(40)),  # the problem that blocks it
    Column("settings_version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),  # of the installation
    Column("revision", Integer, nullable=False, default=1),
    Column("attempt", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    time("due_at", nullable=False),  # business time
    time("useful_until"),  # business time
    time("not_before"),  # wall time: back-off after a failure
    time("lease_until"),  # wall time, while performing
    time("created_at", nullable=False),  # business time
    time("ended_at"),  # business time
    UniqueConstraint("shop_id", "dedupe_key"),
    Index(
        "ix_actions_claimable",
        "shop_id",
        "due_at",
        "id",
        "kind",
        "not_before",
        sqlite_where=_CLAIMABLE,
        postgresql_where=_CLAIMABLE,
    ),
    Index("ix_actions_lease", "state", "lease_until"),
    Index("ix_actions_order", "shop_id", "order_id"),
    Index("ix_actions_customer", "shop_id", "customer_id"),
    Index("ix_actions_recent", "shop_id", "id"),
    Index(
        "ix_actions_plans",
        "shop_id",
        "automation",
        "settings_version",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    Index("ix_actions_changed", "shop_id", "ended_at", "created_at", "id"),
    Index("ix_actions_figures", "shop_id", "state", "automation", "ended_at", "reason"),
)

messages = Table(
    "messages",
    metadata,
    primary_id(),
    tenant(),
    Column("customer_id", BigId),
    Column("action_id", BigId, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("marketing", Boolean, nullable=False),
    Column("message_id", String(200), nullable=False),
    Column("state", String(10), nullable=False),  # reserved, sent, uncertain, refused
    time("at", nullable=False),  # business time
    UniqueConstraint("shop_id", "action_id"),
    Index("ix_messages_budget", "shop_id", "customer_id", "at"),
    Index("ix_messages_shop", "shop_id", "at"),
)

journal = Table(
    "journal",
    metadata,
    primary_id(),
    tenant(),
    Column("verb", String(30), nullable=False),  # planned, moved, skipped, done, …
    Column("action_id", BigId),
    Column("order_id", String(64)),
    Column("customer_id", BigId),
    Column("what", String(40), nullable=False),  # action kind or event type
    Column("reason", String(30)),
    Column("params", Json, nullable=False),  # ids, codes and numbers only
    time("at", nullable=False),  # business time
    Index("ix_journal_order", "shop_id", "order_id", "id"),
    Index("ix_journal_recent", "shop_id", "id"),
    Index("ix_journal_customer", "shop_id", "customer_id", "id"),
)

problems = Table(
    "problems",
    metadata,
    primary_id(),
    tenant(),
    Column("key", String(40), nullable=False),
    Column("params", Json, nullable=False),
    time("opened_at", nullable=False),
    time("resolved_at"),
    UniqueConstraint("shop_id", "key"),
)

settings_versions = Table(
    "settings_versions",
    metadata,
    primary_id(),
    tenant(),
    Column("automation", String(30), nullable=False),  # or "contact"
    Column("version", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("data", Json, nullable=False),
    Column("changed_by", String(64), nullable=False),
    time("active_since"),  # business time of the last switching on
    time("created_at", nullable=False),
    UniqueConstraint("shop_id", "automation", "version"),
)

templates = Table(
    "templates",
    metadata,
    primary_id(),
    tenant(),
    Column("message", String(40), nullable=False),  # the kind of mail
    Column("language", String(5), nullable=False),
    Column("version", Integer, nullable=False),
    Column("texts", Json, nullable=False),  # by slot; none: all ours
    Column("changed_by", String(64), nullable=False),
    time("created_at", nullable=False),
    UniqueConstraint("shop_id", "message", "language", "version"),
)

coupons = Table(
    "coupons",
    metadata,
    primary_id(),
    tenant(),
    Column("customer_id", BigId, nullable=False),
    Column("email_hash", String(64), nullable=False),
    Column("milestone_key", String(60), nullable=False),
    Column("code", String(40), nullable=False),
    Column("state", String(10), nullable=False),  # planned, issued, voided
    Column("order_id", String(64), nullable=False),  # the order that earned it
    Column("platform_ref", String(64)),
    Column("terms", Json, nullable=False),  # percent or amount, minimum, expires_at
    time("created_at", nullable=False),
    UniqueConstraint("shop_id", "code"),
    UniqueConstraint("shop_id", "customer_id", "milestone_key"),
    UniqueConstraint("shop_id", "email_hash", "milestone_key"),
    Index("ix_coupons_order", "shop_id", "order_id"),
)

reviews = Table(
    "reviews",
    metadata,
    primary_id(),
    tenant(),
    Column("order_id", String(64), nullable=False),
    Column("product_id", String(64), nullable=False),
    Column("customer_id", BigId),
    Column("rating", Integer, nullable=False),
    Column("sealed", LargeBinary),  # JSON: text, author; None once erased
    Column("revision", Integer, nullable=False, default=1),
    Column("published_revision", Integer, nullable=False, default=0),
    Column("platform_ref", String(128)),
    time("created_at", nullable=False),
    time("updated_at", nullable=False),
    UniqueConstraint("shop_id", "order_id", "product_id"),
    Index("ix_reviews_product", "shop_id", "product_id"),
    Index("ix_reviews_customer", "shop_id", "customer_id"),
)

privacy_requests = Table(
    "privacy_requests",
    metadata,
    primary_id(),
    tenant(),
    Column("kind", String(20), nullable=False),  # data_request, customer_redact, shop_redact
    Column("sealed", LargeBinary),  # JSON: person, order ids; None once done
    Column("state", String(10), nullable=False),  # open, done
    Column("inbox_id", BigInteger, nullable=False),
    time("requested_at", nullable=False),
    time("done_at"),
    UniqueConstraint("shop_id", "inbox_id"),
)

exports = Table(
    "exports",
    metadata,
    primary_id(),
    tenant(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("filename", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    time("created_at", nullable=False),
    time("expires_at", nullable=False),
)
