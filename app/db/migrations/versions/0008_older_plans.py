"""Rows decided under older settings are found without going through all that wait."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('blocked', 'deferred', 'planned')")


def upgrade() -> None:
    op.create_index(
        "ix_actions_plans",
        "actions",
        ["shop_id", "automation", "settings_version"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_actions_plans", table_name="actions")
