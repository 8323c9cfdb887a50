from typing import Any

from flask_restx import Resource
from pydantic import BaseModel, Field

from tollgate_auth.fields import RequestQuery
from tollgate_auth.keys.schemas import Scope
from tollgate_auth.roles.permissions import DESCRIPTIONS, ROLES
from tollgate_auth.users.schemas import Role
from tollgate_common.guard import authenticated
from tollgate_common.restx import Noun, Paging, document, page, page_of, query

namespace = Noun("roles", description="Roles, and the permissions each has.")


class RoleQuery(RequestQuery):
    name: Role | None = Field(None, description="Only the role of this name.")
    permission: Scope | None = Field(None, description="Only roles that have this permission.")


class RoleOut(BaseModel):
    name: str
    description: str
    permissions: list[str]


class RoleList(BaseModel):
    data: list[RoleOut]
    next_cursor: str | None


@namespace.route("")
class Roles(Resource):  # type: ignore[misc]  # the library is untyped
    @authenticated
    @namespace.documented(
        {200: ("All roles.", document(namespace, RoleList))}, params=(RoleQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        places = {name: str(place) for place, name in enumerate(ROLES)}
        shown, following = page_of(_roles(query(RoleQuery)), lambda role: places[role["name"]])
        return page(shown, following)


def _roles(asked: RoleQuery) -> list[dict[str, Any]]:
    return [
        {"name": name, "description": DESCRIPTIONS[name], "permissions": list(permissions)}
        for name, permissions in ROLES.items()
        if asked.name in (None, name)
        and (asked.permission is None or asked.permission in permissions)
    ]
