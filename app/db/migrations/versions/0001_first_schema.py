"""The first schema: all tables of the spine (shops, stream, people, work).

While there is no release to upgrade from, the first revision creates what the models say;
every later one lists its own operations.
"""

from alembic import op

from app.db.models import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())


def downgrade() -> None:
    metadata.drop_all(op.get_bind())
