"""Every metric of Tollgate, declared here and nowhere else; a test checks names and documents.

Served on METRICS_PORT. Web services run several processes: their figures are added up by
prometheus_client's multiprocess mode (see `server`).
"""

from functools import lru_cache
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

M = TypeVar("M", Counter, Gauge, Histogram)

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

http_requests = Counter(
    "tollgate_http_requests",
    "Requests answered.",
    ("service", "method", "route", "status"),
)
http_request_seconds = Histogram(
    "tollgate_http_request_seconds",
    "Time until the answer's headers were ready.",
    ("service", "route"),
    buckets=_SECONDS,
)
tickets_opened = Counter("tollgate_tickets_opened", "Inference requests accepted.", ("mode",))
tickets_refused = Counter(
    "tollgate_tickets_refused", "Inference requests refused by a limit.", ("metric",)
)
logins_refused = Counter(
    "tollgate_logins_refused", "Logins refused, by method: password or sso.", ("method",)
)
requests_refused = Counter(
    "tollgate_requests_refused",
    "Inference requests refused once their caller was known, by the error's code.",
    ("code",),
)
tickets_closed = Counter(
    "tollgate_tickets_closed", "Tickets closed, by how the request ended.", ("status",)
)
tickets_lost = Counter("tollgate_tickets_lost", "Tickets booked by the reaper: their owner died.")
idempotent_requests = Counter(
    "tollgate_idempotent_requests",
    "Requests with an Idempotency-Key: first, replayed, running, reused, or not_kept.",
    ("outcome",),
)
dependency_failures = Counter(
    "tollgate_dependency_failures", "Calls to a dependency that failed.", ("dependency",)
)
principal_lookups = Counter(
    "tollgate_principal_lookups",
    "Principals found, by where: process, redis, auth, or stale.",
    ("source",),
)
provider_requests = Counter(
    "tollgate_provider_requests", "Calls to a provider, by how they ended.", ("provider", "status")
)
provider_seconds = Histogram(
    "tollgate_provider_seconds",
    "Time until a provider's answer began.",
    ("provider",),
    buckets=_SECONDS,
)
provider_ids_not_kept = Counter(
    "tollgate_provider_ids_not_kept",
    "Ids in providers' answers that could not be kept, so that a follow-up is answered 404.",
)
events_published = Counter("tollgate_events_published", "Events sent to a stream.", ("type",))
events_consumed = Counter(
    "tollgate_events_consumed", "Events taken from a stream, by outcome.", ("type", "outcome")
)
ledger_rows = Counter("tollgate_ledger_rows", "Rows written to the ledger.")
ledger_unpriced_requests = Counter(
    "tollgate_ledger_unpriced_requests",
    "Requests booked that used something nobody knows the price of.",
)
ledger_capped_requests = Counter(
    "tollgate_ledger_capped_requests",
    "Requests booked that were reported with more usage than is possible.",
)
ledger_estimated_requests = Counter(
    "tollgate_ledger_estimated_requests",
    "Requests booked by an estimate: their answers reported no usage, or none that can be read.",
)
ledger_lag_entries = Gauge(
    "tollgate_ledger_lag_entries",
    "Usage events not yet in the ledger.",
    multiprocess_mode="mostrecent",
)
ledger_lag_seconds = Gauge(
    "tollgate_ledger_lag_seconds",
    "Age of the oldest usage event not yet in the ledger.",
    multiprocess_mode="mostrecent",
)
ledger_unread_seconds = Gauge(
    "tollgate_ledger_unread_seconds",
    "Age of the oldest usage event that no consumer has been given yet.",
    multiprocess_mode="mostrecent",
)
ledger_parked_events = Gauge(
    "tollgate_ledger_parked_events",
    "Usage events that could not be booked and wait for somebody to look at them.",
    multiprocess_mode="mostrecent",
)
ledger_months_archived = Counter(
    "tollgate_ledger_months_archived",
    "Months of the ledger written to a file, by what became of them: archived or kept.",
    ("outcome",),
)
books_drift = Gauge(
    "tollgate_books_drift",
    "Places where two of the books disagree, by kind, at the last verification.",
    ("kind",),
    multiprocess_mode="mostrecent",
)
jobs_finished = Counter("tollgate_jobs_finished", "Queued jobs finished.", ("queue", "status"))
job_waits = Counter(
    "tollgate_job_waits",
    "Times that a queued job has waited for its turn under a limit.",
    ("queue",),
)


@lru_cache(maxsize=4096)
def labelled(metric: M, *values: str | int) -> M:
    """`metric.labels(...)`, for the hot path: it is looked for once."""
    return metric.labels(*values)
