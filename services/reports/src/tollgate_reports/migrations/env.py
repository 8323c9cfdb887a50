"""Runs migrations in one transaction, one runner at a time, inside the service's own schema."""

from alembic import context
from flask import current_app
from sqlalchemy import text

from tollgate_common.db import create_schema
from tollgate_reports.database import SCHEMA, metadata

LOCK = 7_226_000


def is_ours(item: object, name: str | None, kind: str, reflected: bool, _: object) -> bool:
    """Partitions come and go without a migration."""
    return not (kind == "table" and reflected and (name or "").startswith("ledger_"))


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        create_schema(connection, SCHEMA)
        context.configure(connection=connection, target_metadata=metadata, include_object=is_ours)
        context.run_migrations()


run()
