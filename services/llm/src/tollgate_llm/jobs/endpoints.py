"""`/v1/jobs` for whoever has an inference call to queue, `/api/v1/jobs` for who manages them."""

from typing import Any

from flask import Flask, Response, current_app, g, request

from tollgate_common.guard import PROJECTS, current_caller, requires
from tollgate_common.restx import Noun, Paging, document, page, page_cursor, page_size, query
from tollgate_common.visibility import current_visibility
from tollgate_llm.extensions import db
from tollgate_llm.jobs.reading import note_reading
from tollgate_llm.jobs.repository import Place
from tollgate_llm.jobs.schemas import JobList, JobOut, JobQuery, job_out, job_with_answer
from tollgate_llm.jobs.service import READING, WRITING, JobService
from tollgate_llm.unit_of_work import TransactionalResource

EXTENSION = "jobs"
CALLING = "inference"

namespace = Noun("jobs", description="Queued inference calls.")
one, many = document(namespace, JobOut), document(namespace, JobList)


def register(app: Flask, service: JobService) -> None:
    app.extensions[EXTENSION] = service
    app.add_url_rule("/v1/jobs", "create_job", create_job, methods=["POST"])
    app.add_url_rule("/v1/jobs/<job_id>", "get_job", get_job, methods=["GET"])
    app.add_url_rule("/v1/jobs/<job_id>", "cancel_job", cancel_job, methods=["DELETE"])


def _service() -> JobService:
    service: JobService = current_app.extensions[EXTENSION]
    return service


@requires(CALLING)
def create_job() -> Response:
    """202 with the job, and where to look for its answer."""
    raw, client = request.get_data(cache=False), g.request_ids.client
    job = _service().create(db.session(), current_caller(), raw, client)
    response = _json(job_with_answer(job), 202)
    response.headers["location"] = f"/v1/jobs/{job.id}"
    return response


@requires(CALLING)
def get_job(job_id: str) -> Response:
    """The job, with its answer once there is one."""
    job = _service().get(db.session(), current_visibility(READING), job_id, with_answer=True)
    note_reading(current_caller(), job)
    return _json(job_with_answer(job))


@requires(CALLING)
def cancel_job(job_id: str) -> Response:
    """The job, cancelled; 409 when it had finished."""
    job = _service().cancel(db.session(), current_caller(), job_id, CALLING)
    return _json(job_with_answer(job))


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status=status, content_type="application/json")


@namespace.route("")
class Jobs(TransactionalResource):
    @requires(READING, PROJECTS)
    @namespace.documented(
        {200: ("A page of jobs, the newest first.", many)}, params=(JobQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        place = Place(page_size(), page_cursor())
        jobs, following = _service().page(
            db.session(), current_visibility(READING), query(JobQuery), place
        )
        return page([job_out(job) for job in jobs], following)


@namespace.route("/<job_id>")
class OneJob(TransactionalResource):
    @requires(READING, PROJECTS)
    @namespace.documented({200: ("The job.", one)})
    def get(self, job_id: str) -> dict[str, Any]:
        return job_out(_service().get(db.session(), current_visibility(READING), job_id))

    @requires(WRITING, PROJECTS)
    @namespace.documented({200: ("The job, cancelled.", one), 409: "It had finished."})
    def delete(self, job_id: str) -> dict[str, Any]:
        return job_out(_service().cancel(db.session(), current_caller(), job_id, WRITING))
