"""The first schema: all tables of the spine (shops, stream, people, work)."""

import sqlalchemy as sa
from alembic import op

from app.db.models.base import BigId, Json, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "business_clock",
    "credentials",
    "leases",
    "nonces",
    "shops",
    "sync_cursors",
    "actions",
    "consents",
    "coupons",
    "customers",
    "erasures",
    "events",
    "exports",
    "identities",
    "inbox",
    "installations",
    "journal",
    "messages",
    "orders",
    "privacy_requests",
    "problems",
    "products",
    "refresh",
    "reviews",
    "settings_versions",
    "suppressions",
    "webhook_subscriptions",
)


def upgrade() -> None:
    op.create_table(
        "business_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offset_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_clock")),
    )
    op.create_table(
        "credentials",
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "nonces",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=True),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nonces")),
        sa.UniqueConstraint("purpose", "value_hash", name=op.f("uq_nonces_purpose_value_hash")),
    )
    op.create_index(op.f("ix_nonces_expires_at"), "nonces", ["expires_at"], unique=False)
    op.create_table(
        "shops",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_email", sa.LargeBinary(), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("colour", sa.String(length=7), nullable=True),
        sa.Column("logo_url", sa.Text(), nullable=True),
        sa.Column("postal_address", sa.Text(), nullable=True),
        sa.Column("public_ref", sa.String(length=32), nullable=False),
        sa.Column("hash_key", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("history_complete", sa.Boolean(), nullable=False),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
        sa.UniqueConstraint("platform", "domain", name=op.f("uq_shops_platform_domain")),
        sa.UniqueConstraint("public_ref", name=op.f("uq_shops_public_ref")),
    )
    op.create_table(
        "sync_cursors",
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("shop_id", "name", name=op.f("pk_sync_cursors")),
    )
    op.create_table(
        "actions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("automation", sa.String(length=30), nullable=False),
        sa.Column("dedupe_key", sa.String(length=150), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("payload", Json, nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("reason_params", Json, nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("useful_until", UtcTime(), nullable=True),
        sa.Column("not_before", UtcTime(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_actions_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
        sa.UniqueConstraint("shop_id", "dedupe_key", name=op.f("uq_actions_shop_id_dedupe_key")),
    )
    op.create_index("ix_actions_customer", "actions", ["shop_id", "customer_id"], unique=False)
    op.create_index("ix_actions_due", "actions", ["state", "due_at", "shop_id"], unique=False)
    op.create_index("ix_actions_lease", "actions", ["state", "lease_until"], unique=False)
    op.create_index("ix_actions_order", "actions", ["shop_id", "order_id"], unique=False)
    op.create_index("ix_actions_recent", "actions", ["shop_id", "id"], unique=False)
    op.create_table(
        "consents",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_consents_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint(
            "shop_id",
            "customer_id",
            "channel",
            "source",
            name=op.f("uq_consents_shop_id_customer_id_channel_source"),
        ),
    )
    op.create_table(
        "coupons",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.Column("email_hash", sa.String(length=64), nullable=False),
        sa.Column("milestone_key", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("platform_ref", sa.String(length=64), nullable=True),
        sa.Column("terms", Json, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_coupons_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("shop_id", "code", name=op.f("uq_coupons_shop_id_code")),
        sa.UniqueConstraint(
            "shop_id",
            "customer_id",
            "milestone_key",
            name=op.f("uq_coupons_shop_id_customer_id_milestone_key"),
        ),
        sa.UniqueConstraint(
            "shop_id",
            "email_hash",
            "milestone_key",
            name=op.f("uq_coupons_shop_id_email_hash_milestone_key"),
        ),
    )
    op.create_index("ix_coupons_order", "coupons", ["shop_id", "order_id"], unique=False)
    op.create_table(
        "customers",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("merged_into", BigId, nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(length=20), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("baseline_orders", sa.Integer(), nullable=True),
        sa.Column("baseline_minor", sa.BigInteger(), nullable=True),
        sa.Column("baseline_currency", sa.String(length=3), nullable=True),
        sa.Column("baseline_as_of", UtcTime(), nullable=True),
        sa.Column("baseline_first_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("erased_at", UtcTime(), nullable=True),
        sa.Column("version", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_customers_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index("ix_customers_shop", "customers", ["shop_id", "id"], unique=False)
    op.create_table(
        "erasures",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_erasures_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint(
            "shop_id", "kind", "value_hash", name=op.f("uq_erasures_shop_id_kind_value_hash")
        ),
    )
    op.create_table(
        "events",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("data", Json, nullable=False),
        sa.Column("occurred_at", UtcTime(), nullable=False),
        sa.Column("known_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_events_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "shop_id", "subject", "type", "key", name=op.f("uq_events_shop_id_subject_type_key")
        ),
    )
    op.create_index(
        "ix_events_customer", "events", ["shop_id", "customer_id", "occurred_at"], unique=False
    )
    op.create_table(
        "exports",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_exports_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_exports_token_hash")),
    )
    op.create_table(
        "identities",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_identities_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint(
            "shop_id", "kind", "value_hash", name=op.f("uq_identities_shop_id_kind_value_hash")
        ),
    )
    op.create_index(
        "ix_identities_customer", "identities", ["shop_id", "customer_id"], unique=False
    )
    op.create_table(
        "inbox",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("triggered_at", UtcTime(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("interpreted_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_inbox_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("shop_id", "dedupe_key", name=op.f("uq_inbox_shop_id_dedupe_key")),
    )
    op.create_index(
        "ix_inbox_pending", "inbox", ["shop_id", "state", "priority", "id"], unique=False
    )
    op.create_index("ix_inbox_stranded", "inbox", ["state", "received_at"], unique=False)
    op.create_table(
        "installations",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_installations_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
        sa.UniqueConstraint(
            "shop_id", "generation", name=op.f("uq_installations_shop_id_generation")
        ),
    )
    op.create_table(
        "journal",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("verb", sa.String(length=30), nullable=False),
        sa.Column("action_id", BigId, nullable=True),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=True),
        sa.Column("params", Json, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_journal_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_order", "journal", ["shop_id", "order_id", "id"], unique=False)
    op.create_index("ix_journal_recent", "journal", ["shop_id", "id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("action_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("marketing", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_messages_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("shop_id", "action_id", name=op.f("uq_messages_shop_id_action_id")),
    )
    op.create_index(
        "ix_messages_budget", "messages", ["shop_id", "customer_id", "at"], unique=False
    )
    op.create_index("ix_messages_shop", "messages", ["shop_id", "at"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("platform_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("doc", Json, nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("paid_at", UtcTime(), nullable=True),
        sa.Column("version", UtcTime(), nullable=True),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_orders_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("shop_id", "platform_id", name=op.f("uq_orders_shop_id_platform_id")),
    )
    op.create_index(
        "ix_orders_customer", "orders", ["shop_id", "customer_id", "placed_at"], unique=False
    )
    op.create_index("ix_orders_number", "orders", ["shop_id", "number"], unique=False)
    op.create_index("ix_orders_paid", "orders", ["shop_id", "paid_at"], unique=False)
    op.create_table(
        "privacy_requests",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_privacy_requests_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
        sa.UniqueConstraint(
            "shop_id", "inbox_id", name=op.f("uq_privacy_requests_shop_id_inbox_id")
        ),
    )
    op.create_table(
        "problems",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("resolved_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_problems_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problems")),
        sa.UniqueConstraint("shop_id", "key", name=op.f("uq_problems_shop_id_key")),
    )
    op.create_table(
        "products",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("platform_id", sa.String(length=64), nullable=False),
        sa.Column("doc", Json, nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("version", UtcTime(), nullable=True),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_products_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("shop_id", "platform_id", name=op.f("uq_products_shop_id_platform_id")),
    )
    op.create_table(
        "refresh",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("platform_id", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("patient", sa.Boolean(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_refresh_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh")),
        sa.UniqueConstraint(
            "shop_id", "kind", "platform_id", name=op.f("uq_refresh_shop_id_kind_platform_id")
        ),
    )
    op.create_index(op.f("ix_refresh_due_at"), "refresh", ["due_at"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("product_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("published_revision", sa.Integer(), nullable=False),
        sa.Column("platform_ref", sa.String(length=128), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_reviews_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint(
            "shop_id", "order_id", "product_id", name=op.f("uq_reviews_shop_id_order_id_product_id")
        ),
    )
    op.create_index("ix_reviews_customer", "reviews", ["shop_id", "customer_id"], unique=False)
    op.create_index("ix_reviews_product", "reviews", ["shop_id", "product_id"], unique=False)
    op.create_table(
        "settings_versions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("automation", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("active_since", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_settings_versions_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings_versions")),
        sa.UniqueConstraint(
            "shop_id",
            "automation",
            "version",
            name=op.f("uq_settings_versions_shop_id_automation_version"),
        ),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("value_hash", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_suppressions_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint(
            "shop_id", "value_hash", "scope", name=op.f("uq_suppressions_shop_id_value_hash_scope")
        ),
    )
    op.create_table(
        "webhook_subscriptions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("platform_ref", sa.String(length=64), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"],
            ["shops.id"],
            name=op.f("fk_webhook_subscriptions_shop_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_subscriptions")),
        sa.UniqueConstraint("token", name=op.f("uq_webhook_subscriptions_token")),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
