from flask import Blueprint, Response, jsonify, request

from tollgate_auth.clients.errors import UnsupportedGrant
from tollgate_auth.runtime import runtime
from tollgate_auth.tokens.service import SERVICE_TOKEN_SECONDS
from tollgate_common.guard import public

blueprint = Blueprint("clients", __name__)


@blueprint.post("/oauth/token")
@public
def token() -> Response:
    """Form: grant_type, audience, scope, and the client's id and secret, there or as Basic."""
    parts, form = runtime(), request.form
    client_id, secret = _credentials()
    parts.clients.authenticate(client_id, secret)
    if form.get("grant_type") != "client_credentials":
        raise UnsupportedGrant
    audience = form.get("audience", "")
    scope = parts.clients.granted(client_id, audience, form.get("scope", ""))
    answer = jsonify(
        access_token=parts.issuer.service_token(client_id, audience, scope),
        token_type="Bearer",  # noqa: S106 - the kind of token, not one
        expires_in=SERVICE_TOKEN_SECONDS,
        scope=scope,
    )
    answer.headers["cache-control"] = "no-store"
    return answer


def _credentials() -> tuple[str, str]:
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return basic.username or "", basic.password or ""
    return request.form.get("client_id", ""), request.form.get("client_secret", "")
