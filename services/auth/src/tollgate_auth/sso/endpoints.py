from typing import Any

from tollgate_auth.fields import reply
from tollgate_auth.runtime import runtime
from tollgate_auth.sso.schemas import SsoIn, SsoList, SsoOut, SsoQuery
from tollgate_auth.sso.service import NAME
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_auth.users.endpoints import namespace as users
from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import Noun, Paging, document, json_body, named, page, query

namespace = Noun("sso", description="The identity providers that people log in with.")
one, many = document(namespace, SsoOut), document(namespace, SsoList)
body = document(namespace, SsoIn)


@namespace.route("")
class SsoProvidersResource(TransactionalResource):
    @requires("sso:read")
    @namespace.documented(
        {200: ("A page of identity providers, newest first.", many)}, params=(SsoQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        providers = runtime().sso.providers
        found, following = providers.page(current_caller().org, query(SsoQuery))
        return page([reply(provider) for provider in found], following)


@namespace.route("/<name>", doc=named(NAME))
class OneSsoProvider(TransactionalResource):
    @requires("sso:read")
    @namespace.documented({200: ("The identity provider.", one)})
    def get(self, name: str) -> dict[str, Any]:
        return reply(runtime().sso.providers.get(current_caller().org, name))

    @requires("sso:write")
    @namespace.documented(
        {
            200: ("The identity provider as it is now.", one),
            201: ("The new identity provider.", one),
            409: "The name is taken, or another provider of yours has one of the domains.",
        },
        body=body,
    )
    def put(self, name: str) -> tuple[dict[str, Any], int]:
        providers = runtime().sso.providers
        provider, new = providers.put(current_caller(), name, json_body(SsoIn))
        return reply(provider), 201 if new else 200

    @requires("sso:write")
    @namespace.documented({204: "It is gone: nobody logs in with it any more."})
    def delete(self, name: str) -> tuple[str, int]:
        runtime().sso.providers.delete(current_caller(), name)
        return "", 204


@users.route("/<id:user_id>/identities/<name>", doc=named(NAME))
class OneIdentity(TransactionalResource):
    @requires("users:write")
    @users.documented(
        {
            204: "The identity provider of this name knows the user no more, and their sessions"
            " have ended.",
            403: "The user could do what the caller cannot.",
            404: "There is no such user or identity provider, or it does not know the user.",
        }
    )
    def delete(self, user_id: str, name: str) -> tuple[str, int]:
        runtime().sso.providers.unlink(current_caller(), user_id, name)
        return "", 204
