"""What the API takes and gives for jobs."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, Field, PlainSerializer, StringConstraints

from tollgate_common.events.cloudevents import timestamp
from tollgate_llm.jobs.models import Job

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ObjectId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,40}$")]
Moment = Annotated[datetime, PlainSerializer(timestamp, return_type=str)]


class JobIn(msgspec.Struct, forbid_unknown_fields=True):
    """A job as it is asked for: the call's route, and its body, kept byte for byte."""

    endpoint: str
    body: msgspec.Raw


class AskedInJob(msgspec.Struct):
    """What is looked at in the body of a job's call."""

    model: str
    stream: Any = None


class JobQuery(BaseModel):
    status: Status | None = Field(None, description="Only those of this status.")
    mode: Literal["live", "test"] | None = Field(None, description="Only those of this mode.")
    endpoint: str | None = Field(None, description="Only calls of this route.")
    project: ObjectId | None = Field(None, description="Only those of this project.")
    key: ObjectId | None = Field(None, description="Only those made with this key.")
    user: ObjectId | None = Field(None, description="Only those made by this user.")


class JobOut(BaseModel):
    """A job in a list, without its answer. A job that is `queued` and has a `waiting_until` is
    tried again then: the limit `waiting_for` refused it, or, where that is null, the gateway was
    down. `waits` counts what limits refused, and `attempts` counts it among all. `request_id` names
    the call that it was answered by."""

    id: str
    object: Literal["job"] = "job"
    status: Status
    mode: str
    endpoint: str
    project: str | None
    key: str | None
    user: str | None
    attempts: int
    waits: int
    waiting_until: Moment | None
    waiting_for: str | None
    client_request_id: str | None
    request_id: str | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    error: str | None


class JobList(BaseModel):
    data: list[JobOut]
    next_cursor: str | None = None


def job_out(job: Job) -> dict[str, Any]:
    return JobOut.model_validate(job, from_attributes=True).model_dump(mode="json")


def job_with_answer(job: Job) -> bytes:
    """The job as JSON with `response`: null, or the status and body that the call was answered
    with; the body as it came where it is JSON, else as a string."""
    response = None
    if job.response_status is not None:
        response = {"status_code": job.response_status, "body": _body(job)}
    return msgspec.json.encode({**job_out(job), "response": response})


def _body(job: Job) -> msgspec.Raw | str:
    body = job.response_body or b""
    if "json" in (job.response_type or ""):
        try:
            msgspec.json.decode(body)
            return msgspec.Raw(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            pass
    return body.decode("utf-8", "replace")
