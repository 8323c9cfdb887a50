from tollgate_auth.passwords import service
from tollgate_auth.passwords.schemas import PasswordChange, PasswordReset
from tollgate_auth.runtime import runtime
from tollgate_auth.sessions.endpoints import namespace
from tollgate_auth.tokens.refusals import link_refusals
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_auth.users import repository as users
from tollgate_common.guard import authenticated, current_caller, public
from tollgate_common.restx import document, json_body

change_body, reset_body = document(namespace, PasswordChange), document(namespace, PasswordReset)


@namespace.route("/password")
class PasswordResource(TransactionalResource):
    @authenticated
    @namespace.documented(
        {
            204: "It is changed, and your other sessions have ended.",
            403: "The current password is wrong.",
            429: "Too many attempts.",
        },
        body=change_body,
    )
    def post(self) -> tuple[str, int]:
        parts = runtime()
        sent = json_body(PasswordChange)
        service.change(current_caller(), sent, parts.passwords, parts.attempts)
        return "", 204


@namespace.route("/password/reset")
class PasswordResetResource(TransactionalResource):
    @public
    @namespace.documented(
        {
            204: "It is set, and all sessions have ended.",
            400: "The link is wrong, used or too old.",
        },
        body=reset_body,
        public=True,
    )
    def post(self) -> tuple[str, int]:
        parts = runtime()
        sent = json_body(PasswordReset)
        with link_refusals(parts.links, service.PURPOSE, sent.token, users.organisation_of):
            service.reset(sent, parts.passwords, parts.links)
        return "", 204
