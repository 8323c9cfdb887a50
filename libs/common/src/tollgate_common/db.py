"""PostgreSQL: each service keeps its tables in a schema of its own name.

The schema is chosen by `search_path` on each connection, so neither models nor SQL name it, and
a service pointed at a database of its own works the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tollgate_common.errors import DependencyDown
from tollgate_common.errors.answers import answer
from tollgate_common.logging import get_logger
from tollgate_common.metrics import dependency_failures

log = get_logger(__name__)

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 30


def engine_options(schema: str, pool_size: int = 5) -> dict[str, Any]:
    """For `create_engine` or SQLALCHEMY_ENGINE_OPTIONS."""
    return {
        "pool_size": pool_size,
        "max_overflow": pool_size,
        "pool_timeout": CONNECT_SECONDS,
        "pool_pre_ping": True,
        "connect_args": connect_args(schema),
    }


def connect_args(schema: str) -> Mapping[str, Any]:
    timeout = STATEMENT_SECONDS * 1000
    return {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": f"tollgate-{schema}",
        "options": f"-csearch_path={schema} -cstatement_timeout={timeout} -ctimezone=UTC",
    }


def make_engine(url: str, schema: str, pool_size: int = 5) -> Engine:
    """An engine outside Flask: consumers, workers, migrations."""
    return create_engine(url, **engine_options(schema, pool_size))


def bind(app: Flask, database: SQLAlchemy, url: str, schema: str) -> Engine:
    """Give the app its database; the engine."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(schema)
    database.init_app(app)
    register_errors(app)
    with app.app_context():
        return database.engine


def create_schema(connection: Connection, schema: str) -> None:
    """The first step of every migration run. `schema` is one of our own names."""
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))


def ready(engine: Engine) -> Callable[[], object]:
    """A readiness check: the database answers."""

    def check() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    return check


def register_errors(app: Flask) -> None:
    """A database that does not answer, or has no connection left, is 503 with Retry-After."""

    def handle(error: Exception) -> Response:
        log.warning("database_unavailable", error=type(error).__name__)
        dependency_failures.labels("postgres").inc()
        return answer(DependencyDown("The database"))

    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, handle)
