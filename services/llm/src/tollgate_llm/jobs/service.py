"""The rules of jobs, for those who ask for them."""

import msgspec
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from tollgate_common.errors import BadRequest
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.ids import new_id
from tollgate_common.logging import get_logger
from tollgate_common.visibility import Visibility
from tollgate_llm import changes
from tollgate_llm.inference.protocols import PROTOCOLS
from tollgate_llm.jobs import repository
from tollgate_llm.jobs.errors import JobFinished, JobNotFound, QueueFull
from tollgate_llm.jobs.models import Job
from tollgate_llm.jobs.queue import ring
from tollgate_llm.jobs.repository import Place, Queue
from tollgate_llm.jobs.schemas import AskedInJob, JobIn, JobQuery

READING, WRITING = "jobs:read", "jobs:write"
ENDPOINTS = tuple(
    protocol.path
    for protocol in PROTOCOLS
    if not (protocol.free or protocol.form or protocol.sound)  # a job's body and answer are text
)

log = get_logger(__name__)

_decode = msgspec.json.Decoder(JobIn).decode
_decode_body = msgspec.json.Decoder(AskedInJob).decode


class JobService:
    """`most` is what an organisation may have in the queue."""

    def __init__(self, redis: Redis, most: Queue) -> None:
        self._redis = redis
        self._most = most

    def create(
        self, session: Session, caller: Caller, raw: bytes, client_request_id: str | None
    ) -> Job:
        """Commits, then queues: a queue that does not answer only makes the job wait until a worker
        looks. The call has the caller's id of the request that asks for it."""
        wanted = _parsed(raw)
        body = bytes(wanted.body)
        self._check_room(session, caller.org, len(body))
        job = repository.add(
            session, new_id("job"), caller, wanted.endpoint, body, client_request_id
        )
        session.commit()
        try:
            ring(self._redis, job.id)
        except RedisError as error:
            log.warning("job_waits_for_a_poll", job=job.id, error=type(error).__name__)
        return job

    def _check_room(self, session: Session, org: str, size: int) -> None:
        """`QueueFull` where the organisation may not have another job of this size waiting. Of two
        that come at once the second sees what the first has added."""
        repository.lock_queue(session, org)
        queue = repository.queue_of(session, org)
        if queue.jobs >= self._most.jobs or queue.size + size > self._most.size:
            raise QueueFull(*self._most)

    def get(
        self, session: Session, visibility: Visibility, job_id: str, *, with_answer: bool = False
    ) -> Job:
        job = repository.get(session, visibility, job_id, with_answer=with_answer)
        if job is None:
            raise JobNotFound(job_id)
        return job

    def cancel(self, session: Session, caller: Caller, job_id: str, permission: str) -> Job:
        """Commits. The worker breaks a call that runs off within seconds: its connections end, up
        to the provider's, and what it has used is booked. The caller needs the permission in the
        job's project."""
        job = self.get(session, Visibility.of(caller, READING), job_id)
        require_in_project(caller, permission, job.project)
        if not repository.cancel(session, job):
            raise JobFinished(job_id, job.status)
        changes.record(session, caller, "job.cancelled", ("job", job.id), None, None)
        session.commit()
        return job

    def page(
        self, session: Session, visibility: Visibility, asked: JobQuery, place: Place
    ) -> tuple[list[Job], str | None]:
        """The visible ones, the newest first, and where the next page begins."""
        further = Place(place.size + 1, place.before)
        rows = repository.page(session, visibility, asked, further)
        jobs = rows[: place.size]
        return jobs, jobs[-1].id if len(rows) > len(jobs) else None


def _parsed(raw: bytes) -> JobIn:
    try:
        wanted = _decode(raw)
        asked = _decode_body(bytes(wanted.body))
    except msgspec.ValidationError as error:
        raise BadRequest(f'Send {{"endpoint": …, "body": {{…}}}}: {error}.', param="body") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise BadRequest("The body is not valid JSON.", param="body", code="invalid_json") from None
    if wanted.endpoint not in ENDPOINTS:
        raise BadRequest(f"endpoint: one of {', '.join(ENDPOINTS)}.", param="endpoint")
    if asked.stream:
        raise BadRequest("A job has nobody to stream to: leave `stream` out.", param="body.stream")
    return wanted
