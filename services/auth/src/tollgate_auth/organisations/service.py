"""Founding an organisation, and changing its settings."""

from typing import Any

from tollgate_auth.audit import service as audit
from tollgate_auth.authority import service as authority
from tollgate_auth.authority.order import Authority
from tollgate_auth.fields import changes
from tollgate_auth.organisations import repository
from tollgate_auth.organisations.models import Organisation
from tollgate_auth.organisations.schemas import OrganisationPatch
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.projects import repository as projects
from tollgate_auth.projects.models import Project
from tollgate_auth.roles.permissions import MEMBER, OWNER, permissions_of
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id

_ASSERTED = ("unsupported", "open_projects")


def update(caller: Caller, patch: OrganisationPatch) -> Organisation:
    """Change what was sent. Every key and user has an assertion that says what the organisation
    states of unsupported fields, and where its roles count: a change of that is announced to all of
    them. A machine that opens the projects gives members no more than it has itself."""
    organisation = repository.lock(caller.org)
    before = _as_audited(organisation)
    if changes(patch).get("open_projects") and not organisation.open_projects:
        authority.require_person(caller, Authority(scopes=permissions_of(MEMBER)))
    for name, value in changes(patch).items():
        setattr(organisation, name, value)
    after = _as_audited(organisation)
    if any(after[name] != before[name] for name in _ASSERTED):
        principal_changes.announce("org", organisation.id)
    actor, target = audit.actor_of(caller), ("organisation", organisation.id)
    audit.record(caller.org, actor, "organisation.changed", target, before, after)
    return organisation


def found(name: str, owner_email: str, owner_name: str) -> User:
    """A new organisation and its first owner, who is returned."""
    org = found_empty(name).id
    owner = User(id=new_id("usr"), org_id=org, email=owner_email, name=owner_name, role=OWNER)
    users.add(owner)
    return owner


def found_empty(name: str) -> Organisation:
    """A new organisation with its default project, and nobody in it yet."""
    organisation = Organisation(id=new_id("org"), name=name, audit_length=0, audit_hash=b"")
    repository.add(organisation)
    default = Project(id=new_id("proj"), org_id=organisation.id, name="default", is_default=True)
    projects.add(default)
    return organisation


def _as_audited(organisation: Organisation) -> dict[str, Any]:
    return {
        "name": organisation.name,
        "unsupported": organisation.unsupported,
        "open_projects": organisation.open_projects,
    }
