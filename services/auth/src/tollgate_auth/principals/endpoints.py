from flask import Blueprint, Response

from tollgate_auth.principals.schemas import PrincipalQuery
from tollgate_auth.runtime import runtime
from tollgate_common.guard import service_only
from tollgate_common.principal import encode_principal
from tollgate_common.restx import json_body

blueprint = Blueprint("principals", __name__)


@blueprint.post("/internal/v1/principals")
@service_only("principals:read")
def principals() -> Response:
    found = runtime().principals.find(json_body(PrincipalQuery).name())
    answer = Response(encode_principal(found), content_type="application/json")
    answer.headers["cache-control"] = "no-store"
    return answer
