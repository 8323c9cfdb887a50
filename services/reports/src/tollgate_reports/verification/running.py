"""A verification put together from settings."""

from tollgate_common import stores
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_reports.database import engine_of
from tollgate_reports.settings import WorkerSettings
from tollgate_reports.verification.client import LimitClient, SandboxClient
from tollgate_reports.verification.schemas import Findings
from tollgate_reports.verification.service import Verification

ANSWER_SECONDS = 30.0
CLIENT = "reports"


def verify(settings: WorkerSettings, days: int) -> Findings:
    """With connections of its own."""
    auth = ControlClient("auth", settings.auth_url)
    tokens = ServiceTokens(auth, CLIENT, settings.secret("service_client_secret"))
    sandbox = None
    if settings.sandbox_url:
        sandbox = SandboxClient(ControlClient("sandbox", settings.sandbox_url)).served
    engine = engine_of(settings)
    redis = stores.connect(str(settings.redis_url), ANSWER_SECONDS)
    try:
        return Verification(engine, redis, LimitClient(auth, tokens).every, sandbox).run(days)
    finally:
        redis.close()
        engine.dispose()
