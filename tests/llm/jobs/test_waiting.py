"""Jobs whose call a limit refuses: for the time being, or for good."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.llm.jobs.conftest import LIFETIME, Worker
from tests.llm.stand import START_SECONDS, Provider, Stand, eventually
from tollgate_common.embedded.process import free_port
from tollgate_llm.jobs import runner

ANSWER = b'{"id": "1"}'
TOO_MANY = "429 Too Many Requests"
JSON = "content-type: application/json"
Job = Callable[..., dict[str, Any]]


def refused(gateway: Provider, code: str, *headers: str) -> bytes:
    body = json.dumps({"error": {"code": code, "message": "Limit lim_1"}}).encode()
    named = ("x-tollgate-limit: lim_1", "x-request-id: req_refused", JSON)
    return gateway.answers(body, *named, *headers, status=TOO_MANY)


def rate_limited(gateway: Provider, seconds: int = 2) -> bytes:
    return refused(gateway, "rate_limit_exceeded", f"retry-after: {seconds}")


def seconds_left(engine: Engine, column: str) -> float:
    query = text(f"SELECT extract(epoch FROM {column} - now()) FROM jobs")  # noqa: S608
    with engine.connect() as connection:
        return float(connection.execute(query).scalar_one())


def test_over_a_rate_window_it_waits_for_its_turn(
    work: Worker, gateway: Provider, engine: Engine, queued: Callable[..., str], job: Job
) -> None:
    gateway.script = [rate_limited(gateway, 40)]
    job_id = queued()
    pause = work.run(job_id)
    assert pause is not None
    assert 40 <= pause <= 50
    waiting = job(job_id)
    assert (waiting["status"], waiting["waits"], waiting["response"]) == ("queued", 1, None)
    assert waiting["waiting_for"] == "lim_1"
    assert waiting["waiting_until"] > waiting["created_at"]
    assert 35 < seconds_left(engine, "waiting_until") <= 50
    gateway.script = [gateway.answers(ANSWER, JSON, "x-request-id: req_answered")]
    assert work.run(job_id) is None
    done = job(job_id)
    assert (done["status"], done["attempts"], done["waits"]) == ("succeeded", 2, 1)
    assert (done["waiting_until"], done["waiting_for"]) == (None, None)
    assert done["request_id"] == "req_answered"
    keys = {received.headers["idempotency-key"] for received in gateway.received}
    assert keys == {job_id}


def test_each_time_in_vain_the_pause_is_longer(
    work: Worker, gateway: Provider, queued: Callable[..., str], job: Job
) -> None:
    gateway.script = [rate_limited(gateway, 1)]
    job_id = queued()
    pauses = [work.run(job_id) or 0 for _ in range(5)]
    assert all(least <= pause for least, pause in zip((1, 2, 4, 8, 16), pauses, strict=True))
    assert job(job_id)["waits"] == 5


@pytest.mark.parametrize(
    ("code", "headers"),
    [
        ("insufficient_quota", ("x-should-retry: false", "retry-after: 30")),
        ("insufficient_quota", ("x-should-retry: false",)),
        ("limit_too_small", ("x-should-retry: false",)),
    ],
)
def test_over_a_budget_it_fails_at_once_with_the_refusal(
    work: Worker, gateway: Provider, queued: Callable[..., str], job: Job, code: str,
    headers: tuple[str, ...],
) -> None:  # fmt: skip
    gateway.script = [refused(gateway, code, *headers)]
    job_id = queued()
    assert work.run(job_id) is None
    done = job(job_id)
    assert (done["status"], done["attempts"], done["waits"]) == ("failed", 1, 0)
    assert done["response"]["status_code"] == 429
    assert done["response"]["body"]["error"]["code"] == code
    assert done["request_id"] == "req_refused"


def test_a_providers_own_429_is_its_result(
    work: Worker, gateway: Provider, queued: Callable[..., str], job: Job
) -> None:
    gateway.script = [gateway.answers(b"{}", "retry-after: 1", JSON, status=TOO_MANY)]
    job_id = queued()
    assert work.run(job_id) is None
    assert (job(job_id)["status"], job(job_id)["response"]["status_code"]) == ("failed", 429)


def test_it_waits_no_longer_than_it_lives(
    work: Worker, gateway: Provider, engine: Engine, queued: Callable[..., str], job: Job
) -> None:
    gateway.script = [rate_limited(gateway, LIFETIME // 3)]
    job_id = queued()
    assert work.run(job_id)
    with engine.begin() as connection:
        age = {"seconds": LIFETIME - 100}
        query = text("UPDATE jobs SET created_at = now() - make_interval(secs => :seconds)")
        connection.execute(query, age)
    assert work.run(job_id) is None
    done = job(job_id)
    assert (done["status"], done["response"]["status_code"]) == ("failed", 429)
    assert "lim_1" in done["error"]
    assert f"{LIFETIME} s" in done["error"]


def test_a_job_that_is_cancelled_while_it_waits_runs_no_more(
    stand: Stand, org: str, work: Worker, gateway: Provider, queued: Callable[..., str], job: Job
) -> None:
    gateway.script = [rate_limited(gateway)]
    job_id = queued()
    work.run(job_id)
    url = f"{stand.url}/v1/jobs/{job_id}"
    assert stand.session.delete(url, headers=stand.headers(org)).status_code == 200
    assert work.run(job_id) is None
    assert len(gateway.received) == 1
    assert job(job_id)["status"] == "cancelled"


def test_waiting_does_not_use_up_its_attempts(
    work: Worker, gateway: Provider, queued: Callable[..., str], job: Job,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(runner, "MOST_ATTEMPTS", 2)
    gateway.script = [rate_limited(gateway)]
    job_id = queued()
    for _ in range(4):
        work.run(job_id)
    gateway.script = [gateway.answers(b"", status="503 Service Unavailable")]
    with pytest.raises(Exception, match="gateway"):
        work.run(job_id)
    assert job(job_id)["status"] == "queued"
    with pytest.raises(Exception, match="gateway"):
        work.run(job_id)
    assert job(job_id)["status"] == "failed"


def test_it_is_nobodys_turn_before_the_pause_is_over(
    work: Worker, gateway: Provider, engine: Engine, queued: Callable[..., str]
) -> None:
    gateway.script = [rate_limited(gateway, 200)]
    job_id = queued()
    work.run(job_id)
    assert work.claim_next(idle_only=False) is None
    with engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET waiting_until = now() - interval '1 minute'"))
    claimed = work.claim_next(idle_only=False)
    assert claimed is not None
    assert claimed.id == job_id


def test_a_worker_process_waits_and_goes_on_with_other_jobs(
    environment: dict[str, str], gateway: Provider, engine: Engine, queued: Callable[..., str],
    job: Job,
) -> None:  # fmt: skip
    """The first job is refused twice and comes back by itself."""
    done = gateway.answers(ANSWER, JSON)
    gateway.script = [rate_limited(gateway, 1)]
    waiting = queued()
    settings = {"GATEWAY_URL": gateway.url, "METRICS_PORT": str(free_port())}
    command = [str(Path(sys.executable).with_name("tollgate-llm")), "worker"]
    worker = subprocess.Popen(
        command, env={**os.environ, **environment, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: job(waiting)["waits"] == 2, START_SECONDS)
        gateway.script = [done]
        other = queued()
        eventually(lambda: job(other)["status"] == "succeeded")
        eventually(lambda: job(waiting)["status"] == "succeeded")
        found = job(waiting)
        assert found["waits"] >= 2
        assert found["attempts"] == found["waits"] + 1
    finally:
        worker.terminate()
        assert worker.wait(START_SECONDS) == 0


@pytest.mark.parametrize(("client", "sent"), [("their id/7", "their id/7"), ("", None)])
def test_the_call_has_the_id_that_the_caller_gave_to_the_job(
    work: Worker, gateway: Provider, queued: Callable[..., str], job: Job, client: str,
    sent: str | None,
) -> None:  # fmt: skip
    gateway.script = [gateway.answers(ANSWER, JSON)]
    job_id = queued(client=client)
    work.run(job_id)
    headers = gateway.received[0].headers
    assert headers["x-client-request-id"] == (sent or job_id)
    assert "x-request-id" not in headers
    assert job(job_id)["client_request_id"] == sent
