from typing import Any

from flask import Blueprint
from pydantic import Field

from tollgate_auth.fields import ObjectId, RequestQuery, reply
from tollgate_auth.limits import repository, service
from tollgate_auth.limits.schemas import (
    EveryLimitQuery,
    LimitCreate,
    LimitList,
    LimitOut,
    LimitPatch,
)
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import current_caller, requires, service_only
from tollgate_common.restx import Noun, Paging, document, json_body, page, query

blueprint = Blueprint("every_limit", __name__)
namespace = Noun("limits", description="How much may be used: the policy.")
one, many = document(namespace, LimitOut), document(namespace, LimitList)
creation, patching = document(namespace, LimitCreate), document(namespace, LimitPatch)


class LimitQuery(RequestQuery):
    subject_id: ObjectId | None = Field(
        None, description="Only those that bind this org, project, user or key."
    )


@namespace.route("")
class Limits(TransactionalResource):
    @requires("limits:read")
    @namespace.documented(
        {200: ("A page of limits, newest first.", many)},
        params=(LimitQuery, Paging),
    )
    def get(self) -> dict[str, Any]:
        rows, following = repository.page(current_caller().org, query(LimitQuery).subject_id)
        return page([reply(LimitOut.of(row)) for row in rows], following)

    @requires("limits:write")
    @namespace.documented(
        {201: ("The new limit.", one), 404: "There is no such subject."}, body=creation
    )
    def post(self) -> tuple[dict[str, Any], int]:
        row = service.create(current_caller(), json_body(LimitCreate))
        return reply(LimitOut.of(row)), 201


@namespace.route("/<id:limit_id>")
class Limit(TransactionalResource):
    @requires("limits:read")
    @namespace.documented({200: ("The limit.", one)})
    def get(self, limit_id: str) -> dict[str, Any]:
        return reply(LimitOut.of(service.get(current_caller().org, limit_id)))

    @requires("limits:write")
    @namespace.documented({200: ("The limit as it is now.", one)}, body=patching)
    def patch(self, limit_id: str) -> dict[str, Any]:
        row = service.update(current_caller(), limit_id, json_body(LimitPatch))
        return reply(LimitOut.of(row))

    @requires("limits:write")
    @namespace.documented({204: "It is gone."})
    def delete(self, limit_id: str) -> tuple[str, int]:
        service.delete(current_caller(), limit_id)
        return "", 204


@blueprint.get("/internal/v1/limits")
@service_only("limits:read")
def every_limit() -> dict[str, Any]:
    data, following = service.every(query(EveryLimitQuery).after or "")
    return {"data": data, "next": following}
