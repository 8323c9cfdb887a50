"""The worker as one more client of the gateway: the same path, tickets, limits and books."""

from typing import NamedTuple

import requests
from requests.adapters import HTTPAdapter

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ServiceTokens
from tollgate_common.metrics import dependency_failures
from tollgate_llm.jobs.models import Job
from tollgate_llm.jobs.waiting import RateRefusal, rate_refusal

CONNECT_SECONDS = 2.0
AUDIENCE, SCOPE = "gateway", "inference:act"
LARGEST_TYPE = LARGEST_ID = 128
UNAVAILABLE = 503
CONFLICT = 409


class Answer(NamedTuple):
    """What the gateway has said of a job's call, and what it calls that. `refusal`: it is no result
    yet, because a limit has no room at this moment."""

    status: int
    content_type: str
    body: bytes
    request_id: str | None = None
    refusal: RateRefusal | None = None


class GatewayClient:
    """Makes a job's call in the name of whoever asked for it. A gateway that cannot be reached or
    is not able to answer (503) is `DependencyDown`, and so is one that still answers an earlier
    attempt, whose worker has died; every other answer is the job's result. The key makes an
    earlier attempt's answer this one's: it is asked for, and paid for, once."""

    def __init__(self, base_url: str, tokens: ServiceTokens, timeout: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._tokens = tokens
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy variable must not divert calls between services
        self._session.mount("http://", HTTPAdapter())
        self._session.mount("https://", HTTPAdapter())

    def call(self, job: Job) -> Answer:
        try:
            answer = self._session.post(
                self._base_url + job.endpoint,
                data=job.body,
                headers=self._headers(job),
                timeout=(CONNECT_SECONDS, self._timeout),
                allow_redirects=False,
            )
        except requests.RequestException:
            dependency_failures.labels("gateway").inc()
            raise DependencyDown("gateway") from None
        if answer.status_code == UNAVAILABLE or _still_runs(answer):
            raise DependencyDown("gateway")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(
            status=answer.status_code,
            content_type=headers.get("content-type", "")[:LARGEST_TYPE],
            body=answer.content,
            request_id=headers.get("x-request-id", "")[:LARGEST_ID] or None,
            refusal=rate_refusal(answer.status_code, headers),
        )

    def _headers(self, job: Job) -> dict[str, str]:
        headers = {
            "authorization": f"Bearer {self._tokens.get(AUDIENCE, SCOPE)}",
            "content-type": "application/json",
            "idempotency-key": job.id,
            "x-client-request-id": job.client_request_id or job.id,
        }
        if job.endpoint.startswith("/v1/messages"):
            headers["anthropic-version"] = "2023-06-01"
        if job.key:
            headers["x-tollgate-on-behalf-key"] = job.key
        elif job.user:
            headers["x-tollgate-on-behalf-user"] = job.user
        return headers


def _still_runs(answer: requests.Response) -> bool:
    return answer.status_code == CONFLICT and "retry-after" in answer.headers
