"""`GET /usage`."""

from typing import Any

from flask import current_app
from flask_restx import Resource

from tollgate_common.guard import PROJECTS, requires
from tollgate_common.restx import Noun, document, query
from tollgate_common.visibility import current_visibility
from tollgate_reports.usage.schemas import Usage, UsageQuery
from tollgate_reports.usage.service import UsageService, question_of

api = Noun("usage", path="/usage", description="What was used, and what it cost.")
_usage = document(api, Usage)


@api.route("")
class UsageResource(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read", PROJECTS)
    @api.documented({200: ("By bucket and group, and in all.", _usage)}, params=(UsageQuery,))
    def get(self) -> dict[str, Any]:
        """Sums over a period, by any dimensions, in any time zone."""
        usage: UsageService = current_app.extensions["usage"]
        return usage.answer(question_of(current_visibility("usage:read"), query(UsageQuery)))
