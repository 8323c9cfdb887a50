"""The auth service, put together."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from tollgate_auth import models as _tables  # noqa: F401 - migrations need all of them known
from tollgate_auth.attempts.service import Attempts
from tollgate_auth.audit.endpoints import namespace as audit
from tollgate_auth.audit.jobs import consume as take_changes
from tollgate_auth.audit.series.endpoints import blueprint as audit_occurrences
from tollgate_auth.audit.series.jobs import close_until as close_audit_series
from tollgate_auth.audit.series.jobs import counts_of
from tollgate_auth.clients.service import ServiceClients
from tollgate_auth.extensions import LOOKUPS, SCHEMA, VERSIONS, db
from tollgate_auth.fields import ObjectIdConverter
from tollgate_auth.housekeeping import keep_house
from tollgate_auth.invitations.endpoints import namespace as invitations
from tollgate_auth.invitations.service import LONGEST_LIFE as LONGEST_LINK
from tollgate_auth.keys.endpoints import blueprint as key_uses
from tollgate_auth.keys.endpoints import namespace as keys
from tollgate_auth.limits.endpoints import blueprint as every_limit
from tollgate_auth.limits.endpoints import namespace as limits
from tollgate_auth.members.endpoints import namespace as members
from tollgate_auth.oauth.endpoints import blueprint as oauth
from tollgate_auth.oauth.service import OAuth
from tollgate_auth.offboarding import endpoints as _offboarding  # noqa: F401 - adds to `users`
from tollgate_auth.organisations.endpoints import namespace as organisation
from tollgate_auth.outbox import outbox
from tollgate_auth.passwords import endpoints as _passwords  # noqa: F401 - adds to `sessions`
from tollgate_auth.passwords.hashing import Passwords
from tollgate_auth.principals.endpoints import blueprint as principals
from tollgate_auth.principals.repository import PrincipalRepository
from tollgate_auth.principals.service import Principals
from tollgate_auth.projects.client import SpendClient
from tollgate_auth.projects.endpoints import namespace as projects
from tollgate_auth.roles.endpoints import namespace as roles
from tollgate_auth.runtime import Runtime, runtime
from tollgate_auth.service_accounts.endpoints import namespace as service_accounts
from tollgate_auth.sessions.endpoints import me_namespace as me
from tollgate_auth.sessions.endpoints import namespace as sessions
from tollgate_auth.settings import AuthSettings
from tollgate_auth.signing_keys.endpoints import blueprint as signing_keys
from tollgate_auth.signing_keys.service import KeyRing
from tollgate_auth.sso.endpoints import namespace as sso
from tollgate_auth.sso.login import browser
from tollgate_auth.sso.login.endpoints import namespace as sso_login
from tollgate_auth.sso.login.service import SingleSignOn
from tollgate_auth.tokens import flask_jwt
from tollgate_auth.tokens.links import AUDIENCE as LINK_AUDIENCE
from tollgate_auth.tokens.links import Links
from tollgate_auth.tokens.service import ACCESS_AUDIENCE, TokenIssuer
from tollgate_auth.users.endpoints import namespace as users
from tollgate_auth.users.taken import TakenAddresses
from tollgate_common import db as databases
from tollgate_common import health, schema_version, stores, web
from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.audit import audit_counts, refusals
from tollgate_common.guard import Guard
from tollgate_common.http import ControlClient
from tollgate_common.jwt import JwksClient, TokenVerifier
from tollgate_common.restx import ManagementApi
from tollgate_common.sealing import Sealer
from tollgate_common.tickets.counts import LimitCounts

AUDIENCE = "auth"
CONNECTIONS = 8
NAMESPACES = (
    sessions, me, organisation, projects, members, keys, users, invitations, service_accounts,
    roles, limits, audit, sso, sso_login,
)  # fmt: skip


def create_app(settings: AuthSettings | None = None) -> Flask:
    """The app; it only wires. `settings` are read from the environment unless given."""
    settings = settings or AuthSettings.load()
    app = web.make_app(AUDIENCE, settings)
    app.url_map.converters["id"] = ObjectIdConverter
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=0)  # type: ignore[method-assign]
    _connect(app, settings)
    _assemble(app, settings).register(app)
    refusals.register(app, counts_of(app))
    _guard(app, settings)
    _route(app)
    return app


def create_worker() -> Flask:
    """The app as a server's worker runs it, with what it does beside its requests. On tables that
    are older than this code it does not start."""
    app = create_app()
    with app.app_context():
        engine, redis, counts = db.engine, runtime().redis, audit_counts()
    schema_version.require(engine, SCHEMA, VERSIONS)
    _start(outbox.sweep, engine, redis)
    _start(keep_house, app)
    _start(take_changes, app, redis)
    _start(counts.send_until)
    _start(close_audit_series, app)
    return app


def _start(work: Callable[..., None], *arguments: Any) -> None:
    """Run `work` for the process's life, beside its requests."""
    arguments = (*arguments, threading.Event())
    threading.Thread(target=work, args=arguments, name=work.__name__, daemon=True).start()


def _connect(app: Flask, settings: AuthSettings) -> None:
    """One pool for requests, and one for key look-ups, which wait for nothing else."""
    options = databases.engine_options(SCHEMA, CONNECTIONS)
    lookups = {"isolation_level": "AUTOCOMMIT", "pool_pre_ping": False}
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database()
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    app.config["SQLALCHEMY_BINDS"] = {LOOKUPS: {"url": settings.database(), **options, **lookups}}
    db.init_app(app)
    databases.register_errors(app)
    stores.register_errors(app)


def _assemble(app: Flask, settings: AuthSettings) -> Runtime:
    def on(bind: str | None) -> Engine:
        with app.app_context():
            return db.engines[bind]

    life = max(timedelta(days=settings.refresh_token_days), LONGEST_LINK).total_seconds()
    keyring = KeyRing(lambda: on(None), Sealer(settings.secret("encryption_key")), life)
    issuer = TokenIssuer(keyring, settings)
    principals = Principals(PrincipalRepository(lambda: on(LOOKUPS)), issuer)
    redis = stores.connect(str(settings.redis_url))

    def tokens_for(audience: str) -> TokenVerifier:
        return TokenVerifier(JwksClient(keyring.published), settings.issuer, audience)

    return Runtime(
        settings=settings,
        redis=redis,
        counts=LimitCounts(redis),
        keyring=keyring,
        issuer=issuer,
        passwords=Passwords(),
        attempts=Attempts(redis),
        links=Links(settings.public(), issuer, tokens_for(LINK_AUDIENCE)),
        principals=principals,
        oauth=OAuth(
            ServiceClients(settings.service_clients),
            issuer,
            tokens_for(ACCESS_AUDIENCE),
            principals,
            SecretAttempts(redis, "client"),
        ),
        sso=SingleSignOn(settings, redis),
        spend=SpendClient(
            ControlClient("reports", settings.reports_url),
            lambda scope: issuer.service_token(AUDIENCE, "reports", scope),
        ),
        taken=TakenAddresses(redis),
    )


def _guard(app: Flask, settings: AuthSettings) -> None:
    flask_jwt.register(app, settings.issuer)
    browser.register(app, settings)
    with app.app_context():
        parts = runtime()
        engine = db.engine
    Guard(JwksClient(parts.keyring.published), settings.issuer, AUDIENCE).register(app)
    checks = {"postgres": databases.ready(engine), "redis": health.redis(parts.redis)}
    health.register(app, checks)


def _route(app: Flask) -> None:
    for blueprint in (signing_keys, oauth, principals, key_uses, every_limit, audit_occurrences):
        app.register_blueprint(blueprint)
    ManagementApi("Tollgate: identity and limits").serve(app, NAMESPACES)
