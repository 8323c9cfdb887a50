from typing import Any

from flask_restx import Resource
from pydantic import BaseModel

from tollgate_auth.roles.permissions import DESCRIPTIONS, ROLES
from tollgate_common.guard import authenticated
from tollgate_common.restx import Noun, document, page

namespace = Noun("roles", description="Roles, and the permissions each has.")


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
    @namespace.documented({200: ("All roles.", document(namespace, RoleList))})
    def get(self) -> dict[str, Any]:
        return page(
            [
                {"name": name, "description": DESCRIPTIONS[name], "permissions": list(permissions)}
                for name, permissions in ROLES.items()
            ]
        )
