"""Runs migrations: in auth's own schema, one process at a time, all of them or none."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from tollgate_auth.extensions import SCHEMA
from tollgate_common.db import create_schema

database = current_app.extensions["migrate"].db

with database.engine.connect() as connection:
    # The turn of another replica may take longer than any statement of ours should.
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(hashtext('tollgate-auth-migrations'))"))
    create_schema(connection, SCHEMA)
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=database.metadatas[None],
            transaction_per_migration=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
        connection.commit()
        connection.invalidate()
