"""The llm service."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from tollgate_common import db as databases
from tollgate_common import hangups, health, schema_version, stores
from tollgate_common.audit import audit_counts, refusals
from tollgate_common.restx import ManagementApi
from tollgate_common.web import make_app
from tollgate_llm.catalog.endpoints import namespace as models
from tollgate_llm.composition import SERVICE, compose
from tollgate_llm.extensions import SCHEMA, VERSIONS, db
from tollgate_llm.inference import endpoints as inference
from tollgate_llm.inference import listing, protocols
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
    refusals.register(app, parts.audit)
    inference.register(app, parts.inference)
    listing.register(app, parts.router, parts.billing)
    jobs.register(app, parts.jobs)
    app.extensions["providers"] = parts.providers
    app.extensions["catalog"] = parts.catalog
    app.extensions["snapshots"] = parts.snapshots
    app.extensions["redis"] = parts.redis
    app.extensions["health"] = parts.health
    app.extensions["cashier"] = parts.cashier
    app.extensions["overlay"] = parts.overlay
    ManagementApi("Tollgate llm").serve(app, (providers, models, jobs.namespace))
    checks = {
        "postgres": databases.ready(engine),
        "redis": health.redis(parts.redis),
        "load": parts.capacity.check,
    }
    health.register(app, checks)
    return app


def create_worker() -> Flask:
    """The app as a server's worker runs it: not on tables older than this code, with everything
    loaded that a request needs, and with what it does beside its requests."""
    app = create_app()
    protocols.load_types()
    with app.app_context():
        engine = db.engine
    schema_version.require(engine, SCHEMA, VERSIONS)
    _start(outbox.sweep, engine, app.extensions["redis"])
    _start(app.extensions["health"].follow)
    _start(app.extensions["cashier"].renew_until)
    _start(hangups.notice_until)
    with app.app_context():
        _start(audit_counts().send_until)
    _start(app.extensions["overlay"].follow)
    return app


def _start(work: Callable[..., None], *arguments: Any) -> None:
    """Run `work` for the process's life, beside its requests."""
    arguments = (*arguments, threading.Event())
    threading.Thread(target=work, args=arguments, name=work.__name__, daemon=True).start()
