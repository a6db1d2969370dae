"""Alembic's entry: our engine settings, one transaction for all migrations, but for
indexes on PostgreSQL (`exchange_index` in app/db/migrate.py).
"""

from alembic import context

from app.db.models import metadata
from app.db.session import PATIENCE, create_engine_for

url = context.config.get_main_option("sqlalchemy.url")
engine = create_engine_for(url or "").execution_options(patience=PATIENCE)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
