"""The schema's history, and the way up and down it."""

from collections.abc import Iterator
from contextlib import contextmanager

import flask_migrate
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from tollgate_reports.extensions import bind_database
from tollgate_reports.ledger.service import Ledger
from tollgate_reports.settings import ReportsSettings


def upgrade(settings: ReportsSettings) -> None:
    """To the newest revision; then the ledger's partitions for the months to come."""
    with _database(settings) as database:
        flask_migrate.upgrade()
        Ledger(database.engine).make_partitions_ahead()


def downgrade(settings: ReportsSettings, revision: str) -> None:
    """Back to `revision`; `base` leaves nothing but the schema and its version table."""
    with _database(settings):
        flask_migrate.downgrade(revision=revision)


@contextmanager
def _database(settings: ReportsSettings) -> Iterator[SQLAlchemy]:
    """In the context of an app that has a database and nothing else."""
    app = Flask(__name__)
    database = bind_database(app, settings)
    with app.app_context():
        yield database
        database.engine.dispose()
