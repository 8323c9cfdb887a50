"""The llm service."""

from typing import Any

from flask import Flask, Response, jsonify

from tollgate_common import db as database
from tollgate_common import health, stores
from tollgate_common.guard import public
from tollgate_common.restx import ManagementApi
from tollgate_common.web import make_app
from tollgate_llm.catalog.endpoints import namespace as models
from tollgate_llm.composition import SERVICE, Parts, compose
from tollgate_llm.extensions import SCHEMA, db, migrate
from tollgate_llm.inference import endpoints as inference
from tollgate_llm.inference import listing
from tollgate_llm.jobs import endpoints as jobs
from tollgate_llm.providers.endpoints import namespace as providers
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
    listing.register(app, parts.router)
    jobs.register(app, parts.jobs)
    _register_management(app, parts)
    database.register_errors(app)
    stores.register_errors(app)
    health.register(app, {
        "postgres": health.postgres(lambda: engine),
        "redis": health.redis(parts.redis),
    })  # fmt: skip
    return app


def _register_management(app: Flask, parts: Parts) -> None:
    app.extensions["providers"] = parts.providers
    app.extensions["catalog"] = parts.catalog
    app.extensions["snapshots"] = parts.snapshots
    api: Any = ManagementApi("Tollgate llm")
    for namespace in (providers, models, jobs.namespace):
        api.add_namespace(namespace)
    api.init_app(app)

    @public
    def swagger() -> Response:
        return jsonify(api.__schema__)

    app.add_url_rule("/api/v1/swagger.json", "swagger", swagger)
