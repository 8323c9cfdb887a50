from typing import Any

from flask import request

from tollgate_auth.fields import reply
from tollgate_auth.runtime import runtime
from tollgate_auth.sessions import service
from tollgate_auth.sessions.refusals import login_refusals
from tollgate_auth.sessions.schemas import (
    Login,
    Logout,
    Me,
    Refresh,
    SessionList,
    SessionQuery,
    Tokens,
)
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import authenticated, current_caller, public
from tollgate_common.restx import Noun, Paging, document, json_body, page, query

namespace = Noun("auth", description="Logging in and out.")
me_namespace = Noun("me", description="Who am I.")
tokens = document(namespace, Tokens)
login_body, refresh_body = document(namespace, Login), document(namespace, Refresh)
logout_body, many = document(namespace, Logout), document(namespace, SessionList)
myself = document(me_namespace, Me)

NO_STORE = {"cache-control": "no-store"}


@namespace.route("/login")
class LoginResource(TransactionalResource):
    @public
    @namespace.documented(
        {
            200: ("An access token and a refresh token.", tokens),
            401: "Email or password is wrong.",
            429: "Too many attempts.",
        },
        body=login_body,
        public=True,
    )
    def post(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        sent, parts = json_body(Login), runtime()
        agent = str(request.user_agent)
        with login_refusals(sent.email):
            granted = service.login(sent, agent, parts.passwords, parts.attempts, parts.issuer)
        return reply(granted), 200, NO_STORE


@namespace.route("/refresh")
class RefreshResource(TransactionalResource):
    @public
    @namespace.documented(
        {
            200: ("New tokens; the one sent is spent.", tokens),
            401: "The token is not valid, or was used before.",
        },
        body=refresh_body,
        public=True,
    )
    def post(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        granted = service.refresh(json_body(Refresh).refresh_token, runtime().issuer)
        return reply(granted), 200, NO_STORE


@namespace.route("/logout")
class LogoutResource(TransactionalResource):
    @authenticated
    @namespace.documented({204: "The session has ended."}, body=logout_body)
    def post(self) -> tuple[str, int]:
        sent = json_body(Logout) if request.get_data() else Logout()
        service.logout(current_caller(), sent)
        return "", 204


@namespace.route("/sessions")
class Sessions(TransactionalResource):
    @authenticated
    @namespace.documented(
        {200: ("A page of your sessions, newest first.", many)}, params=(SessionQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        return page(*service.page(current_caller(), query(SessionQuery)))


@namespace.route("/sessions/<id:session_id>")
class OneSession(TransactionalResource):
    @authenticated
    @namespace.documented({204: "It has ended."})
    def delete(self, session_id: str) -> tuple[str, int]:
        service.end(current_caller(), session_id)
        return "", 204


@me_namespace.route("")
class MeResource(TransactionalResource):
    @authenticated
    @me_namespace.documented({200: ("The caller.", myself)})
    def get(self) -> dict[str, Any]:
        return reply(service.me(current_caller()))
