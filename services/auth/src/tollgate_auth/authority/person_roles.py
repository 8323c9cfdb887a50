"""What a person's roles allow: that in the organisation, and those in projects."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tollgate_auth.roles.permissions import (
    ABOVE_PROJECTS,
    PROJECT_PERMISSIONS,
    PROJECT_ROLES,
    permissions_of,
)
from tollgate_common.guard import Grant


@dataclass(frozen=True, kw_only=True)
class PersonRoles:
    """`role` is that in the organisation, `projects` has the role of each membership, by the
    project's id. `is_open`: whether the organisation's role counts where there is no membership."""

    role: str
    projects: Mapping[str, str]
    is_open: bool

    @property
    def is_closed(self) -> bool:
        """Whether the person has a part in no project but those of their memberships."""
        return not self.is_open and self.role not in ABOVE_PROJECTS

    def scopes(self) -> frozenset[str]:
        """Return what the person may do where there is no project."""
        everywhere = permissions_of(self.role)
        return everywhere - PROJECT_PERMISSIONS if self.is_closed else everywhere

    def scopes_anywhere(self) -> frozenset[str]:
        """Return what the person may do, if only in one project."""
        return self.scopes().union(*(grant.scopes for grant in self.grants()))

    def scopes_in(self, project: str) -> frozenset[str] | None:
        """Return what the person may do in the project; None where they have no part in it."""
        if self.role not in ABOVE_PROJECTS and project in self.projects:
            return frozenset(PROJECT_ROLES[self.projects[project]])
        return None if self.is_closed else permissions_of(self.role)

    def scopes_of_key(self, project: str) -> frozenset[str] | None:
        """Return what a key of theirs may do in the project at most; None where it does not
        work."""
        here = self.scopes_in(project)
        if here is None:
            return None
        return (here & PROJECT_PERMISSIONS) | (self.scopes() - PROJECT_PERMISSIONS)

    def grants(self) -> tuple[Grant, ...]:
        """Return what the memberships allow, those of one role together."""
        if self.role in ABOVE_PROJECTS:
            return ()
        of_role: defaultdict[str, set[str]] = defaultdict(set)
        for project, role in self.projects.items():
            of_role[role].add(project)
        return tuple(
            Grant(frozenset(PROJECT_ROLES[role]), frozenset(ids))
            for role, ids in sorted(of_role.items())
        )
