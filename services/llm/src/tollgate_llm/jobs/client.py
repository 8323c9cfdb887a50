"""The worker as one more client of the gateway: the same path, tickets, limits and books."""

from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from tollgate_common.errors import DependencyDown
from tollgate_common.http import ServiceTokens
from tollgate_common.metrics import dependency_failures
from tollgate_llm.jobs.models import Job
from tollgate_llm.jobs.stopping import Stopper
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
        self._url = urlsplit(base_url.rstrip("/"))
        self._tokens = tokens
        self._timeout = timeout

    def call(self, job: Job, stopper: Stopper) -> Answer:
        """A call that is stopped is `DependencyDown`, too."""
        headers = self._headers(job)
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(self._timeout)
            stopper.watch(connection.sock)
            connection.request("POST", self._url.path + job.endpoint, job.body, headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, HTTPException):
            dependency_failures.labels("gateway").inc()
            raise DependencyDown("gateway") from None
        finally:
            stopper.release()
            connection.close()
        return _answer(response, body)

    def _connection(self) -> HTTPConnection:
        """One a call: what stops it must not stop another."""
        host, port = self._url.hostname or "", self._url.port
        is_secure = self._url.scheme == "https"
        kind = HTTPSConnection if is_secure else HTTPConnection
        return kind(host, port, timeout=CONNECT_SECONDS)

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


def _answer(response: HTTPResponse, body: bytes) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    still_runs = response.status == CONFLICT and "retry-after" in headers
    if response.status == UNAVAILABLE or still_runs:
        raise DependencyDown("gateway")
    return Answer(
        status=response.status,
        content_type=headers.get("content-type", "")[:LARGEST_TYPE],
        body=body,
        request_id=headers.get("x-request-id", "")[:LARGEST_ID] or None,
        refusal=rate_refusal(response.status, headers),
    )
