from typing import Any

from tollgate_auth.fields import reply
from tollgate_auth.passwords.schemas import ResetLink
from tollgate_auth.runtime import runtime
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_auth.users import repository, service
from tollgate_auth.users.schemas import UserCreate, UserList, UserOut, UserPatch, UserQuery
from tollgate_common.guard import current_caller, requires
from tollgate_common.restx import Noun, Paging, document, json_body, page, query

namespace = Noun("users", description="The people of the organisation.")
one, many = document(namespace, UserOut), document(namespace, UserList)
reset_link = document(namespace, ResetLink)
creation, patching = document(namespace, UserCreate), document(namespace, UserPatch)


@namespace.route("")
class Users(TransactionalResource):
    @requires("users:read")
    @namespace.documented(
        {200: ("A page of users, newest first.", many)}, params=(UserQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        rows, following = repository.page(current_caller().org, query(UserQuery))
        return page([reply(UserOut.of(row)) for row in rows], following)

    @requires("users:write")
    @namespace.documented(
        {
            201: ("The new user.", one),
            409: "The address is taken.",
            429: "Too many addresses were taken, or too many unknown keys came from here.",
        },
        body=creation,
    )
    def post(self) -> tuple[dict[str, Any], int]:
        wanted = json_body(UserCreate)
        parts = runtime()
        user = service.create(current_caller(), wanted, parts.passwords, parts.taken)
        return reply(UserOut.of(user)), 201


@namespace.route("/<id:user_id>")
class OneUser(TransactionalResource):
    @requires("users:read")
    @namespace.documented({200: ("The user.", one)})
    def get(self, user_id: str) -> dict[str, Any]:
        return reply(UserOut.of(service.get(current_caller().org, user_id)))

    @requires("users:write")
    @namespace.documented(
        {
            200: ("The user as they are now.", one),
            409: "The organisation would be without an owner.",
        },
        body=patching,
    )
    def patch(self, user_id: str) -> dict[str, Any]:
        return reply(UserOut.of(service.update(current_caller(), user_id, json_body(UserPatch))))


@namespace.route("/<id:user_id>/password-reset")
class PasswordResetLink(TransactionalResource):
    @requires("users:write")
    @namespace.documented(
        {
            201: ("A link for the user, this once; it works once, for an hour.", reset_link),
            409: "The user is deactivated.",
        }
    )
    def post(self, user_id: str) -> tuple[dict[str, Any], int]:
        return reply(service.reset_link(current_caller(), user_id, runtime().links)), 201
