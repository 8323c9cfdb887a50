"""The wiring of the service that answers: what is made once a process, and who gets it."""

from typing import Any

from flask import Flask, Response, jsonify
from sqlalchemy import Engine

from tollgate_common import db as common_db
from tollgate_common import health, stores
from tollgate_common.guard import Guard, public
from tollgate_common.http import ControlClient, jwks_fetcher
from tollgate_common.jwt import JwksClient
from tollgate_common.restx import ManagementApi
from tollgate_common.web import make_app
from tollgate_reports.extensions import bind_database
from tollgate_reports.ledger.freshness import as_of
from tollgate_reports.reports.endpoints import api as reports_api
from tollgate_reports.reports.jobs import enqueuer
from tollgate_reports.reports.links import Links
from tollgate_reports.reports.service import ReportService
from tollgate_reports.requests.endpoints import api as requests_api
from tollgate_reports.requests.service import RequestService
from tollgate_reports.settings import ReportsSettings
from tollgate_reports.usage.endpoints import api as usage_api
from tollgate_reports.usage.service import UsageService

SERVICE = "reports"


def create_app(settings: ReportsSettings | None = None) -> Flask:
    settings = settings or ReportsSettings.load()
    app = make_app(SERVICE, settings)
    engine = _engine(app, settings)
    redis = stores.connect(str(settings.redis_url))
    common_db.register_errors(app)
    stores.register_errors(app)

    jwks = JwksClient(jwks_fetcher(ControlClient("auth", settings.auth_url)))
    Guard(jwks, settings.issuer, SERVICE).register(app)
    app.extensions["usage"] = UsageService(engine, as_of(redis, engine))
    app.extensions["requests"] = RequestService(engine)
    links = Links(settings.secret("encryption_key"), settings.download_seconds)
    app.extensions["reports"] = ReportService(engine, links, enqueuer(redis))
    _register_api(app)
    health.register(
        app, {"postgres": health.postgres(lambda: engine), "redis": health.redis(redis)}
    )
    return app


def _engine(app: Flask, settings: ReportsSettings) -> Engine:
    database = bind_database(app, settings)
    with app.app_context():
        return database.engine


def _register_api(app: Flask) -> None:
    api: Any = ManagementApi("Tollgate reports")
    for namespace in (usage_api, requests_api, reports_api):
        api.add_namespace(namespace)
    api.init_app(app)

    @public
    def swagger() -> Response:
        return jsonify(api.__schema__)

    app.add_url_rule("/api/v1/swagger.json", "swagger", swagger)
