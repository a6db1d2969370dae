"""Returns, their lines, and codes by mail; each shop counts its returns."""

import sqlalchemy as sa
from alembic import op

from app.db.models.base import BigId, Json, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "otp_codes",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("public_ref", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_otp_codes_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_otp_codes")),
        sa.UniqueConstraint("public_ref", name=op.f("uq_otp_codes_public_ref")),
    )
    op.create_index(op.f("ix_otp_codes_expires_at"), "otp_codes", ["expires_at"], unique=False)
    op.create_table(
        "return_lines",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("return_id", BigId, nullable=False),
        sa.Column("line_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_return_lines_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_lines")),
        sa.UniqueConstraint(
            "shop_id",
            "return_id",
            "line_id",
            name=op.f("uq_return_lines_shop_id_return_id_line_id"),
        ),
    )
    op.create_table(
        "returns",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("shop_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("public_ref", sa.String(length=32), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=True),
        sa.Column("customer_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("platform_ref", sa.String(length=128), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("ruling", Json, nullable=True),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=20), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("email_hash", sa.String(length=64), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_returns_shop_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        sa.UniqueConstraint("public_ref", name=op.f("uq_returns_public_ref")),
        sa.UniqueConstraint("shop_id", "number", name=op.f("uq_returns_shop_id_number")),
        sa.UniqueConstraint(
            "shop_id", "platform_ref", name=op.f("uq_returns_shop_id_platform_ref")
        ),
    )
    op.create_index("ix_returns_customer", "returns", ["shop_id", "customer_id"], unique=False)
    op.create_index("ix_returns_order", "returns", ["shop_id", "order_id"], unique=False)
    op.create_index("ix_returns_queue", "returns", ["shop_id", "state", "id"], unique=False)
    op.create_index("ix_returns_recent", "returns", ["shop_id", "requested_at"], unique=False)
    op.add_column(
        "shops", sa.Column("return_count", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("shops", "return_count")
    op.drop_index("ix_returns_recent", table_name="returns")
    op.drop_index("ix_returns_queue", table_name="returns")
    op.drop_index("ix_returns_order", table_name="returns")
    op.drop_index("ix_returns_customer", table_name="returns")
    op.drop_table("returns")
    op.drop_table("return_lines")
    op.drop_index(op.f("ix_otp_codes_expires_at"), table_name="otp_codes")
    op.drop_table("otp_codes")
