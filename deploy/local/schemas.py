"""Which services' tables are already as their migrations leave them.

A service's own `migrate` decides that too, but each takes seconds to start; here one process
looks for all, so that a second `make up` need not start them.
"""

from importlib import resources

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql

from deploy.local.programs import DATABASES


def outdated(database_url: str) -> list[str]:
    """The services that have something to migrate, or nothing yet."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        return [name for name in DATABASES if revision(connection, name) != newest(name)]


def newest(service: str) -> str | None:
    folder = resources.files(f"tollgate_{service}") / "migrations"
    return ScriptDirectory(str(folder)).get_current_head()


def revision(connection: psycopg.Connection, schema: str) -> str | None:
    """Where the schema's tables are in their history; None when they have none."""
    try:
        query = sql.SQL("SELECT version_num FROM {}.alembic_version").format(sql.Identifier(schema))
        row = connection.execute(query).fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return str(row[0]) if row else None
