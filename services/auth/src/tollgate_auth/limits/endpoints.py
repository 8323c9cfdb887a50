from functools import partial
from typing import Any

from flask import Blueprint, after_this_request

from tollgate_auth.limits import figures, repository, service
from tollgate_auth.limits.models import LimitRow
from tollgate_auth.limits.schemas import (
    EveryLimitQuery,
    LimitCreate,
    LimitList,
    LimitPatch,
    LimitQuery,
    LimitState,
    Mode,
    ModeQuery,
)
from tollgate_auth.runtime import runtime
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import PROJECTS, current_caller, requires, service_only
from tollgate_common.restx import Noun, Paging, document, json_body, page, query, takes
from tollgate_common.visibility import current_visibility

blueprint = Blueprint("every_limit", __name__)
namespace = Noun("limits", description="How much may be used: the policy.")
one, many = document(namespace, LimitState), document(namespace, LimitList)
creation, patching = document(namespace, LimitCreate), document(namespace, LimitPatch)


@namespace.route("")
class Limits(TransactionalResource):
    @requires("limits:read", PROJECTS)
    @namespace.documented(
        {200: ("A page of limits, newest first.", many)},
        params=(LimitQuery, Paging),
    )
    def get(self) -> dict[str, Any]:
        asked = query(LimitQuery)
        rows, following = repository.page(current_visibility(service.READING), asked)
        return page(_shown(*rows, mode=asked.mode), following)

    @requires("limits:write", PROJECTS)
    @namespace.documented(
        {
            201: ("The new limit.", one),
            404: "There is no such subject.",
            409: "There is an equal limit.",
        },
        body=creation,
    )
    def post(self) -> tuple[dict[str, Any], int]:
        row = service.create(current_caller(), json_body(LimitCreate))
        return _shown(row)[0], 201


@namespace.route("/<id:limit_id>")
class Limit(TransactionalResource):
    @requires("limits:read", PROJECTS)
    @namespace.documented({200: ("The limit.", one)}, params=(ModeQuery,))
    def get(self, limit_id: str) -> dict[str, Any]:
        row = service.get(current_visibility(service.READING), limit_id)
        return _shown(row, mode=query(ModeQuery).mode)[0]

    @requires("limits:write", PROJECTS)
    @namespace.documented(
        {200: ("The limit as it is now.", one), 409: "There is an equal limit."}, body=patching
    )
    def patch(self, limit_id: str) -> dict[str, Any]:
        row = service.update(current_caller(), limit_id, json_body(LimitPatch))
        return _shown(row)[0]

    @requires("limits:write", PROJECTS)
    @namespace.documented({204: "It is gone."})
    def delete(self, limit_id: str) -> tuple[str, int]:
        org = current_caller().org
        service.delete(current_caller(), limit_id)
        after_this_request(partial(figures.forget, runtime().redis, org, limit_id))
        return "", 204


def _shown(*rows: LimitRow, mode: Mode | None = None) -> list[dict[str, Any]]:
    """The limits with figures of the mode that is asked for, and that the caller sees."""
    own = current_visibility(service.READING).in_any_mode().mode
    return figures.shown(runtime().counts, rows, mode or own)


@blueprint.get("/internal/v1/limits")
@service_only("limits:read")
@takes(EveryLimitQuery)
def every_limit() -> dict[str, Any]:
    data, following = service.every(query(EveryLimitQuery).after or "")
    return {"data": data, "next": following}
