"""rq jobs of the verification."""

from tollgate_common.logging import get_logger
from tollgate_reports.job_context import job_settings
from tollgate_reports.verification.running import verify

DAYS = 7

log = get_logger(__name__)


def nightly() -> None:
    """Hold the books against each other, daily; what drifts is logged, and a gauge counts it."""
    settings = job_settings()
    if settings.service_client_secret is None:
        log.warning("books_not_verified", reason="SERVICE_CLIENT_SECRET is not set")
        return
    findings = verify(settings, DAYS)
    log.info("books_verified", drifts=len(findings.drifts), compared=findings.compared,
             unchecked=findings.unchecked)  # fmt: skip
