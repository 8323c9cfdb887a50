"""Founding an organisation, and naming it."""

from tollgate_auth.audit import service as audit
from tollgate_auth.organisations import repository
from tollgate_auth.organisations.models import Organisation
from tollgate_auth.projects import repository as projects
from tollgate_auth.projects.models import Project
from tollgate_auth.roles.permissions import OWNER
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.guard import Caller
from tollgate_common.ids import new_id


def rename(caller: Caller, name: str) -> Organisation:
    organisation = repository.lock(caller.org)
    before, organisation.name = {"name": organisation.name}, name
    actor, target = audit.actor_of(caller), ("organisation", organisation.id)
    audit.record(caller.org, actor, "organisation.changed", target, before, {"name": name})
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
