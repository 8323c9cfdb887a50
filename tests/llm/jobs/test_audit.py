"""Whoever reads or cancels queued calls is in the audit log of their organisation."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tests.llm.jobs.conftest import Worker
from tests.llm.stand import ALL, Provider, Stand, eventually
from tollgate_common.events.cloudevents import read_event
from tollgate_common.ids import new_id

OWNER = {"key": None, "sub": "usr_1", "user": "usr_1", "project": None, "mode": "live"}
MANAGER = OWNER | {"sub": "usr_2", "user": "usr_2", "scope": f"{ALL} jobs:manage"}
ANSWER = b'{"id":"1","usage":{"prompt_tokens":1}}'


@pytest.fixture
def finished(gateway: Provider, work: Worker, queued: Callable[..., str]) -> str:
    """A job of `OWNER` that has its answer."""
    gateway.script = [gateway.answers(ANSWER)]
    job_id = queued(**OWNER)
    work.run(job_id)
    return job_id


def test_an_answer_that_somebody_else_reads_is_an_event(
    stand: Stand, org: str, finished: str, job: Callable[..., dict[str, Any]]
) -> None:
    for _ in range(3):
        assert job(finished, **OWNER)["status"] == "succeeded"
    assert job(finished, **MANAGER)["status"] == "succeeded"
    (read,) = eventually(lambda: stand.issuer.occurrences(org, "job.read"))
    assert tuple(read.event.actor) == ("user", "usr_2")
    assert (tuple(read.event.target), read.count) == (("job", finished), 1)


def test_another_organisation_finds_nothing_and_makes_no_event(
    stand: Stand, org: str, finished: str
) -> None:
    stranger = new_id("org")
    headers = stand.headers(stranger, **MANAGER)
    for number in range(2):
        answer = stand.session.get(f"{stand.url}/v1/jobs/{finished}", headers=headers)
        assert answer.status_code == 404, number
    time.sleep(1.5)
    assert stand.issuer.occurrences(org, "job.read") == []
    assert stand.issuer.occurrences(stranger, "job.read") == []


def test_a_cancelled_job_is_a_change(
    stand: Stand, org: str, queued: Callable[..., str], redis_client: Redis
) -> None:
    job_id = queued(**OWNER)
    headers = stand.headers(org, **MANAGER) | {
        "x-request-id": "req_1",
        "x-client-request-id": "theirs",
        "x-forwarded-for": "192.0.2.1",
    }
    answer = stand.session.delete(f"{stand.url}/v1/jobs/{job_id}", headers=headers)
    assert answer.status_code == 200

    def recorded() -> list[dict[str, Any]]:
        found: Any = redis_client.xrange("events:change.recorded")
        changes = [read_event(fields[b"event"])["data"] for _, fields in found]
        return [change for change in changes if change["target"]["id"] == job_id]

    (change,) = eventually(recorded)
    assert (change["org"], change["action"]) == (org, "job.cancelled")
    assert change["actor"] == {"kind": "user", "id": "usr_2"}
    assert (change["request_id"], change["client_request_id"]) == ("req_1", "theirs")
    assert change["address"] == "192.0.2.1"


def test_a_permission_that_is_missing_is_an_event(stand: Stand, org: str) -> None:
    headers = stand.headers(org, scope="inference", mode="live")
    for _ in range(2):
        assert stand.manage("GET", "/api/v1/providers", org, headers=headers).status_code == 403

    def total() -> int:
        refused = stand.issuer.occurrences(org, "permission.refused")
        return sum(each.count for each in refused)

    eventually(lambda: total() == 2)
    refused = stand.issuer.occurrences(org, "permission.refused")[0].event
    assert tuple(refused.actor) == ("key", f"key_{org}")
    assert tuple(refused.target) == ("permission", "providers:read")
    assert refused.reason == "permission_denied"
