"""Jobs: written down first, run once, and taken up again when a worker dies."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from tests.llm.jobs.conftest import Worker
from tests.llm.stand import ALL, START_SECONDS, Provider, Stand, eventually
from tollgate_common import queues
from tollgate_common.embedded.process import free_port
from tollgate_common.errors import DependencyDown
from tollgate_llm.jobs import runner
from tollgate_llm.jobs.queue import QUEUE

BODY = b'{ "model":"sandbox", "odd": 1.50, "messages":[] }'
ANSWER = b'{"id":"1",  "usage":{"prompt_tokens":1}}'


def listed(stand: Stand, org: str, **claims: Any) -> list[str]:
    headers = stand.headers(org, **claims)
    answer = stand.manage("GET", "/api/v1/jobs?limit=100", org, headers=headers)
    return [job["id"] for job in answer.json()["data"]]


def test_a_job_is_one_call_to_the_gateway_in_its_owners_name(
    org: str, work: Worker, gateway: Provider, queued: Callable[..., str],
    job: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    gateway.script = [gateway.answers(ANSWER, "content-type: application/json")]
    job_id = queued()
    work.run(job_id)
    (received,) = gateway.received
    assert received.line == "POST /v1/chat/completions HTTP/1.1"
    assert received.body == BODY
    assert received.headers["idempotency-key"] == job_id
    assert received.headers["x-tollgate-on-behalf-key"] == f"key_{org}"
    assert received.headers["authorization"].startswith("Bearer ey")
    done = job(job_id)
    assert (done["status"], done["attempts"]) == ("succeeded", 1)
    assert done["response"] == {"status_code": 200, "body": json.loads(ANSWER)}
    assert done["started_at"] <= done["finished_at"]


def test_a_users_job_is_run_for_the_user(
    work: Worker, gateway: Provider, queued: Callable[..., str]
) -> None:
    gateway.script = [gateway.answers(ANSWER)]
    work.run(queued(key=None, user="usr_1", project="prj_1"))
    headers = gateway.received[0].headers
    assert headers["x-tollgate-on-behalf-user"] == "usr_1"
    assert "x-tollgate-on-behalf-key" not in headers


def test_an_error_is_a_result_too(
    work: Worker, gateway: Provider, queued: Callable[..., str],
    job: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    gateway.script = [gateway.answers(b"plain words", status="404 Not Found")]
    job_id = queued("/v1/messages")
    work.run(job_id)
    assert gateway.received[0].headers["anthropic-version"] == "2023-06-01"
    done = job(job_id)
    assert (done["status"], done["response"]) == (
        "failed", {"status_code": 404, "body": "plain words"}
    )  # fmt: skip


def test_a_finished_job_never_runs_again(
    work: Worker, gateway: Provider, queued: Callable[..., str]
) -> None:
    gateway.script = [gateway.answers(ANSWER)]
    job_id = queued()
    for _ in range(3):
        work.run(job_id)
    assert len(gateway.received) == 1


def test_a_job_waits_for_a_gateway_that_is_down(
    work: Worker, gateway: Provider, queued: Callable[..., str],
    job: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(runner, "MOST_ATTEMPTS", 3)
    gateway.script = [gateway.answers(b"", status="503 Service Unavailable")]
    job_id = queued()
    for attempt in (1, 2):
        with pytest.raises(DependencyDown):
            work.run(job_id)
        assert (job(job_id)["status"], job(job_id)["attempts"]) == ("queued", attempt)
    with pytest.raises(DependencyDown):
        work.run(job_id)
    done = job(job_id)
    assert (done["status"], done["response"]) == ("failed", None)
    assert "3 attempts" in done["error"]


def test_a_job_waits_for_the_answer_to_an_earlier_attempt(
    work: Worker, gateway: Provider, queued: Callable[..., str],
    job: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    gateway.script = [gateway.answers(b"{}", "retry-after: 1", status="409 Conflict")]
    job_id = queued()
    with pytest.raises(DependencyDown):
        work.run(job_id)
    assert job(job_id)["status"] == "queued"
    gateway.script = [gateway.answers(ANSWER, "content-type: application/json")]
    work.run(job_id)
    assert job(job_id)["status"] == "succeeded"
    assert gateway.received[0].headers["idempotency-key"] == job_id
    assert gateway.received[1].headers["idempotency-key"] == job_id


def test_two_workers_run_a_job_once(
    work: Worker, gateway: Provider, queued: Callable[..., str]
) -> None:
    go = threading.Event()
    gateway.script = [go, gateway.answers(ANSWER)]
    job_id = queued()
    first = threading.Thread(target=work.run, args=(job_id,))
    first.start()
    while not gateway.received:
        assert first.is_alive()
    work.run(job_id)
    go.set()
    first.join()
    assert len(gateway.received) == 1


def test_a_job_whose_worker_died_runs_again(
    engine: Engine, work: Worker, gateway: Provider, queued: Callable[..., str],
    job: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    gateway.script = [gateway.answers(ANSWER)]
    job_id = queued()
    with engine.begin() as connection:  # as a killed worker leaves it
        connection.execute(text("UPDATE jobs SET status = 'running', attempts = 1,"
                                " leased_until = now() - interval '1 second'"))  # fmt: skip
    claimed = work.claim_next(idle_only=True)
    assert claimed is not None
    work.work(claimed)
    assert (job(job_id)["status"], job(job_id)["attempts"]) == ("succeeded", 2)


def test_a_job_that_nobody_was_told_of_has_its_turn(
    work: Worker, redis_client: Redis, queued: Callable[..., str]
) -> None:
    job_id = queued()
    assert queues.make_queue(redis_client, QUEUE).job_ids == [job_id]
    redis_client.flushdb()
    claimed = work.claim_next(idle_only=False)
    assert claimed is not None
    assert (claimed.id, claimed.body) == (job_id, BODY)
    assert work.claim_next(idle_only=False) is None


def test_a_gateway_that_is_down_is_asked_again_after_a_while(
    engine: Engine, work: Worker, gateway: Provider, queued: Callable[..., str]
) -> None:
    gateway.script = [gateway.answers(b"", status="503 Service Unavailable")]
    job_id = queued()
    for pause in (1, 10, 60, 60):
        with pytest.raises(DependencyDown):
            work.run(job_id)
        assert work.claim_next(idle_only=False) is None
        with engine.connect() as connection:
            query = text("SELECT extract(epoch FROM waiting_until - now()) FROM jobs")
            left = float(connection.execute(query).scalar_one())
        assert pause - 1 < left <= pause


def test_a_running_jobs_lease_is_kept(
    engine: Engine, work: Worker, gateway: Provider, queued: Callable[..., str]
) -> None:
    go = threading.Event()
    gateway.script = [go, gateway.answers(ANSWER)]
    job_id = queued()
    running = threading.Thread(target=work.run, args=(job_id,))
    running.start()
    while not gateway.received:
        assert running.is_alive()
    with engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET leased_until = now() + interval '1 second'"))
    work.watch_once()
    with engine.connect() as connection:
        left = connection.execute(text("SELECT leased_until - now() FROM jobs")).scalar_one()
    go.set()
    running.join()
    assert left.total_seconds() > 20


def test_a_cancelled_job_does_not_run_and_keeps_no_late_answer(
    stand: Stand, org: str, work: Worker, gateway: Provider, queued: Callable[..., str],
    job: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    def cancel(job_id: str) -> int:
        url = f"{stand.url}/v1/jobs/{job_id}"
        return stand.session.delete(url, headers=stand.headers(org)).status_code

    go = threading.Event()
    gateway.script = [go, gateway.answers(ANSWER)]
    waiting, running = queued(), queued()
    assert cancel(waiting) == 200
    work.run(waiting)
    assert gateway.received == []
    thread = threading.Thread(target=work.run, args=(running,))
    thread.start()
    while not gateway.received:
        assert thread.is_alive()
    assert cancel(running) == 200
    go.set()
    thread.join()
    for job_id in (waiting, running):
        assert (job(job_id)["status"], job(job_id)["response"]) == ("cancelled", None)
        assert cancel(job_id) == 409


def test_a_key_sees_its_own_projects_jobs_of_its_own_mode(
    stand: Stand, org: str, queued: Callable[..., str], job: Callable[..., dict[str, Any]]
) -> None:
    job_id = queued()
    assert job(job_id)["id"] == job_id
    account = {"key": None, "user": "sva_1"}
    for other in ({"mode": "live"}, {"project": "prj_other"}, account):
        assert job(job_id, **other)["error"]["code"] == "job_not_found"
    queued(**account)
    for other in ({"mode": "live"}, {"project": "prj_other"}):
        assert listed(stand, org, **account, **other) == []
    headers = stand.headers(f"{org}x")
    assert stand.session.get(f"{stand.url}/v1/jobs/{job_id}", headers=headers).status_code == 404


def test_a_job_is_its_makers_own(
    stand: Stand, org: str, queued: Callable[..., str], job: Callable[..., dict[str, Any]]
) -> None:
    keys = queued(user="usr_1")
    own = queued(key=None, user="usr_1", project=None, mode="live")
    others = queued(key=None, user="usr_2", project=None, mode="live")
    person = {"key": None, "user": "usr_1", "project": None, "mode": "live"}
    assert listed(stand, org, **person) == [own, keys]
    assert job(others, **person)["error"]["code"] == "job_not_found"
    refused = stand.session.delete(
        f"{stand.url}/v1/jobs/{others}", headers=stand.headers(org, **person)
    )
    assert refused.status_code == 404
    manager = {**person, "scope": f"{ALL} jobs:manage"}
    assert listed(stand, org, **manager) == [others, own, keys]
    assert job(others, **manager)["id"] == others


@pytest.mark.parametrize("caller", [{}, {"key": None, "user": "sva_1"}])
def test_no_live_jobs_are_listed_in_test_mode(
    stand: Stand, org: str, caller: dict[str, Any]
) -> None:
    headers = stand.headers(org, **caller)
    answer = stand.manage("GET", "/api/v1/jobs?mode=live", org, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "live_only")


def test_jobs_are_listed_page_by_page(stand: Stand, org: str, queued: Callable[..., str]) -> None:
    made = [queued() for _ in range(5)]
    who: dict[str, Any] = {"key": None, "user": "usr_1", "project": None, "mode": "live"}
    who["scope"] = f"{ALL} jobs:manage"

    def page(query: str) -> dict[str, Any]:
        answer = stand.manage(
            "GET", f"/api/v1/jobs?{query}", org, headers=stand.headers(org, **who)
        )
        found: dict[str, Any] = answer.json()
        return found

    first = page("limit=2")
    second = page(f"limit=2&cursor={first['next_cursor']}")
    last = page(f"limit=2&cursor={second['next_cursor']}")
    listed = [job["id"] for found in (first, second, last) for job in found["data"]]
    assert listed == made[::-1]
    assert last["next_cursor"] is None
    assert page("status=failed")["data"] == []
    assert page("status=odd")["param"] == "status"
    assert len(page("limit=9&mode=test&endpoint=/v1/chat/completions")["data"]) == 5
    for query in ("mode=live", "project=proj_x", "key=key_x", "user=usr_x", "endpoint=/v1/x"):
        assert page(query)["data"] == [], query
    assert page("colour=blue")["param"] == "colour"
    for cursor in ("%00", "a%20b", "x" * 41):
        assert page(f"cursor={cursor}")["param"] == "cursor"


@pytest.mark.parametrize(
    ("raw", "param"),
    [
        ("{", "body"),
        ("{}", "body"),
        ('{"endpoint": "/v1/chat/completions"}', "body"),
        ('{"endpoint": "/v1/chat/completions", "body": 7}', "body"),
        ('{"endpoint": "/v1/chat/completions", "body": {}}', "body"),
        ('{"endpoint": "/v1/other", "body": {"model": "m"}}', "endpoint"),
        ('{"endpoint": "/v1/messages", "body": {"model": "m", "stream": true}}', "body.stream"),
    ],
)
def test_a_wrong_job_is_400_naming_the_field(stand: Stand, org: str, raw: str, param: str) -> None:
    answer = stand.session.post(f"{stand.url}/v1/jobs", data=raw, headers=stand.headers(org))
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_a_worker_process_runs_what_is_queued_and_stops_when_told(
    environment: dict[str, str], gateway: Provider, engine: Engine,
    queued: Callable[..., str], job: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    gateway.script = [gateway.answers(ANSWER, "content-type: application/json")]
    settings = {"GATEWAY_URL": gateway.url, "METRICS_PORT": str(free_port())}
    command = [str(Path(sys.executable).with_name("tollgate-llm")), "worker"]
    job_id = queued()
    worker = subprocess.Popen(
        command, env={**os.environ, **environment, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: job(job_id)["status"] == "succeeded", START_SECONDS)
    finally:
        worker.terminate()
        assert worker.wait(START_SECONDS) == 0
