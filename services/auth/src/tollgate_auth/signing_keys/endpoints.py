from flask import Blueprint, Response, jsonify

from tollgate_auth.runtime import runtime
from tollgate_common.guard import public

blueprint = Blueprint("signing_keys", __name__)


@blueprint.get("/.well-known/jwks.json")
@public
def jwks() -> Response:
    answer = jsonify(runtime().keyring.jwks())
    answer.cache_control.max_age = 60
    answer.cache_control.public = True
    return answer
