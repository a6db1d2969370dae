"""Tenants, their connections, and what serves the whole installation (leases, clock)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from app.db.models.base import BigId, Json, metadata, primary_id, tenant, time

shops = Table(
    "shops",
    metadata,
    primary_id(),
    Column("platform", String(20), nullable=False),
    Column("domain", String(255), nullable=False),  # name.myshopify.com, or the home URL
    # unopened: webhooks came before the first page; connecting; active; disconnected; erased
    Column("state", String(20), nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("owner_email", LargeBinary),  # sealed
    Column("timezone", String(64), nullable=False, default="UTC"),
    Column("currency", String(3), nullable=False, default="EUR"),
    Column("country", String(2)),
    Column("language", String(5), nullable=False, default="en"),
    Column("url", Text, nullable=False, default=""),
    Column("colour", String(7)),
    Column("logo_url", Text),
    Column("postal_address", Text),
    Column("sender_name", Text),  # where mails are to say something else than the store's name
    Column("reply_to", LargeBinary),  # sealed; None: the owner's address
    # the store's own language does not replace the one that the merchant chose
    Column("language_chosen", Boolean, nullable=False, default=False, server_default=false()),
    Column("public_ref", String(32), nullable=False, unique=True),  # in customers' addresses
    Column("hash_key", LargeBinary, nullable=False),  # sealed; see crypto.py
    Column("generation", Integer, nullable=False, default=0),
    Column("history_complete", Boolean, nullable=False, default=False),
    Column("return_count", Integer, nullable=False, default=0, server_default="0"),
    time("paused_at"),
    time("created_at", nullable=False),
    UniqueConstraint("platform", "domain"),
)

installations = Table(
    "installations",
    metadata,
    primary_id(),
    tenant(),
    Column("generation", Integer, nullable=False),
    Column("scopes", Json, nullable=False),
    time("opened_at", nullable=False),
    time("closed_at"),
    UniqueConstraint("shop_id", "generation"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("shop_id", BigId, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # JSON: keys or token pair
    Column("revision", Integer, nullable=False, default=1),
    time("expires_at"),
    time("updated_at", nullable=False),
)

webhook_subscriptions = Table(
    "webhook_subscriptions",
    metadata,
    primary_id(),
    tenant(),
    Column("token", String(64), nullable=False, unique=True),  # in the delivery address
    Column("topic", String(100), nullable=False),
    Column("platform_ref", String(64)),  # None until the store answered
    Column("secret", LargeBinary, nullable=False),  # sealed
    Column("state", String(20), nullable=False),  # creating, active, distrusted, removed
    time("created_at", nullable=False),
)

sync_cursors = Table(
    "sync_cursors",
    metadata,
    Column("shop_id", BigId, primary_key=True),
    Column("name", String(40), primary_key=True),  # import, reconcile, connection, …
    Column("state", Json, nullable=False),
    time("updated_at", nullable=False),
)

nonces = Table(
    "nonces",
    metadata,
    primary_id(),
    Column("shop_id", BigId),  # None while no shop exists yet (wc-auth)
    Column("purpose", String(30), nullable=False),
    Column("value_hash", String(64), nullable=False),
    Column("sealed", LargeBinary),  # JSON bound to the nonce
    time("expires_at", nullable=False, index=True),
    time("used_at"),
    UniqueConstraint("purpose", "value_hash"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("holder", String(64), nullable=False),
    time("until", nullable=False),  # wall time
)

business_clock = Table(
    "business_clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("offset_seconds", BigInteger, nullable=False),
)

# One row: which database this is, whatever machine it lies on, and whether it is a copy.
continuity = Table(
    "continuity",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identity", String(32), nullable=False),
    time("copied_at"),  # wall; set only in a copy made by `afterglow backup`, until it is used
)

# Each time that a backup took the place of a newer database.
restorations = Table(
    "restorations",
    metadata,
    primary_id(),
    Column("found_by", String(10), nullable=False),  # copy, witness, operator
    time("lost_since", nullable=False),  # business time: what came later is not in the backup
    time("lost_until", nullable=False),  # business time: when it was noticed
    time("noticed_at", nullable=False),  # wall
)
