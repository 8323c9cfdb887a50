from typing import Any

from tollgate_auth.members import service
from tollgate_auth.members.schemas import (
    MemberCreate,
    MemberList,
    MemberOut,
    MemberPatch,
    MemberQuery,
)
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import PROJECTS, current_caller, requires
from tollgate_common.restx import Noun, Paging, document, json_body, page, query
from tollgate_common.visibility import current_visibility

namespace = Noun("members", path="/projects", description="Who has a part in which project.")
one, many = document(namespace, MemberOut), document(namespace, MemberList)
creation, patching = document(namespace, MemberCreate), document(namespace, MemberPatch)
_NO_PROJECT = "There is no such project."


@namespace.route("/<id:project_id>/members")
class Members(TransactionalResource):
    @requires("projects:read", PROJECTS)
    @namespace.documented(
        {200: ("A page of the members.", many), 404: _NO_PROJECT}, params=(MemberQuery, Paging)
    )
    def get(self, project_id: str) -> dict[str, Any]:
        """The memberships in a project. Who has none may have a part in it all the same: by a role
        in the organisation."""
        visibility = current_visibility(service.READING)
        return page(*service.page(visibility, project_id, query(MemberQuery)))

    @requires("projects:write", PROJECTS)
    @namespace.documented(
        {
            201: ("The new membership.", one),
            403: "The caller may do less in the project than the member could.",
            404: "There is no such project or user.",
            409: "They are a member already, are deactivated, or have 100 memberships.",
        },
        body=creation,
    )
    def post(self, project_id: str) -> tuple[dict[str, Any], int]:
        """Give a person a role in the project. It takes the place of what the organisation's roles
        `member` and `viewer` allow there; `owner`, `admin` and `billing` stay above it."""
        return service.create(current_caller(), project_id, json_body(MemberCreate)), 201


@namespace.route("/<id:project_id>/members/<id:user_id>")
class OneMember(TransactionalResource):
    @requires("projects:write", PROJECTS)
    @namespace.documented(
        {
            200: ("The membership as it is now.", one),
            403: "The caller may do less in the project than the member could.",
            404: "There is no such project or member.",
        },
        body=patching,
    )
    def patch(self, project_id: str, user_id: str) -> dict[str, Any]:
        """Give a member another role."""
        role = json_body(MemberPatch).role
        return service.update(current_caller(), project_id, user_id, role)

    @requires("projects:write", PROJECTS)
    @namespace.documented(
        {
            204: "They are no member any more.",
            403: "The caller may do less in the project than the person could without it.",
            404: "There is no such project or member.",
        }
    )
    def delete(self, project_id: str, user_id: str) -> tuple[str, int]:
        """End a membership. With `open_projects` the person's role in the organisation counts in
        the project again, else they have no part in it any more."""
        service.delete(current_caller(), project_id, user_id)
        return "", 204
