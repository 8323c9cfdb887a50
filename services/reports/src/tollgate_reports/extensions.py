"""Flask extensions, bound to an app in `create_app`."""

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from tollgate_common.db import engine_options
from tollgate_common.settings import CommonSettings
from tollgate_reports.database import SCHEMA, metadata

MIGRATIONS = Path(__file__).with_name("migrations")

db = SQLAlchemy(metadata=metadata)
migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=False)


def bind_database(app: Flask, settings: CommonSettings) -> SQLAlchemy:
    """Give the app its database, and Flask-Migrate's `flask db` its folder."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database()
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(SCHEMA)
    db.init_app(app)
    migrate.init_app(app, db)
    return db
