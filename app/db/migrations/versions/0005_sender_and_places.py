"""What mails say of their sender, the merchant's own choice of language, and indexes for pages."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_actions_changed", "actions", ["shop_id", "ended_at", "created_at", "id"]),
    ("ix_actions_figures", "actions", ["shop_id", "state", "automation", "ended_at", "reason"]),
    ("ix_inbox_received", "inbox", ["shop_id", "source", "received_at"]),
    ("ix_journal_customer", "journal", ["shop_id", "customer_id", "id"]),
    ("ix_orders_placed", "orders", ["shop_id", "placed_at"]),
)


def upgrade() -> None:
    op.add_column("shops", sa.Column("sender_name", sa.Text(), nullable=True))
    op.add_column("shops", sa.Column("reply_to", sa.LargeBinary(), nullable=True))
    op.add_column(
        "shops",
        sa.Column("language_chosen", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns, unique=False)


def downgrade() -> None:
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    for column in ("language_chosen", "reply_to", "sender_name"):
        op.drop_column("shops", column)
