"""`GET /internal/v1/spend`: for auth, before it deletes a project."""

from typing import Any

from flask import Blueprint, current_app

from tollgate_common.guard import service_only
from tollgate_common.restx import query, takes
from tollgate_reports.spend.schemas import SpendQuery
from tollgate_reports.spend.service import SpendService

blueprint = Blueprint("spend", __name__)


@blueprint.get("/internal/v1/spend")
@service_only("spend:read")
@takes(SpendQuery)
def spend() -> dict[str, Any]:
    """What a project has spent, by mode."""
    service: SpendService = current_app.extensions["spend"]
    return service.of_project(query(SpendQuery)).model_dump()
