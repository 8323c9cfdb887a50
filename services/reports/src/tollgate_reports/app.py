"""The wiring of the service that answers: what is made once a process, and who gets it."""

import threading

from flask import Flask

from tollgate_common import db as databases
from tollgate_common import health, schema_version, stores
from tollgate_common.audit import AuditCounts, audit_counts, refusals
from tollgate_common.audit.client import AuditClient
from tollgate_common.audit.origin import forwarded_address
from tollgate_common.guard import Guard
from tollgate_common.http import ControlClient, ServiceTokens, jwks_fetcher
from tollgate_common.jwt import JwksClient
from tollgate_common.restx import ManagementApi
from tollgate_common.web import make_app
from tollgate_reports.adjustments.endpoints import api as adjustments_api
from tollgate_reports.adjustments.service import AdjustmentService
from tollgate_reports.database import SCHEMA, VERSIONS
from tollgate_reports.extensions import db
from tollgate_reports.ledger.freshness import as_of
from tollgate_reports.outbox import outbox
from tollgate_reports.refusals.service import Refusals
from tollgate_reports.reports.endpoints import api as reports_api
from tollgate_reports.reports.jobs import enqueuer
from tollgate_reports.reports.links import Links
from tollgate_reports.reports.service import ReportService
from tollgate_reports.requests.endpoints import api as requests_api
from tollgate_reports.requests.service import RequestService
from tollgate_reports.settings import ReportsSettings
from tollgate_reports.spend.endpoints import blueprint as spend
from tollgate_reports.spend.service import SpendService
from tollgate_reports.unpriced.endpoints import api as unpriced_api
from tollgate_reports.unpriced.endpoints import blueprint as unpriced
from tollgate_reports.unpriced.service import UnpricedService
from tollgate_reports.usage.endpoints import api as usage_api
from tollgate_reports.usage.service import UsageService

SERVICE = "reports"


def create_app(settings: ReportsSettings | None = None) -> Flask:
    settings = settings or ReportsSettings.load()
    app = make_app(SERVICE, settings)
    engine = databases.bind(app, db, settings.database(), SCHEMA)
    redis = stores.connect(str(settings.redis_url))
    stores.register_errors(app)

    auth = ControlClient("auth", settings.auth_url)
    jwks = JwksClient(jwks_fetcher(auth))
    tokens = ServiceTokens(auth, SERVICE, settings.secret("service_client_secret"))
    counts = AuditCounts(AuditClient(auth, tokens).deliver, forwarded_address)
    refusals.register(app, counts)
    Guard(jwks, settings.issuer, SERVICE).register(app)
    app.extensions["usage"] = UsageService(engine, as_of(redis, engine), Refusals(engine, redis))
    app.extensions["unpriced"] = UnpricedService(engine)
    app.extensions["requests"] = RequestService(engine)
    app.extensions["adjustments"] = AdjustmentService(engine, redis)
    app.extensions["redis"] = redis
    app.extensions["spend"] = SpendService(engine)
    app.register_blueprint(spend)
    app.register_blueprint(unpriced)
    links = Links(settings.secret("encryption_key"), settings.download_seconds)
    queues = stores.connect(settings.queues())
    app.extensions["reports"] = ReportService(
        engine, links, enqueuer(queues), settings.reports_max_queued
    )
    nouns = (usage_api, unpriced_api, requests_api, adjustments_api, reports_api)
    ManagementApi("Tollgate reports").serve(app, nouns)
    health.register(app, {"postgres": databases.ready(engine), "redis": health.redis(redis)})
    return app


def create_worker() -> Flask:
    """The app as a server's worker runs it: not on tables older than this code, and with what it
    does beside its requests."""
    app = create_app()
    with app.app_context():
        engine, counts = db.engine, audit_counts()
    schema_version.require(engine, SCHEMA, VERSIONS)
    sweeping = (engine, app.extensions["redis"], threading.Event())
    threading.Thread(target=outbox.sweep, args=sweeping, name="outbox", daemon=True).start()
    counting = (threading.Event(),)
    threading.Thread(target=counts.send_until, args=counting, name="audit", daemon=True).start()
    return app
