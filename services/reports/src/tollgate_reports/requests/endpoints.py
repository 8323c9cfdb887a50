"""`GET /requests` and `GET /requests/{request_id}`: rows of the ledger."""

from typing import Any

from flask import current_app
from flask_restx import Namespace, Resource

from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import document, page, page_size, query
from tollgate_reports.requests.schemas import RequestPage, RequestQuery, RequestRow
from tollgate_reports.requests.service import RequestService

api = Namespace("requests", path="/requests", description="Requests, one by one.")

_parameters = {
    name: {"in": "query", "description": field.description or "Only requests that have it."}
    for name, field in RequestQuery.model_fields.items()
}
_row, _page = document(api, RequestRow), document(api, RequestPage)


def _service() -> RequestService:
    service: RequestService = current_app.extensions["requests"]
    return service


@api.route("")
@api.doc(get={"params": _parameters, "responses": {"200": ("A page, newest first.", _page)}})
class Requests(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read")
    def get(self) -> dict[str, Any]:
        """The requests in the ledger."""
        return page(*_service().list_page(current_caller(), query(RequestQuery), page_size()))


@api.route("/<request_id>")
@api.doc(get={"responses": {"200": ("The newest request of this id.", _row)}})
class Request(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read")
    def get(self, request_id: str) -> dict[str, Any]:
        """One request, by its `x-request-id` or its ticket's id."""
        return _service().find(current_caller(), request_id)
