"""The llm service."""

from flask import Flask

from tollgate_common import db as database
from tollgate_common import health, stores
from tollgate_common.web import make_app
from tollgate_llm.composition import SERVICE, compose
from tollgate_llm.extensions import SCHEMA, db, migrate
from tollgate_llm.inference import endpoints as inference
from tollgate_llm.settings import LlmSettings


def create_app(settings: LlmSettings | None = None) -> Flask:
    """Wires the service; connects nowhere."""
    settings = settings or LlmSettings.load()
    app = make_app(SERVICE, settings)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database()
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(SCHEMA)
    db.init_app(app)
    migrate.init_app(app, db)
    with app.app_context():
        engine = db.engine
    parts = compose(settings, engine)
    parts.guard.register(app)
    inference.register(app, parts.inference)
    database.register_errors(app)
    stores.register_errors(app)
    health.register(app, {
        "postgres": health.postgres(lambda: engine),
        "redis": health.redis(parts.redis),
    })  # fmt: skip
    return app
