"""What is due is found per shop: one shop's long queue costs the others nothing."""

from alembic import op

from app.db.migrate import exchange_index

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    exchange_index(
        "ix_actions_claimable",
        "actions",
        ["shop_id", "due_at", "id", "kind", "not_before"],
        "state IN ('planned', 'deferred')",
        old="ix_actions_due",
    )


def downgrade() -> None:
    op.create_index("ix_actions_due", "actions", ["state", "due_at", "shop_id"], unique=False)
    op.drop_index("ix_actions_claimable", table_name="actions")
