"""Old bodies and wishes to read again are found per shop, without looking at the others."""

from alembic import op

from app.db.migrate import exchange_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    exchange_index(
        "ix_inbox_bodies",
        "inbox",
        ["shop_id", "received_at"],
        "sealed_body IS NOT NULL",
        old="ix_inbox_stranded",
    )
    exchange_index("ix_refresh_due", "refresh", ["shop_id", "due_at"], "", old="ix_refresh_due_at")


def downgrade() -> None:
    op.create_index("ix_refresh_due_at", "refresh", ["due_at"], unique=False)
    op.drop_index("ix_refresh_due", table_name="refresh")
    op.create_index("ix_inbox_stranded", "inbox", ["state", "received_at"], unique=False)
    op.drop_index("ix_inbox_bodies", table_name="inbox")
