from collections.abc import Mapping
from typing import Any, Literal

from flask_restx import Resource
from pydantic import BaseModel, Field

from tollgate_auth.fields import RequestQuery
from tollgate_auth.keys.schemas import Scope
from tollgate_auth.roles.permissions import (
    DESCRIPTIONS,
    PROJECT_DESCRIPTIONS,
    PROJECT_ROLES,
    ROLES,
)
from tollgate_auth.users.schemas import Role
from tollgate_common.guard import authenticated
from tollgate_common.restx import Noun, Paging, document, page, page_of, query

namespace = Noun("roles", description="Roles, and the permissions each has.")


Kind = Literal["organisation", "project"]
Table = tuple[Mapping[str, tuple[str, ...]], Mapping[str, str]]
TABLES: Mapping[Kind, Table] = {
    "organisation": (ROLES, DESCRIPTIONS),
    "project": (PROJECT_ROLES, PROJECT_DESCRIPTIONS),
}


class RoleQuery(RequestQuery):
    kind: Kind = Field(
        "organisation",
        description="The roles of users, or those that memberships in projects have.",
    )
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
    roles, descriptions = TABLES[asked.kind]
    return [
        {"name": name, "description": descriptions[name], "permissions": list(permissions)}
        for name, permissions in roles.items()
        if asked.name in (None, name)
        and (asked.permission is None or asked.permission in permissions)
    ]
