"""Builds the parts of the service and gives each what it needs: the one composition root.

Web processes and the worker use the same parts; nothing here connects anywhere yet.
"""

from typing import NamedTuple

import gevent.socket
from redis import Redis
from sqlalchemy import Engine

from tollgate_common import stores
from tollgate_common.address_policy import networks_of
from tollgate_common.audit import AuditCounts
from tollgate_common.audit.client import AuditClient
from tollgate_common.audit.origin import forwarded_address
from tollgate_common.guard import Guard
from tollgate_common.http import ControlClient, ServiceTokens, jwks_fetcher
from tollgate_common.jwt import JwksClient
from tollgate_common.load import Load
from tollgate_common.outbound import Outbound
from tollgate_common.sealing import Sealer
from tollgate_common.tickets import TicketBook
from tollgate_llm.affinity.repository import IdRepository
from tollgate_llm.affinity.service import AffinityService
from tollgate_llm.catalog.service import CatalogService
from tollgate_llm.inference.account import Cashier
from tollgate_llm.inference.asking import Asker
from tollgate_llm.inference.billing import Billing
from tollgate_llm.inference.cache import AnswerCache
from tollgate_llm.inference.learned import LearnedCapabilities
from tollgate_llm.inference.service import InferenceService
from tollgate_llm.jobs.errors import MEGABYTE
from tollgate_llm.jobs.repository import Queue
from tollgate_llm.jobs.service import JobService
from tollgate_llm.pricing import overlay
from tollgate_llm.pricing.overlay_watcher import OverlayWatcher
from tollgate_llm.pricing.price_list import PriceList
from tollgate_llm.providers.platform import environment_addresses, platform_providers, sandbox
from tollgate_llm.providers.reach import Reach
from tollgate_llm.providers.service import ProviderService
from tollgate_llm.providers.upstreams import Upstreams
from tollgate_llm.routing.health import Health
from tollgate_llm.routing.loading import Builder, load
from tollgate_llm.routing.service import Router
from tollgate_llm.routing.snapshots import Snapshots
from tollgate_llm.settings import LlmSettings

SERVICE = "llm"


class Parts(NamedTuple):
    redis: Redis
    guard: Guard
    audit: AuditCounts
    providers: ProviderService
    catalog: CatalogService
    snapshots: Snapshots
    router: Router
    health: Health
    capacity: Load
    cashier: Cashier
    inference: InferenceService
    jobs: JobService
    billing: Billing
    overlay: OverlayWatcher


def _reach(settings: LlmSettings) -> Reach:
    networks = networks_of(settings.outbound_networks)
    outbound = Outbound(networks, lookup=gevent.socket.getaddrinfo)
    return Reach(environment_addresses(settings), outbound)


def _upstreams(settings: LlmSettings, reach: Reach) -> Upstreams:
    return Upstreams(
        reach,
        settings.provider_connect_timeout,
        settings.provider_read_timeout,
        settings.provider_chunk_timeout,
    )


def _tokens(settings: LlmSettings, auth: ControlClient) -> ServiceTokens:
    return ServiceTokens(auth, SERVICE, settings.secret("service_client_secret"))


def compose(settings: LlmSettings, engine: Engine) -> Parts:
    redis = stores.connect(str(settings.redis_url))
    auth = ControlClient("auth", settings.auth_url)
    guard = Guard(JwksClient(jwks_fetcher(auth)), settings.issuer, SERVICE)
    platform = platform_providers(settings)
    prices = PriceList(overlay=overlay.read(settings.price_overlay_file))
    billing = Billing(prices)

    reach = _reach(settings)
    providers = ProviderService(Sealer(settings.secret("encryption_key")), platform, reach)
    snapshots = Snapshots(
        load=lambda org: load(engine, org),
        build=Builder(platform, providers).build,
        redis=redis,
        max_age=settings.snapshot_seconds,
    )
    router = Router(snapshots, prices, sandbox(settings))
    health = Health(redis)
    upstreams = _upstreams(settings, reach)
    capacity = Load(settings.max_requests)
    cache = AnswerCache(redis, settings.cache_entries, settings.secret("encryption_key"))
    cashier = Cashier(TicketBook(redis, SERVICE), billing)
    learned = LearnedCapabilities()
    asker = Asker(upstreams, health, learned)
    affinity = AffinityService(IdRepository(redis, settings.secret("encryption_key")))
    inference = InferenceService(
        router, asker, health, cashier, cache, affinity, capacity, learned, settings
    )
    most = Queue(settings.jobs_max_queued, settings.jobs_max_mb * MEGABYTE)
    jobs = JobService(stores.connect(settings.queues()), most)
    return Parts(
        redis,
        guard,
        AuditCounts(AuditClient(auth, _tokens(settings, auth)).deliver, forwarded_address),
        providers,
        CatalogService(router, health),
        snapshots,
        router,
        health,
        capacity,
        cashier,
        inference,
        jobs,
        billing,
        OverlayWatcher(prices, settings.price_overlay_file),
    )
