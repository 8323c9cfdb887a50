"""Organisations take turns, and a call whose job is cancelled is broken off."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from tests.llm.jobs.conftest import Worker
from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.errors import DependencyDown
from tollgate_common.ids import new_id
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.stopping import Stopper
from tollgate_llm.jobs.turns import Turns

ANSWER = b'{"id":"1",  "usage":{"prompt_tokens":1}}'
PLACES = 4
Job = Callable[..., dict[str, Any]]


@pytest.fixture
def turns(work: Worker) -> Iterator[Turns]:
    """A worker's places, that are given out and watched until the test ends."""
    made, stops = Turns(work, PLACES), [threading.Event(), threading.Event()]
    threads = [
        threading.Thread(target=target, args=(stop,))
        for target, stop in zip((made.run, work.watch), stops, strict=True)
    ]
    for thread in threads:
        thread.start()
    yield made
    for thread, stop in zip(threads, stops, strict=True):
        stop.set()
        made.wake()
        thread.join()


def queue(stand: Stand, org: str) -> str:
    raw = b'{"endpoint": "/v1/chat/completions", "body": {"model": "m", "messages": []}}'
    answer = stand.session.post(f"{stand.url}/v1/jobs", data=raw, headers=stand.headers(org))
    assert answer.status_code == 202
    return str(answer.json()["id"])


def status(stand: Stand, org: str, job_id: str) -> str:
    url = f"{stand.url}/v1/jobs/{job_id}"
    return str(stand.session.get(url, headers=stand.headers(org)).json()["status"])


def claim_next(engine: Engine, *, idle_only: bool = False) -> str | None:
    with Session(engine) as session, session.begin():
        job_id = repository.next_turn(session, idle_only=idle_only)
        if job_id is not None:
            repository.claim(session, job_id)
        return job_id


class TestOrder:
    def test_who_has_fewest_running_is_next(self, stand: Stand, engine: Engine) -> None:
        first, second = new_id("org"), new_id("org")
        many, few = [queue(stand, first) for _ in range(3)], [queue(stand, second)]
        claimed = [claim_next(engine) for _ in range(5)]
        assert claimed == [many[0], few[0], many[1], many[2], None]

    def test_places_that_are_kept_are_for_who_has_none(self, stand: Stand, engine: Engine) -> None:
        first, second = new_id("org"), new_id("org")
        mine = [queue(stand, first) for _ in range(2)]
        assert claim_next(engine, idle_only=True) == mine[0]
        assert claim_next(engine, idle_only=True) is None
        theirs = queue(stand, second)
        assert claim_next(engine, idle_only=True) == theirs

    def test_a_dead_workers_job_is_no_running_one(self, stand: Stand, engine: Engine) -> None:
        org = new_id("org")
        job_id = queue(stand, org)
        assert claim_next(engine) == job_id
        with engine.begin() as connection:
            connection.execute(text("UPDATE jobs SET leased_until = now() - interval '1 second'"))
        assert claim_next(engine, idle_only=True) == job_id


def test_an_organisation_whose_jobs_hang_keeps_nobody_waiting(
    stand: Stand, gateway: Provider, engine: Engine, turns: Turns
) -> None:
    go = threading.Event()
    gateway.script = [go, gateway.answers(ANSWER)]
    hanging, other = new_id("org"), new_id("org")
    held = [queue(stand, hanging) for _ in range(2 * PLACES)]
    turns.wake()
    eventually(lambda: len(gateway.received) == PLACES - 1)
    gateway.script = [gateway.answers(ANSWER)]
    job_id = queue(stand, other)
    turns.wake()
    eventually(lambda: status(stand, other, job_id) == "succeeded")
    assert {status(stand, hanging, each) for each in held} == {"running", "queued"}
    go.set()
    eventually(lambda: {status(stand, hanging, each) for each in held} == {"succeeded"})


def test_a_cancelled_job_is_broken_off(
    stand: Stand,
    org: str,
    gateway: Provider,
    turns: Turns,
    engine: Engine,
    queued: Callable[..., str],
    job: Job,
) -> None:
    never = threading.Event()
    gateway.script = [never]
    job_id = queued()
    turns.wake()
    eventually(lambda: len(gateway.received) == 1)
    url = f"{stand.url}/v1/jobs/{job_id}"
    assert stand.session.delete(url, headers=stand.headers(org)).status_code == 200
    never.set()
    assert gateway.left.wait(5)
    gateway.script = [gateway.answers(ANSWER)]
    other = queued()
    turns.wake()
    eventually(lambda: job(other)["status"] == "succeeded")
    assert (job(job_id)["status"], job(job_id)["attempts"]) == ("cancelled", 1)
    assert len(gateway.received) == 2


def test_a_call_that_takes_too_long_is_given_back(
    work: Worker, gateway: Provider, queued: Callable[..., str], job: Job
) -> None:
    """The gateway says something now and then, so that no waiting for it ever runs out."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"
    gateway.script = [head, *(part for _ in range(40) for part in (b"x", 0.25))]
    job_id, stop = queued(), threading.Event()
    work._timeout = 1
    watching = threading.Thread(target=work.watch, args=(stop,))
    watching.start()
    with pytest.raises(DependencyDown):
        work.run(job_id)
    stop.set()
    watching.join()
    assert (job(job_id)["status"], job(job_id)["attempts"]) == ("queued", 1)


def test_what_is_stopped_before_it_is_connected_is_stopped(
    work: Worker, gateway: Provider, queued: Callable[..., str], engine: Engine
) -> None:
    gateway.script = [gateway.answers(ANSWER)]
    with Session(engine, expire_on_commit=False) as session, session.begin():
        job = repository.claim(session, queued())
    assert job is not None
    stopper = Stopper()
    stopper.stop()
    with pytest.raises(DependencyDown):
        work._gateway.call(job, stopper)
    assert not gateway.received
