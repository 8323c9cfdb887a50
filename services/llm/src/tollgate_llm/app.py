"""The llm service."""

import threading

from flask import Flask

from tollgate_common import db as databases
from tollgate_common import health, schema_version, stores
from tollgate_common.restx import ManagementApi
from tollgate_common.web import make_app
from tollgate_llm.catalog.endpoints import namespace as models
from tollgate_llm.composition import SERVICE, compose
from tollgate_llm.extensions import SCHEMA, VERSIONS, db
from tollgate_llm.inference import endpoints as inference
from tollgate_llm.inference import listing
from tollgate_llm.jobs import endpoints as jobs
from tollgate_llm.outbox import outbox
from tollgate_llm.providers.endpoints import namespace as providers
from tollgate_llm.settings import LlmSettings


def create_app(settings: LlmSettings | None = None) -> Flask:
    """Wires the service; connects nowhere."""
    settings = settings or LlmSettings.load()
    app = make_app(SERVICE, settings)
    engine = databases.bind(app, db, settings.database(), SCHEMA)
    stores.register_errors(app)
    parts = compose(settings, engine)
    parts.guard.register(app)
    inference.register(app, parts.inference)
    listing.register(app, parts.router)
    jobs.register(app, parts.jobs)
    app.extensions["providers"] = parts.providers
    app.extensions["catalog"] = parts.catalog
    app.extensions["snapshots"] = parts.snapshots
    app.extensions["redis"] = parts.redis
    ManagementApi("Tollgate llm").serve(app, (providers, models, jobs.namespace))
    health.register(app, {"postgres": databases.ready(engine), "redis": health.redis(parts.redis)})
    return app


def create_worker() -> Flask:
    """The app as a server's worker runs it: not on tables older than this code, and with the
    sweeping of its outbox."""
    app = create_app()
    with app.app_context():
        engine = db.engine
    schema_version.require(engine, SCHEMA, VERSIONS)
    arguments = (engine, app.extensions["redis"], threading.Event())
    threading.Thread(target=outbox.sweep, args=arguments, daemon=True).start()
    return app
