"""Projects. An organisation always has its default one, for keys that name none."""

from datetime import UTC, datetime
from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.database import refusing
from tollgate_auth.extensions import db
from tollgate_auth.fields import changes
from tollgate_auth.limits import repository as limits
from tollgate_auth.members import repository as members
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.projects import repository
from tollgate_auth.projects.client import SpendClient
from tollgate_auth.projects.errors import ProjectHasSpend
from tollgate_auth.projects.models import Project
from tollgate_auth.projects.schemas import ProjectIn, ProjectPatch, stored
from tollgate_auth.users import repository as users
from tollgate_common.errors import Conflict, InvalidField, NotFound
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.ids import new_id
from tollgate_common.visibility import Visibility

READING, WRITING = "projects:read", "projects:write"
_TAKEN = Conflict("There is a project of this name.", param="name")


def get(visibility: Visibility, project_id: str) -> Project:
    project = repository.find(visibility, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    return project


def create(caller: Caller, wanted: ProjectIn) -> Project:
    organisations.lock(caller.org)
    project = Project(
        id=new_id("proj"),
        org_id=caller.org,
        name=wanted.name,
        key_rules=stored(wanted.key_rules),
        is_default=False,
    )
    with refusing("uq_projects_name", _TAKEN):
        repository.add(project)
    _record(caller, "project.created", project, after=_as_audited(project))
    return project


def update(caller: Caller, project_id: str, patch: ProjectPatch) -> Project:
    """Change what was sent. Keys from before that outgrow new rules go on as they are."""
    organisations.lock(caller.org)
    project = get(Visibility.of(caller, READING), project_id)
    require_in_project(caller, WRITING, project.id)
    before, sent = _as_audited(project), changes(patch)
    project.name = sent.get("name", project.name)
    if "key_rules" in sent:
        project.key_rules = stored(sent["key_rules"])
    with refusing("uq_projects_name", _TAKEN):
        db.session.flush()
    _record(caller, "project.changed", project, before, _as_audited(project))
    return project


def check_spend(caller: Caller, project_id: str, confirm: str | None, spend: SpendClient) -> None:
    """`ProjectHasSpend` for a project that has spent, unless `confirm` is its name. No connection
    to the database is held while reports is asked; with reports away, `DependencyDown`."""
    project = _deletable(caller, project_id)
    if confirm == project.name:
        return
    users.release()
    figures = spend.of_project(caller.org, project_id)
    if not figures.is_nothing():
        raise ProjectHasSpend(figures)
    if confirm is not None:
        raise InvalidField("confirm: This is not the name of the project.", param="confirm")


def delete(caller: Caller, project_id: str) -> None:
    """Its keys are revoked, its limits dropped and its memberships ended; what it has cost stays on
    the books."""
    organisations.lock(caller.org)
    project = _deletable(caller, project_id)
    project.deleted_at = datetime.now(UTC)
    limits.remove_of(project.id)
    principal_changes.revoke_keys("project", project.id)
    principal_changes.announce_users(members.remove_of(project.id))
    _record(caller, "project.deleted", project, {"name": project.name})


def _deletable(caller: Caller, project_id: str) -> Project:
    project = get(Visibility.of(caller, READING), project_id)
    if project.is_default:
        raise Conflict("The default project cannot be deleted.")
    return project


def _as_audited(project: Project) -> dict[str, Any]:
    return {"name": project.name, "key_rules": project.key_rules}


def _record(
    caller: Caller,
    action: str,
    project: Project,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    target = ("project", project.id)
    audit.record(caller.org, audit.actor_of(caller), action, target, before, after)
