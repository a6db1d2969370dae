"""Returns with their lines, and the codes with which a customer proves an address."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.db.models.base import BigId, Json, metadata, primary_id, tenant, time

returns = Table(
    "returns",
    metadata,
    primary_id(),
    tenant(),
    Column("number", Integer, nullable=False),  # counts up within the shop: RMA-1001, …
    Column("public_ref", String(32), nullable=False, unique=True),  # in customers' addresses
    Column("order_id", String(64)),  # None: a withdrawal that matched no order
    Column("customer_id", BigId),
    Column("kind", String(12), nullable=False),  # return, withdrawal
    Column("origin", String(12), nullable=False),  # customer, store, merchant
    Column("state", String(12), nullable=False),
    Column("platform_ref", String(128)),  # the store's own return
    Column("decided_by", String(64)),  # "rules", "store" or the merchant
    Column("ruling", Json),  # what the rules said, with the trace and the settings version
    Column("value_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("locale", String(20)),
    Column("sealed", LargeBinary),  # JSON: ReturnWords; None once erased
    Column("email_hash", String(64)),  # of a withdrawal that matched no order
    Column("revision", Integer, nullable=False, default=1),
    time("requested_at", nullable=False),  # business time, as all below
    time("decided_at"),
    time("received_at"),
    time("ended_at"),
    UniqueConstraint("shop_id", "number"),
    UniqueConstraint("shop_id", "platform_ref"),
    Index("ix_returns_queue", "shop_id", "state", "id"),
    Index("ix_returns_order", "shop_id", "order_id"),
    Index("ix_returns_customer", "shop_id", "customer_id"),
    Index("ix_returns_recent", "shop_id", "requested_at"),
)

return_lines = Table(
    "return_lines",
    metadata,
    primary_id(),
    tenant(),
    Column("return_id", BigId, nullable=False),
    Column("line_id", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("variant", Text),
    Column("quantity", Integer, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("value_minor", BigInteger, nullable=False),
    UniqueConstraint("shop_id", "return_id", "line_id"),
)

otp_codes = Table(
    "otp_codes",
    metadata,
    primary_id(),
    tenant(),
    Column("public_ref", String(32), nullable=False, unique=True),  # of the look-up, in its page
    Column("sealed", LargeBinary, nullable=False),  # JSON: code, order id ("": none was found)
    Column("attempts", Integer, nullable=False, default=0),
    time("created_at", nullable=False),
    time("expires_at", nullable=False, index=True),  # wall time
    time("used_at"),
)
