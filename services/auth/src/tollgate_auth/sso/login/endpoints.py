from typing import Any

from flask import Response, redirect, request
from flask_restx import Resource

from tollgate_auth.fields import reply
from tollgate_auth.runtime import runtime
from tollgate_auth.sessions.schemas import Tokens
from tollgate_auth.sso.login.errors import LoginRefused
from tollgate_auth.sso.login.refusals import note_refusal
from tollgate_auth.sso.login.schemas import CallbackQuery, CodeIn, LoginQuery
from tollgate_auth.sso.service import NAME
from tollgate_auth.unit_of_work import TransactionalResource, unit_of_work
from tollgate_common.guard import public
from tollgate_common.restx import Noun, document, json_body, named, query

namespace = Noun(
    "single-sign-on", path="/auth/sso", description="Logging in with an identity provider."
)
tokens, code_body = document(namespace, Tokens), document(namespace, CodeIn)

NO_STORE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@namespace.route("/<name>/login", doc=named(NAME))
class SsoLogin(TransactionalResource):
    @public
    @namespace.documented(
        {
            302: "To the identity provider.",
            404: "There is no such identity provider.",
            503: "The identity provider does not answer.",
        },
        params=(LoginQuery,),
        public=True,
        foreign_params=True,
    )
    def get(self, name: str) -> Response:
        return _sent_to(runtime().sso.begin(name, query(LoginQuery).return_to), 302)


@namespace.route("/<name>/callback", doc=named(NAME))
class SsoCallback(Resource):  # type: ignore[misc]  # the library is untyped
    """A unit of work of its own: a refusal is rolled back, and yet an answer."""

    @public
    @namespace.documented(
        {303: "To where the login was to end, with `#code=` or `#error=`."},
        params=(CallbackQuery,),
        public=True,
        foreign_params=True,
    )
    def get(self, name: str) -> Response:
        sso = runtime().sso
        try:
            with unit_of_work():
                return _sent_to(sso.finish(name, query(CallbackQuery)), 303)
        except LoginRefused as refused:
            note_refusal(name, refused)
            return _sent_to(sso.refused(refused), 303)


@namespace.route("/token")
class SsoToken(TransactionalResource):
    @public
    @namespace.documented(
        {
            200: ("An access token and a refresh token.", tokens),
            401: "The code is not valid, was used, or is too old.",
        },
        body=code_body,
        public=True,
    )
    def post(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        agent, issuer = str(request.user_agent), runtime().issuer
        granted = runtime().sso.exchange(json_body(CodeIn).code, agent, issuer)
        return reply(granted), 200, NO_STORE


def _sent_to(url: str, status: int) -> Response:
    answer: Any = redirect(url, status, Response)
    answer.headers.update(NO_STORE)
    return answer  # type: ignore[no-any-return]  # the library is untyped
