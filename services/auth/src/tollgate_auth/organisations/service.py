"""Founding an organisation."""

from tollgate_auth.organisations import repository
from tollgate_auth.organisations.models import Organisation
from tollgate_auth.projects import repository as projects
from tollgate_auth.projects.models import Project
from tollgate_auth.roles.permissions import OWNER
from tollgate_auth.users import repository as users
from tollgate_auth.users.models import User
from tollgate_common.ids import new_id


def found(name: str, owner_email: str, owner_name: str) -> User:
    """A new organisation with its default project and its first owner, who is returned."""
    organisation = Organisation(id=new_id("org"), name=name, audit_length=0, audit_hash=b"")
    repository.add(organisation)
    org = organisation.id
    projects.add(Project(id=new_id("proj"), org_id=org, name="default", is_default=True))
    owner = User(id=new_id("usr"), org_id=org, email=owner_email, name=owner_name, role=OWNER)
    users.add(owner)
    return owner
