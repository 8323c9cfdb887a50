"""Jobs: a gateway that says what it is told to, a worker's runner, and jobs that were asked for."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.llm.stand import Provider, Stand
from tollgate_common.db import make_engine
from tollgate_common.http import ControlClient, ServiceTokens
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.client import GatewayClient
from tollgate_llm.jobs.runner import JobRunner

LIFETIME = 600
BODY = b'{ "model":"sandbox", "odd": 1.50, "messages":[] }'


class Worker(JobRunner):
    """A worker that runs the job that it is told to, if nobody else does."""

    def run(self, job_id: str) -> int | None:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            job = repository.claim(session, job_id)
        return None if job is None else self.work(job)


@pytest.fixture
def gateway() -> Iterator[Provider]:
    """In the gateway's place: it says what it is told to."""
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def engine(environment: dict[str, str], stand: Stand) -> Iterator[Engine]:
    """llm's own tables, without what other tests have queued."""
    made = make_engine(
        environment["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"), "llm"
    )
    with made.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))
    yield made
    made.dispose()


@pytest.fixture
def work(engine: Engine, gateway: Provider, auth_url: str) -> Worker:
    tokens = ServiceTokens(ControlClient("auth", auth_url), "llm", "known-to-the-tests")
    client = GatewayClient(gateway.url, tokens, timeout=5)
    retention = timedelta(days=7)
    return Worker(engine, client, timeout=60, lifetime=LIFETIME, retention=retention)


@pytest.fixture
def queued(stand: Stand, org: str) -> Callable[..., str]:
    def make(endpoint: str = "/v1/chat/completions", client: str = "", **claims: Any) -> str:
        raw = b'{"endpoint": "' + endpoint.encode() + b'", "body": ' + BODY + b"}"
        headers = stand.headers(org, **claims)
        if client:
            headers["x-client-request-id"] = client
        answer = stand.session.post(f"{stand.url}/v1/jobs", data=raw, headers=headers)
        job = answer.json()
        assert (answer.status_code, job["status"]) == (202, "queued")
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        return str(job["id"])

    return make


@pytest.fixture
def job(stand: Stand, org: str) -> Callable[..., dict[str, Any]]:
    def get(job_id: str, **claims: Any) -> dict[str, Any]:
        headers = stand.headers(org, **claims)
        answer = stand.session.get(f"{stand.url}/v1/jobs/{job_id}", headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    return get
