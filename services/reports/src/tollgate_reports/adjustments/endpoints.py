"""`/requests/{request_id}/adjustments`: correcting what is booked."""

from typing import Any

from flask import current_app
from flask_restx import Resource

from tollgate_common.guard import PROJECTS, current_caller, requires
from tollgate_common.restx import Noun, Paging, document, json_body, page, page_of, query
from tollgate_reports.adjustments.schemas import (
    Adjustment,
    AdjustmentList,
    AdjustmentQuery,
    AdjustmentRequest,
)
from tollgate_reports.adjustments.service import AdjustmentService

api = Noun("adjustments", path="/requests", description="Corrections of what is booked.")
_one, _many = document(api, Adjustment), document(api, AdjustmentList)
_asked = document(api, AdjustmentRequest)
_NO_ROW = "It is not in the ledger."


def _service() -> AdjustmentService:
    service: AdjustmentService = current_app.extensions["adjustments"]
    return service


@api.route("/<request_id>/adjustments")
class Adjustments(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read", PROJECTS)
    @api.documented(
        {200: ("A page, oldest first.", _many), 404: _NO_ROW}, params=(AdjustmentQuery, Paging)
    )
    def get(self, request_id: str) -> dict[str, Any]:
        """The adjustments of one request, by its `x-request-id` or its ticket's id."""
        by = query(AdjustmentQuery).adjusted_by
        every = _service().list_all(current_caller(), request_id)
        shown = [each for each in every if by in (None, each["adjusted_by"])]
        return page(*page_of(shown, lambda each: str(each["id"])))

    @requires("adjustments:write")
    @api.documented(
        {
            201: ("The row that was added.", _one),
            404: _NO_ROW,
            409: "Its month is archived, its figures are already as you say, or several requests"
            " have this id of their callers'.",
        },
        body=_asked,
    )
    def post(self, request_id: str) -> tuple[dict[str, Any], int]:
        """Say what a request really used: what its vendor's bill has, or what it cost."""
        wanted = json_body(AdjustmentRequest)
        return _service().add(current_caller(), request_id, wanted), 201
