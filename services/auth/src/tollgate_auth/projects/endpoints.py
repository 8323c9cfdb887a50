from typing import Any

from tollgate_auth.fields import reply
from tollgate_auth.projects import repository, service
from tollgate_auth.projects.schemas import (
    DeleteQuery,
    ProjectIn,
    ProjectList,
    ProjectOut,
    ProjectPatch,
    ProjectQuery,
)
from tollgate_auth.runtime import runtime
from tollgate_auth.unit_of_work import TransactionalResource
from tollgate_common.guard import PROJECTS, current_caller, requires
from tollgate_common.restx import Noun, Paging, document, json_body, page, query
from tollgate_common.visibility import current_visibility

namespace = Noun("projects", description="What keys are made for and costs are charged to.")
one, many = document(namespace, ProjectOut), document(namespace, ProjectList)
creation, patching = document(namespace, ProjectIn), document(namespace, ProjectPatch)


@namespace.route("")
class Projects(TransactionalResource):
    @requires("projects:read", PROJECTS)
    @namespace.documented(
        {200: ("A page of projects, newest first.", many)}, params=(ProjectQuery, Paging)
    )
    def get(self) -> dict[str, Any]:
        rows, following = repository.page(current_visibility(service.READING), query(ProjectQuery))
        return page([reply(ProjectOut.of(row)) for row in rows], following)

    @requires("projects:write")
    @namespace.documented(
        {201: ("The new project.", one), 409: "There is a project of this name."}, body=creation
    )
    def post(self) -> tuple[dict[str, Any], int]:
        project = service.create(current_caller(), json_body(ProjectIn))
        return reply(ProjectOut.of(project)), 201


@namespace.route("/<id:project_id>")
class OneProject(TransactionalResource):
    @requires("projects:read", PROJECTS)
    @namespace.documented({200: ("The project.", one)})
    def get(self, project_id: str) -> dict[str, Any]:
        visibility = current_visibility(service.READING)
        return reply(ProjectOut.of(service.get(visibility, project_id)))

    @requires("projects:write", PROJECTS)
    @namespace.documented(
        {200: ("The project as it is now.", one), 409: "There is a project of this name."},
        body=patching,
    )
    def patch(self, project_id: str) -> dict[str, Any]:
        project = service.update(current_caller(), project_id, json_body(ProjectPatch))
        return reply(ProjectOut.of(project))

    @requires("projects:write")
    @namespace.documented(
        {
            204: "It is gone, and its keys are revoked.",
            409: "It has spent and `confirm` is not its name, or it is the default project.",
        },
        params=(DeleteQuery,),
    )
    def delete(self, project_id: str) -> tuple[str, int]:
        caller = current_caller()
        service.check_spend(caller, project_id, query(DeleteQuery).confirm, runtime().spend)
        service.delete(caller, project_id)
        return "", 204
