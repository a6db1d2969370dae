"""Which database this is, whether it is a copy, and when a backup took the place of a newer one."""

import sqlalchemy as sa
from alembic import op

from app.db.models.base import BigId, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "continuity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.Column("copied_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_continuity")),
    )
    op.create_table(
        "restorations",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("found_by", sa.String(length=10), nullable=False),
        sa.Column("lost_since", UtcTime(), nullable=False),
        sa.Column("lost_until", UtcTime(), nullable=False),
        sa.Column("noticed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restorations")),
    )


def downgrade() -> None:
    op.drop_table("restorations")
    op.drop_table("continuity")
