"""Migrations, with Flask-Migrate: in the service's own schema, one runner at a time, all or none.

A service says once what its migrations are (`Migrations`), its `env.py` calls `run`, and its
command calls `upgrade`. They run in an app that has a database and nothing else.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
from alembic import context
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData, text

from tollgate_common.db import create_schema, engine_options

IncludeObject = Callable[..., bool]


class Migrations:
    """The history of one schema. `folder` holds `env.py` and `versions`."""

    def __init__(self, schema: str, metadata: MetaData, folder: Path) -> None:
        self._schema = schema
        self._metadata = metadata
        self._folder = folder

    def upgrade(self, url: str) -> None:
        """To the newest revision."""
        with self._database(url):
            flask_migrate.upgrade()

    def downgrade(self, url: str, revision: str) -> None:
        """Back to `revision`; `base` leaves nothing but the schema and its version table."""
        with self._database(url):
            flask_migrate.downgrade(revision=revision)

    @contextmanager
    def _database(self, url: str) -> Iterator[None]:
        logging.getLogger("alembic").setLevel(logging.WARNING)
        app = Flask(self._schema)
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(self._schema)
        database = SQLAlchemy(app, metadata=self._metadata)
        flask_migrate.Migrate(app, database, directory=str(self._folder), render_as_batch=False)
        with app.app_context():
            yield
            database.engine.dispose()


def run(schema: str, include_object: IncludeObject | None = None) -> None:
    """What an `env.py` does. Whoever had to wait for another runner finds the work done."""
    database: SQLAlchemy = current_app.extensions["migrate"].db
    with database.engine.begin() as connection:
        # The turn of another runner may take longer than any statement of ours should.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        lock = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
        connection.execute(lock, {"name": f"tollgate-{schema}-migrations"})
        create_schema(connection, schema)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            include_object=include_object,
        )
        context.run_migrations()
