"""Projects. An organisation always has its default one, for keys that name none."""

from datetime import UTC, datetime

from tollgate_auth.audit import service as audit
from tollgate_auth.database import refusing
from tollgate_auth.extensions import db
from tollgate_auth.limits import repository as limits
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.projects import repository
from tollgate_auth.projects.models import Project
from tollgate_common.errors import Conflict, NotFound
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id

_TAKEN = Conflict("There is a project of this name.", param="name")


def get(org: str, project_id: str) -> Project:
    project = repository.find(org, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    return project


def create(caller: Caller, name: str) -> Project:
    organisations.lock(caller.org)
    project = Project(id=new_id("proj"), org_id=caller.org, name=name, is_default=False)
    with refusing("uq_projects_name", _TAKEN):
        repository.add(project)
    _record(caller, "project.created", project, after={"name": name})
    return project


def rename(caller: Caller, project_id: str, name: str) -> Project:
    organisations.lock(caller.org)
    project = get(caller.org, project_id)
    before = {"name": project.name}
    project.name = name
    with refusing("uq_projects_name", _TAKEN):
        db.session.flush()
    _record(caller, "project.changed", project, before, {"name": name})
    return project


def delete(caller: Caller, project_id: str) -> None:
    """Its keys are revoked and its limits dropped; what it has cost stays on the books."""
    organisations.lock(caller.org)
    project = get(caller.org, project_id)
    if project.is_default:
        raise Conflict("The default project cannot be deleted.")
    project.deleted_at = datetime.now(UTC)
    limits.remove_of(project.id)
    principal_changes.revoke_keys("project", project.id)
    _record(caller, "project.deleted", project, {"name": project.name})


def _record(
    caller: Caller,
    action: str,
    project: Project,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    target = ("project", project.id)
    audit.record(caller.org, audit.actor_of(caller), action, target, before, after)
