"""What is due is found per shop: one shop's long queue costs the others nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CLAIMABLE = sa.text("state IN ('planned', 'deferred')")


def upgrade() -> None:
    op.create_index(
        "ix_actions_claimable",
        "actions",
        ["shop_id", "due_at", "id", "kind", "not_before"],
        unique=False,
        sqlite_where=_CLAIMABLE,
        postgresql_where=_CLAIMABLE,
    )
    op.drop_index("ix_actions_due", table_name="actions")


def downgrade() -> None:
    op.create_index("ix_actions_due", "actions", ["state", "due_at", "shop_id"], unique=False)
    op.drop_index("ix_actions_claimable", table_name="actions")
