"""`GET /usage/unpriced`."""

from typing import Any

from flask import current_app
from flask_restx import Resource

from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import Noun, Paging, document, page, page_of, query
from tollgate_reports.unpriced.schemas import UnpricedList, UnpricedQuery, place_of
from tollgate_reports.unpriced.service import UnpricedService

api = Noun("unpriced", path="/usage", description="What was used without a price.")
_many = document(api, UnpricedList)


@api.route("/unpriced")
class Unpriced(Resource):  # type: ignore[misc]  # the library is untyped
    @requires("usage:read")
    @api.documented({200: ("A page, by model.", _many)}, params=(UnpricedQuery, Paging))
    def get(self) -> dict[str, Any]:
        """What was used that nobody knew the price of, by model, provider and kind."""
        service: UnpricedService = current_app.extensions["unpriced"]
        return page(*page_of(service.list_all(current_caller(), query(UnpricedQuery)), place_of))
