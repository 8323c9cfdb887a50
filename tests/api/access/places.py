"""Two organisations with two projects each, and who is looked through: every kind of credential."""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.local.stack import Stack
from tests.api import organisations
from tests.api.organisations import Credential

ROLES = ("owner", "admin", "billing", "member", "viewer")


@dataclass(frozen=True)
class Place:
    """A project, whose objects are made by the organisation's owner and one of its members."""

    owner: Credential
    colleague: Credential
    project: str


@dataclass(frozen=True)
class Organisation:
    """`own` is the project whose objects credentials of this organisation have; `other` is one
    where nobody but those above projects has a membership."""

    own: Place
    other: Place

    @property
    def owner(self) -> Credential:
        return self.own.owner


def found(stack: Stack, name: str, *, is_open: bool = True) -> Organisation:
    owner = organisations.found(stack, name)
    if not is_open:
        changed = owner.call("PATCH", "/api/v1/organisation", {"open_projects": False})
        assert changed.status_code == 200, changed.text
    colleague = organisations.person(owner, "admin")
    first, second = (
        Place(owner, colleague, owner.made("/api/v1/projects", {"name": color})["id"])
        for color in ("Blue", "Green")
    )
    return Organisation(first, second)


def people(organisation: Organisation) -> Iterator[tuple[str, Credential]]:
    """The roles of an organisation whose projects are open."""
    for role in ROLES:
        yield role, organisations.person(organisation.owner, role)


def members(organisation: Organisation) -> Iterator[tuple[str, Credential]]:
    """The roles in a project of an organisation whose projects are closed; all are `member` of the
    organisation."""
    for role in ("admin", "member", "viewer"):
        person = organisations.person(organisation.owner, "member")
        path = f"/api/v1/projects/{organisation.own.project}/members"
        organisation.owner.made(path, {"user_id": person.user, "role": role})
        yield f"project {role}", person
    yield "no membership", organisations.person(organisation.owner, "member")


def machines(organisation: Organisation) -> Iterator[tuple[str, Credential]]:
    """Machines of the first project, with every scope."""
    owner, project = organisation.owner, organisation.own.project
    scopes = owner.call("GET", "/api/v1/roles?name=owner").json()["data"][0]["permissions"]
    for mode, name in (("live", "key"), ("test", "test key")):
        yield name, organisations.key(owner, project, mode=mode, scopes=scopes)
    for mode, name in (("live", "service account"), ("test", "test service account")):
        yield name, organisations.service_account(owner, project, mode=mode, scopes=scopes)
