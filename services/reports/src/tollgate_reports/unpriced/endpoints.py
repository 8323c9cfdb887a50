"""`GET /usage/unpriced`."""

from typing import Any

from flask import Blueprint, current_app
from flask_restx import Resource

from tollgate_common.guard import PROJECTS, requires, service_only
from tollgate_common.restx import Noun, Paging, document, page, page_of, query, takes
from tollgate_common.visibility import current_visibility
from tollgate_reports.unpriced.schemas import DaysQuery, UnpricedList, UnpricedQuery, place_of
from tollgate_reports.unpriced.service import UnpricedService

api = Noun("unpriced", path="/usage", description="What was used without a price.")
blueprint = Blueprint("unpriced", __name__)
_many = document(api, UnpricedList)


@api.route("/unpriced")
class Unpriced(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read", PROJECTS)
    @api.documented({200: ("A page, by model.", _many)}, params=(UnpricedQuery, Paging))
    def get(self) -> dict[str, Any]:
        """What was used that nobody knew the price of, by model, provider and kind."""
        service: UnpricedService = current_app.extensions["unpriced"]
        return page(
            *page_of(
                service.list_all(current_visibility("usage:read"), query(UnpricedQuery)), place_of
            )
        )


@blueprint.get("/internal/v1/unpriced")
@service_only("unpriced:read")
@takes(DaysQuery)
def unpriced() -> dict[str, Any]:
    """What all organisations used without a price: for `tollgate-llm prices check`."""
    service: UnpricedService = current_app.extensions["unpriced"]
    return {"data": service.list_of_all(query(DaysQuery).days)}
