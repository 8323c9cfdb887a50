"""`GET /requests` and `GET /requests/{request_id}`: rows of the ledger."""

from typing import Any

from flask import current_app, request
from flask_restx import Resource

from tollgate_common.guard import PROJECTS, requires
from tollgate_common.restx import Noun, Paging, document, page, page_size, query
from tollgate_common.visibility import current_visibility
from tollgate_reports.requests.schemas import RequestPage, RequestQuery, RequestRow
from tollgate_reports.requests.service import RequestService

api = Noun("requests", path="/requests", description="Requests, one by one.")
_one, _many = document(api, RequestRow), document(api, RequestPage)


def _service() -> RequestService:
    service: RequestService = current_app.extensions["requests"]
    return service


@api.route("")
class Requests(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read", PROJECTS)
    @api.documented({200: ("A page, newest first.", _many)}, params=(RequestQuery, Paging))
    def get(self) -> dict[str, Any]:
        """The requests in the ledger."""
        size, cursor = page_size(), request.args.get("cursor")
        asked = query(RequestQuery)
        return page(*_service().list_page(current_visibility("usage:read"), asked, size, cursor))


@api.route("/<request_id>")
class OneRequest(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read", PROJECTS)
    @api.documented(
        {200: ("The newest request of this id.", _one), 404: "It is not in the ledger."}
    )
    def get(self, request_id: str) -> dict[str, Any]:
        """One request: by the `x-request-id` of its answer, its ticket's id, or the id that the
        caller gave it (the newest)."""
        return _service().find(current_visibility("usage:read"), request_id)
