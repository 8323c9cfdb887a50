"""The settings of reports and of its processes; DATABASE_URL, REDIS_URL and ENCRYPTION_KEY are
common to all services."""

import socket

from pydantic import Field

from tollgate_common.settings import CommonSettings

QUEUE = "reports"


class ReportsSettings(CommonSettings):
    """Of `serve`, and what every process of the service shares."""

    port: int = Field(8083, description="Port the service listens on.")
    metrics_port: int = Field(9083, description="Port Prometheus scrapes; never the public one.")
    download_seconds: int = Field(
        3600, ge=1, description="How long a report's signed download link is good for."
    )
    reports_max_queued: int = Field(
        100, ge=1, description="Reports that an organisation may have waiting or running."
    )


class LedgerSettings(ReportsSettings):
    """Of `ledger`."""

    metrics_port: int = Field(9085, description="Port Prometheus scrapes; never the public one.")
    ledger_consumer: str = Field(
        default_factory=socket.gethostname,
        description="This consumer's name in its group; each needs its own. One that comes back "
        "under its old name goes on at once with what it had not finished; what one that does not "
        "come back had not finished, the others take up after ten seconds.",
    )
    ledger_batch: int = Field(
        500, ge=1, le=5000, description="Events taken from each of the 16 streams at a time."
    )


class WorkerSettings(ReportsSettings):
    """Of `worker`."""

    metrics_port: int = Field(9086, description="Port Prometheus scrapes; never the public one.")
    ledger_archive_url: str | None = Field(
        None,
        description="Where old months of the ledger go as Parquet files: a folder, or any address "
        "that fsspec knows. Unless it is set, every month stays in PostgreSQL.",
    )
    ledger_keep_months: int = Field(
        13, ge=2, description="Whole months before the current one that stay in PostgreSQL."
    )
    report_retention_days: int = Field(
        90, ge=1, description="Days after which a report that has ended is deleted, with its file."
    )
    sandbox_url: str | None = Field(
        None,
        description="Where the sandbox is, whose own log `verify` holds against the ledger. Unless "
        "it is set, that is left out.",
    )


class SchedulerSettings(ReportsSettings):
    """Of `scheduler`."""

    metrics_port: int = Field(9087, description="Port Prometheus scrapes; never the public one.")
