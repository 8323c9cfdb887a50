"""`/reports`: ask for one, look at it, download it."""

from typing import Any

from flask import Response, current_app, request
from flask_restx import Resource

from tollgate_common.audit import actor_of
from tollgate_common.guard import PROJECTS, current_caller, public, requires
from tollgate_common.restx import (
    Noun,
    Paging,
    document,
    json_body,
    page,
    page_cursor,
    page_size,
    query,
)
from tollgate_common.visibility import current_visibility
from tollgate_reports.reports.downloads import note_download
from tollgate_reports.reports.schemas import (
    LinkQuery,
    Report,
    ReportPage,
    ReportQuery,
    ReportRequest,
)
from tollgate_reports.reports.service import READING, WRITING, Download, ReportService

api = Noun("reports", path="/reports", description="Reports: made in the background.")
_one, _many = document(api, Report), document(api, ReportPage)
_asked = document(api, ReportRequest)
_NO_LINK = "The link is not valid, or no longer."
_NOT_READY = "It is not ready, or has failed."


def _service() -> ReportService:
    service: ReportService = current_app.extensions["reports"]
    return service


@api.route("")
class Reports(Resource):  # type: ignore[misc]  # the library is untyped
    @requires(READING, PROJECTS)
    @api.documented({200: ("A page, newest first.", _many)}, params=(ReportQuery, Paging))
    def get(self) -> dict[str, Any]:
        """Your reports."""
        asked = query(ReportQuery)
        return page(
            *_service().list_page(current_visibility(READING), asked, page_cursor(), page_size())
        )

    @requires(WRITING, PROJECTS)
    @api.documented(
        {
            202: ("It is queued.", _one),
            429: "`queue_full`: the organisation has as many in the queue as it may.",
        },
        body=_asked,
    )
    def post(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Ask for a report."""
        report = _service().create(current_caller(), json_body(ReportRequest))
        return report, 202, {"location": f"/api/v1/reports/{report['id']}"}


@api.route("/<report_id>")
class OneReport(Resource):  # type: ignore[misc]  # the library is untyped
    @requires(READING, PROJECTS)
    @api.documented({200: ("With a link once it is ready.", _one), 404: "There is none."})
    def get(self, report_id: str) -> dict[str, Any]:
        """How far a report is."""
        return _service().find(current_visibility(READING), report_id)


@api.route("/<report_id>/download")
class ReportDownload(Resource):  # type: ignore[misc]  # the library is untyped
    @public  # a link's token is the permission; without one, `_permitted` asks for it
    @api.documented(
        {200: "The file.", 403: _NO_LINK, 409: _NOT_READY},
        params=(LinkQuery,),
        optional=True,
        produces="text/csv",
    )
    def get(self, report_id: str) -> Response:
        """A report's file."""
        token = request.args.get("token")
        if token is None:
            return _download(_permitted(report_id))
        file = _service().file_by_link(report_id, token)
        if org := _service().organisation_of(report_id):
            note_download(org, report_id)
        return _download(file)


@requires(READING, PROJECTS)
def _permitted(report_id: str) -> Download:
    visibility, caller = current_visibility(READING), current_caller()
    file = _service().file_for(visibility, report_id)
    note_download(caller.org, report_id, actor_of(caller))
    return file


def _download(file: Download) -> Response:
    return Response(
        file.parts,
        content_type=file.content_type,
        headers={
            "content-length": str(file.size),
            "content-disposition": f'attachment; filename="{file.filename}"',
            "cache-control": "private, no-store",
            "x-content-type-options": "nosniff",
        },
    )
