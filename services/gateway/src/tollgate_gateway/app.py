"""The gateway's wiring: what is made once a process, and which part gets what."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

from flask import Flask
from flask_cors import CORS
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from tollgate_common import hangups, health, stores
from tollgate_common.attempts.secrets import SecretAttempts
from tollgate_common.audit import AuditCounts
from tollgate_common.audit.client import AuditClient
from tollgate_common.audit.origin import peer_address
from tollgate_common.http import ControlClient, ServiceTokens, jwks_fetcher
from tollgate_common.jwt import JwksClient, TokenVerifier
from tollgate_common.load import Load
from tollgate_common.refusal_counts import RefusalBook
from tollgate_common.relay import RelayClient
from tollgate_common.tickets import TicketBook
from tollgate_common.web import make_app
from tollgate_gateway import security_headers
from tollgate_gateway.idempotency.repository import KeyRepository
from tollgate_gateway.idempotency.service import IdempotencyService
from tollgate_gateway.inference.endpoints import blueprint as inference
from tollgate_gateway.inference.passed import PassedService
from tollgate_gateway.inference.relay import Relay
from tollgate_gateway.inference.service import InferenceService
from tollgate_gateway.management.endpoints import blueprint as management
from tollgate_gateway.management.front_door import FrontDoor
from tollgate_gateway.management.openapi import OpenApi
from tollgate_gateway.management.shared_address import SharedAddress
from tollgate_gateway.origins import parse_origins
from tollgate_gateway.pages.endpoints import blueprint as pages
from tollgate_gateway.principals import changes
from tollgate_gateway.principals.cache import PrincipalCache
from tollgate_gateway.principals.client import PrincipalClient
from tollgate_gateway.principals.service import PrincipalService
from tollgate_gateway.principals.uses import KeyUses
from tollgate_gateway.refusals.service import RefusalService
from tollgate_gateway.settings import GatewaySettings
from tollgate_gateway.tickets import reaper
from tollgate_gateway.tickets.bounds import Bounds
from tollgate_gateway.tickets.model_facts import ModelFactsClient
from tollgate_gateway.tickets.service import TicketOffice

Task = Callable[[threading.Event], object]

SERVICE = "gateway"
ACCESS_AUDIENCE = "tollgate"
MEGABYTE = 1024 * 1024


def create_app(settings: GatewaySettings | None = None) -> Flask:
    return _assembled(settings or GatewaySettings.load())[0]


def create_worker() -> Flask:
    """The app as a server's worker runs it, with what it does beside its requests."""
    app, tasks = _assembled(GatewaySettings.load())
    for task in tasks:
        threading.Thread(target=task, args=(threading.Event(),), daemon=True).start()
    return app


def _assembled(settings: GatewaySettings) -> tuple[Flask, Sequence[Task]]:
    """The app, and what goes on beside it until an event is set."""
    app = make_app(SERVICE, settings, is_edge=True)
    _trust_proxies(app, settings.trusted_proxies)
    redis = stores.connect(str(settings.redis_url))
    stores.register_errors(app)

    auth = ControlClient("auth", settings.auth_url)
    fetch_jwks = jwks_fetcher(auth)
    services = {
        "auth": RelayClient(settings.auth_url),
        "llm": RelayClient(settings.llm_url),
        "reports": RelayClient(settings.reports_url),
    }
    cache = PrincipalCache(redis)
    tokens = ServiceTokens(auth, SERVICE, settings.secret("service_client_secret"))
    uses = KeyUses(auth, tokens)
    counts = AuditCounts(AuditClient(auth, tokens).deliver, peer_address)
    jwks = JwksClient(fetch_jwks)
    principals = PrincipalService(
        cache,
        PrincipalClient(auth, tokens),
        access_tokens=TokenVerifier(jwks, settings.issuer, ACCESS_AUDIENCE),
        service_tokens=TokenVerifier(jwks, settings.issuer, SERVICE),
        uses=uses,
        counts=counts,
        attempts=SecretAttempts(redis, "key"),
    )
    book = TicketBook(redis, SERVICE)
    facts = ModelFactsClient(services["llm"])
    office = TicketOffice(book, Bounds(facts, settings.default_max_output_tokens))

    load = Load(settings.max_requests)
    idempotency = IdempotencyService(KeyRepository(redis, settings.idempotency_mb * MEGABYTE))
    refusals = RefusalService(RefusalBook(redis))
    app.extensions["inference"] = InferenceService(
        principals, office, Relay(services["llm"], office), load, idempotency, refusals
    )
    app.extensions["passed"] = PassedService(principals, services["llm"])
    app.extensions["front_door"] = FrontDoor(
        principals, services, SharedAddress(settings.trusted_proxies)
    )
    app.extensions["jwks"] = fetch_jwks
    app.extensions["openapi"] = OpenApi(services)
    _serve(app, settings, redis, load)
    return app, _tasks(redis, cache, uses, idempotency, book, refusals, counts)


def _serve(app: Flask, settings: GatewaySettings, redis: Redis, load: Load) -> None:
    """Register the routes, with what every answer has."""
    for blueprint in (inference, management, pages):
        app.register_blueprint(blueprint)
    security_headers.register(app, settings.public_url)
    _allow_browsers(app, settings)
    checks = {"redis": health.redis(redis), "llm": _lives(settings.llm_url), "load": load.check}
    health.register(app, checks)


def _tasks(
    redis: Redis,
    cache: PrincipalCache,
    uses: KeyUses,
    idempotency: IdempotencyService,
    book: TicketBook,
    refusals: RefusalService,
    counts: AuditCounts,
) -> Sequence[Task]:
    """Return what goes on beside the requests."""
    return (
        partial(changes.listen, redis, cache),
        uses.tell_until,
        idempotency.renew_until,
        partial(reaper.reap_until, book),
        refusals.send_until,
        counts.send_until,
        hangups.notice_until,
    )


def _trust_proxies(app: Flask, number: int) -> None:
    """The caller's address is what so many proxies say; with none, what connects."""
    if number:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=0)  # type: ignore[method-assign]


def _allow_browsers(app: Flask, settings: GatewaySettings) -> None:
    if origins := parse_origins(settings.cors_origins):
        CORS(
            app,
            origins=origins,
            expose_headers=["x-request-id", "x-client-request-id", "retry-after"],
        )


def _lives(base_url: str) -> health.Check:
    client = ControlClient("llm", base_url)
    return lambda: client.json("GET", "/healthz", timeout=1.0)
