"""What an organisation may have in the queue, what a list of it reads, and when it is let go."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from tests.llm.jobs.conftest import Worker
from tests.llm.stand import Provider, Stand
from tollgate_common.guard import Caller
from tollgate_common.queues import connect
from tollgate_common.visibility import Visibility
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.errors import QueueFull
from tollgate_llm.jobs.repository import Place, Queue
from tollgate_llm.jobs.schemas import JobQuery
from tollgate_llm.jobs.service import JobService

JOBS, LARGE = 20, 200_000
READ_MAX = 1_000
"""Bytes that a list may read for each job."""
ANSWER = b'{"id":"1",  "usage":{"prompt_tokens":1}}'
CHAT = b'{"endpoint": "/v1/chat/completions", "body": {"model": "m", "messages": "%s"}}'


def caller(org: str) -> Caller:
    scopes = frozenset({"inference", "jobs:read"})
    return Caller(org=org, subject="usr_1", mode="live", scopes=scopes, user="usr_1")


@pytest.fixture
def service(engine: Engine, redis_database: str) -> JobService:
    """Three jobs of some 10 kB in all are the most."""
    return JobService(connect(redis_database), Queue(3, 10_000))


@pytest.fixture
def bytes_read(engine: Engine) -> Iterator[list[int]]:
    """The size of what each statement has read, in bytes of the wire."""
    sizes: list[int] = []

    def note(_: Any, cursor: Any, *__: Any) -> None:
        found = cursor.pgresult
        cells = (
            found.get_value(row, column) or b""
            for row in range(found.ntuples)
            for column in range(found.nfields)
        )
        sizes.append(sum(map(len, cells)))

    event.listen(engine, "after_cursor_execute", note)
    yield sizes
    event.remove(engine, "after_cursor_execute", note)


def create(service: JobService, engine: Engine, org: str, size: int = 1) -> str:
    with Session(engine) as session:
        return service.create(session, caller(org), CHAT % (b"x" * size), None).id


def test_a_list_reads_no_bodies_and_no_answers(
    engine: Engine, redis_database: str, org: str, bytes_read: list[int]
) -> None:
    service = JobService(connect(redis_database), Queue(JOBS, JOBS * LARGE * 2))
    made = [create(service, engine, org, LARGE) for _ in range(JOBS)]
    with engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET response_body = body, response_status = 200"))
    bytes_read.clear()
    with Session(engine) as session:
        visibility = Visibility.of(caller(org), "jobs:read")
        jobs, _ = service.page(session, visibility, JobQuery(), Place(200, None))
        assert [job.id for job in jobs] == made[::-1]
        assert service.get(session, visibility, made[0]).id == made[0]
    assert 0 < sum(bytes_read) < READ_MAX * JOBS


def test_an_answer_is_read_where_it_is_asked_for(
    stand: Stand,
    org: str,
    work: Worker,
    gateway: Provider,
    queued: Callable[..., str],
    job: Callable[..., dict[str, Any]],
) -> None:
    gateway.script = [gateway.answers(ANSWER, "content-type: application/json")]
    job_id = queued()
    work.run(job_id)
    assert job(job_id)["response"]["body"]["id"] == "1"
    listed = stand.manage("GET", f"/api/v1/jobs/{job_id}", org, headers=stand.headers(org)).json()
    assert "response" not in listed


class TestQueueFull:
    def test_an_organisation_queues_so_many_jobs(
        self, service: JobService, engine: Engine, org: str
    ) -> None:
        made = [create(service, engine, org) for _ in range(3)]
        with pytest.raises(QueueFull) as refused:
            create(service, engine, org)
        assert (refused.value.http_status, refused.value.error_code) == (429, "queue_full")
        assert int(refused.value.headers["retry-after"]) > 0
        create(service, engine, f"{org}x")
        with Session(engine) as session:
            service.cancel(session, caller(org), made[0], "inference")
        create(service, engine, org)

    def test_an_organisation_queues_so_many_bytes(
        self, service: JobService, engine: Engine, org: str
    ) -> None:
        create(service, engine, org, 9_000)
        with pytest.raises(QueueFull, match="cancel"):
            create(service, engine, org, 1_000)
        create(service, engine, org, 500)

    def test_jobs_that_run_count(self, service: JobService, engine: Engine, org: str) -> None:
        for job_id in [create(service, engine, org) for _ in range(3)]:
            with Session(engine) as session, session.begin():
                assert repository.claim(session, job_id) is not None
        with pytest.raises(QueueFull):
            create(service, engine, org)


class TestEnd:
    def test_the_body_goes_when_the_job_has_ended(
        self, engine: Engine, work: Worker, gateway: Provider, queued: Callable[..., str]
    ) -> None:
        gateway.script = [gateway.answers(ANSWER)]
        work.run(queued())
        assert _texts(engine) == [(b"", ANSWER)]

    def test_the_body_goes_when_the_job_is_cancelled(
        self, stand: Stand, engine: Engine, org: str, queued: Callable[..., str]
    ) -> None:
        url = f"{stand.url}/v1/jobs/{queued()}"
        assert stand.session.delete(url, headers=stand.headers(org)).status_code == 200
        assert _texts(engine) == [(b"", None)]

    def test_a_job_that_has_ended_is_kept_for_days(
        self,
        engine: Engine,
        work: Worker,
        gateway: Provider,
        queued: Callable[..., str],
        job: Callable[..., dict[str, Any]],
    ) -> None:
        gateway.script = [gateway.answers(ANSWER)]
        over, young, waiting = queued(), queued(), queued()
        for job_id in (over, young):
            work.run(job_id)
        for job_id, age in ((over, timedelta(days=7, hours=1)), (young, timedelta(days=6))):
            _make_older(engine, job_id, age)
        _make_older(engine, waiting, timedelta(days=30))
        work.purge()
        assert job(over)["error"]["code"] == "job_not_found"
        assert job(young)["status"] == "succeeded"
        assert job(waiting)["status"] == "queued"


def _texts(engine: Engine) -> list[tuple[bytes, bytes | None]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT body, response_body FROM jobs"))
        return [(row.body, row.response_body) for row in rows]


def _make_older(engine: Engine, job_id: str, age: timedelta) -> None:
    query = text(
        "UPDATE jobs SET created_at = created_at - :age, finished_at = finished_at - :age"
        " WHERE id = :id"
    )
    with engine.begin() as connection:
        connection.execute(query, {"age": age, "id": job_id})
