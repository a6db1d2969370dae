"""Old bodies and wishes to read again are found per shop, without looking at the others."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WITH_BODY = sa.text("sealed_body IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_inbox_bodies",
        "inbox",
        ["shop_id", "received_at"],
        unique=False,
        sqlite_where=_WITH_BODY,
        postgresql_where=_WITH_BODY,
    )
    op.drop_index("ix_inbox_stranded", table_name="inbox")
    op.create_index("ix_refresh_due", "refresh", ["shop_id", "due_at"], unique=False)
    op.drop_index("ix_refresh_due_at", table_name="refresh")


def downgrade() -> None:
    op.create_index("ix_refresh_due_at", "refresh", ["due_at"], unique=False)
    op.drop_index("ix_refresh_due", table_name="refresh")
    op.create_index("ix_inbox_stranded", "inbox", ["state", "received_at"], unique=False)
    op.drop_index("ix_inbox_bodies", table_name="inbox")
