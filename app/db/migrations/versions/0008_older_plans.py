"""Rows decided under older settings are found without going through all that wait."""

from alembic import op

from app.db.migrate import exchange_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    exchange_index(
        "ix_actions_plans",
        "actions",
        ["shop_id", "automation", "settings_version"],
        "state IN ('blocked', 'deferred', 'planned')",
    )


def downgrade() -> None:
    op.drop_index("ix_actions_plans", table_name="actions")
