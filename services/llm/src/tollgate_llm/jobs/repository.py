"""The only SQL about jobs. Times are the database's own."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from tollgate_common.guard import Caller
from tollgate_common.visibility import Visibility
from tollgate_llm.jobs.client import Answer
from tollgate_llm.jobs.models import CANCELLED, QUEUED, RUNNING, UNFINISHED, Job
from tollgate_llm.jobs.schemas import JobQuery

LEASE = timedelta(seconds=30)


class Queue(NamedTuple):
    """How many jobs, and how many bytes their bodies have."""

    jobs: int
    size: int


def add(
    session: Session,
    job_id: str,
    caller: Caller,
    endpoint: str,
    body: bytes,
    client_request_id: str | None,
) -> Job:
    job = Job(
        id=job_id,
        org=caller.org,
        project=caller.project,
        key=caller.key,
        user=caller.user,
        mode=caller.mode,
        endpoint=endpoint,
        body=body,
        status=QUEUED,
        attempts=0,
        client_request_id=client_request_id,
        created_at=func.now(),
    )
    session.add(job)
    session.flush()
    session.refresh(job)
    return job


def lock_queue(session: Session, org: str) -> None:
    """Nobody else adds to the organisation's queue until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"jobs {org}", 0))))


def queue_of(session: Session, org: str) -> Queue:
    """What an organisation has in the queue, jobs that run included."""
    size = func.coalesce(func.sum(func.octet_length(Job.body)), 0)
    query = select(func.count(), size).where(Job.org == org, Job.status.in_(UNFINISHED))
    count, total = session.execute(query).one()
    return Queue(count, int(total))


def get(
    session: Session, visibility: Visibility, job_id: str, *, with_answer: bool = False
) -> Job | None:
    """The visible job of this id."""
    query = select(Job).where(Job.id == job_id, *_visible(visibility))
    if with_answer:
        query = query.options(undefer(Job.response_body))
    return session.scalars(query).first()


class Place(NamedTuple):
    """How many jobs at most, and before which id."""

    size: int
    before: str | None


def page(session: Session, visibility: Visibility, asked: JobQuery, place: Place) -> list[Job]:
    """The visible ones, the newest first."""
    query = select(Job).where(*_visible(visibility)).order_by(Job.id.desc()).limit(place.size)
    for name, value in asked.model_dump(exclude_none=True).items():
        query = query.where(getattr(Job, name) == value)
    if place.before:
        query = query.where(Job.id < place.before)
    return list(session.scalars(query))


def _visible(visibility: Visibility) -> list[ColumnElement[bool]]:
    return visibility.conditions(org=Job.org, project=Job.project, mode=Job.mode, user=Job.user)


def cancel(session: Session, job: Job) -> bool:
    """False when it had finished."""
    changed = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.status.in_(UNFINISHED))
        .values(status=CANCELLED, finished_at=func.now(), leased_until=None, body=b"")
        .returning(Job.id)
    ).first()
    session.refresh(job)
    return changed is not None


def claim(session: Session, job_id: str) -> Job | None:
    """Begin to run it, if nobody does: the one step that decides who runs a job. It comes with its
    body."""
    claimed = session.scalars(
        update(Job)
        .where(Job.id == job_id, or_(Job.status == QUEUED, _abandoned()))
        .values(
            status=RUNNING,
            attempts=Job.attempts + 1,
            started_at=func.coalesce(Job.started_at, func.now()),
            leased_until=func.now() + LEASE,
            waiting_until=None,
            waiting_for=None,
        )
        .returning(Job.id)
    ).first()
    return None if claimed is None else session.get_one(Job, claimed, options=[undefer(Job.body)])


def renew(session: Session, job_id: str, attempt: int) -> bool:
    """False where it was cancelled, or taken over."""
    changed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status == RUNNING, Job.attempts == attempt)
        .values(leased_until=func.now() + LEASE)
        .returning(Job.id)
    )
    return changed.first() is not None


def release(session: Session, job_id: str, attempt: int, pause: timedelta) -> None:
    """Give it back unfinished: it may run again after a pause."""
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status == RUNNING, Job.attempts == attempt)
        .values(status=QUEUED, leased_until=None, waiting_until=func.now() + pause)
    )


def wait(session: Session, job_id: str, attempt: int, limit: str, pause: timedelta) -> bool:
    """Give it back until there is room under the limit again, unless the job was cancelled or has
    been taken over meanwhile."""
    changed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status == RUNNING, Job.attempts == attempt)
        .values(
            status=QUEUED,
            leased_until=None,
            waits=Job.waits + 1,
            waiting_until=func.now() + pause,
            waiting_for=limit,
        )
        .returning(Job.id)
    )
    return changed.first() is not None


def finish(
    session: Session,
    job_id: str,
    attempt: int,
    *,
    status: str,
    answer: Answer | None,
    error: str | None,
) -> bool:
    """Write the result down, unless the job was cancelled or has been taken over meanwhile."""
    changed = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status == RUNNING, Job.attempts == attempt)
        .values(
            status=status,
            response_status=answer.status if answer else None,
            response_type=answer.content_type if answer else None,
            response_body=answer.body if answer else None,
            body=b"",
            request_id=answer.request_id if answer else None,
            error=error,
            leased_until=None,
            finished_at=func.now(),
        )
        .returning(Job.id)
    )
    return changed.first() is not None


def purge(session: Session, age: timedelta, limit: int) -> int:
    """Delete jobs that ended `age` ago, with their answers; at most `limit`, and say how many."""
    ended = (
        select(Job.id)
        .where(Job.status.not_in(UNFINISHED), Job.finished_at < func.now() - age)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    result = session.execute(delete(Job).where(Job.id.in_(ended)).returning(Job.id))
    return len(result.all())


def next_turn(session: Session, *, idle_only: bool) -> str | None:
    """The job that is to run next: of the organisation that has the fewest running, its oldest one.
    `idle_only`: of an organisation that has none running."""
    running = (
        select(Job.org, func.count().label("jobs"))
        .where(Job.status == RUNNING, ~_abandoned())
        .group_by(Job.org)
        .subquery("running")
    )
    is_due = (Job.status == QUEUED) & (func.coalesce(Job.waiting_until, func.now()) <= func.now())
    jobs = func.coalesce(running.c.jobs, 0)
    query = (
        select(Job.id)
        .outerjoin(running, running.c.org == Job.org)
        .where(or_(is_due, _abandoned()))
        .order_by(jobs, Job.id)
        .limit(1)
        .with_for_update(of=Job, skip_locked=True)
    )
    if idle_only:
        query = query.where(jobs == 0)
    return session.scalars(query).first()


def _abandoned() -> ColumnElement[bool]:
    return (Job.status == RUNNING) & (Job.leased_until < func.now())
