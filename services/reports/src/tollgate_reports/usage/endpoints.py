"""`GET /usage`."""

from typing import Any

from flask import current_app
from flask_restx import Namespace, Resource

from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import document, query
from tollgate_reports.usage.schemas import Usage, UsageQuery
from tollgate_reports.usage.service import UsageService, question_of

api = Namespace("usage", path="/usage", description="What was used, and what it cost.")

_parameters = {
    name: {"in": "query", "description": field.description or "Only requests that have it."}
    for name, field in UsageQuery.model_fields.items()
}
_usage = document(api, Usage)


@api.route("")
@api.doc(
    get={"params": _parameters, "responses": {"200": ("By bucket and group, and in all.", _usage)}}
)
class UsageResource(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read")
    def get(self) -> dict[str, Any]:
        """Sums over a period, by any dimensions, in any time zone."""
        usage: UsageService = current_app.extensions["usage"]
        return usage.answer(question_of(current_caller(), query(UsageQuery)))
