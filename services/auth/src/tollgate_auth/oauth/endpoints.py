"""Forms in, JSON out, errors in OAuth's shape; the client's credentials as Basic or in the form."""

import base64
import binascii
import re
from urllib.parse import unquote_plus

from flask import Blueprint, Response, jsonify, request

from tollgate_auth.audit import service as audit
from tollgate_auth.oauth import errors
from tollgate_auth.oauth.errors import InvalidClient, InvalidRequest, UnsupportedGrant
from tollgate_auth.oauth.service import Machine
from tollgate_auth.roles.permissions import PERMISSIONS
from tollgate_auth.runtime import runtime
from tollgate_auth.unit_of_work import unit_of_work
from tollgate_common.errors import TollgateError
from tollgate_common.guard import public

LONGEST_FIELD = 8192

blueprint = Blueprint("oauth", __name__)
blueprint.register_error_handler(TollgateError, errors.answer)


@blueprint.post("/oauth/token")
@public
def token() -> Response:
    """RFC 6749, section 4.4. Form: grant_type, audience, scope."""
    with unit_of_work():
        client = _client()
        if _field("grant_type") != "client_credentials":
            raise UnsupportedGrant
        granted = runtime().oauth.grant(client, _field("audience"), _field("scope"))
    if isinstance(client, Machine):
        actor, target = audit.Actor("user", client.user.id), ("service_account", client.user.id)
        audit.note(client.user.org_id, actor, "service_account.token_issued", target)
    return _answer(
        access_token=granted.token,
        token_type="Bearer",  # noqa: S106 - the kind of token, not one
        expires_in=granted.seconds,
        scope=granted.scope,
    )


@blueprint.post("/oauth/introspect")
@public
def introspect() -> Response:
    """RFC 7662. Form: token."""
    with unit_of_work():
        return _answer(**runtime().oauth.introspect(_client(), _required("token")))


@blueprint.post("/oauth/revoke")
@public
def revoke() -> Response:
    """RFC 7009. Form: token."""
    with unit_of_work():
        runtime().oauth.revoke(_client(), _required("token"))
    return Response(status=200, headers={"cache-control": "no-store"})


@blueprint.get("/.well-known/oauth-authorization-server")
@public
def metadata() -> Response:
    """RFC 8414."""
    settings = runtime().settings
    methods = ["client_secret_basic", "client_secret_post"]
    base = settings.public()
    answer = jsonify(
        issuer=settings.issuer,
        token_endpoint=f"{base}/oauth/token",
        introspection_endpoint=f"{base}/oauth/introspect",
        revocation_endpoint=f"{base}/oauth/revoke",
        jwks_uri=f"{base}/.well-known/jwks.json",
        grant_types_supported=["client_credentials"],
        response_types_supported=[],
        scopes_supported=list(PERMISSIONS),
        token_endpoint_auth_methods_supported=methods,
        introspection_endpoint_auth_methods_supported=methods,
        revocation_endpoint_auth_methods_supported=methods,
        service_documentation=f"{base}/docs",
    )
    answer.cache_control.max_age = 60
    return answer


def _client() -> Machine | str:
    return runtime().oauth.authenticate(*_credentials())


_BASIC = re.compile(r"basic +([A-Za-z0-9+/=]+)\Z", re.IGNORECASE)


def _credentials() -> tuple[str, str]:
    """Basic, where RFC 6749 has id and secret form-encoded; or the form; not both."""
    header = request.headers.get("authorization")
    if header is None:
        return _field("client_id"), _field("client_secret")
    found = _BASIC.match(header)
    if found is None:
        raise InvalidClient
    if request.form.get("client_secret"):
        raise InvalidRequest("Send the client's credentials once.", param="client_secret")
    try:
        client_id, _, secret = base64.b64decode(found[1], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidClient from None
    return unquote_plus(client_id), unquote_plus(secret)


def _required(name: str) -> str:
    if not (value := _field(name)):
        raise InvalidRequest(f"{name}: Field required.", param=name)
    return value


def _field(name: str) -> str:
    """A field of the form: once, of sensible length."""
    values = request.form.getlist(name)
    if len(values) > 1 or any(len(value) > LONGEST_FIELD for value in values):
        raise InvalidRequest(f"{name}: once, and at most {LONGEST_FIELD} characters.", param=name)
    return values[0] if values else ""


def _answer(**fields: object) -> Response:
    answer = jsonify(fields)
    answer.headers["cache-control"] = "no-store"
    return answer
