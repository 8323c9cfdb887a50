"""How Alembic finds the database: through the app that Flask-Migrate runs it for.

One migration of this service runs at a time, under an advisory lock; whoever waited for it finds
the work done.
"""

from alembic import context
from flask import current_app
from sqlalchemy import text

from tollgate_common.db import create_schema
from tollgate_llm.database import metadata
from tollgate_llm.extensions import SCHEMA

ADVISORY_LOCK = 0x746C6C6D  # "tllm"

with current_app.extensions["migrate"].db.engine.connect() as connection:
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    try:
        create_schema(connection, SCHEMA)
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.invalidate()  # its statement timeout is not the service's
