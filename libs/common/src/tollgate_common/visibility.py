"""What a caller sees of their organisation's rows: the one place that decides it.

A key and a service account see their own project, in their own mode; people see both modes, and all
projects, or those that they are members of. Of what somebody made for themselves (queued calls,
reports) a caller sees their own rows, and those of projects in which they may manage others'.
Repositories take a `Visibility` and add its conditions to their statements; no other module asks a
caller for this.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Text, cast
from sqlalchemy.dialects.postgresql import ARRAY

from tollgate_common.errors import LiveOnly
from tollgate_common.guard import Caller, current_caller

MANAGES_OTHERS = "jobs:manage"
TEST = "test"
EVERY_MODE = "all"
DEFAULT_MODE = "live"


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """`projects`: the only ones whose rows are seen; None is all of the organisation's. `mode`: the
    only one that is seen, None is either. Where rows have an owner, those of `user` are seen, and
    others' in the projects that `manages` names; None is everywhere. What has no user belongs to
    the project, and to the keys that have none either. `is_closed`: of people, `user` alone is
    seen."""

    org: str
    projects: frozenset[str] | None = None
    mode: str | None = None
    manages: frozenset[str] | None = None
    user: str | None = None
    is_closed: bool = False

    @classmethod
    def of(cls, caller: Caller, permission: str) -> "Visibility":
        """Return what the caller sees by this permission to read. A machine sees its project by
        whatever permission it was let in."""
        own = frozenset(filter(None, [caller.project]))
        return cls(
            org=caller.org,
            projects=own if caller.is_machine else _projects_with(caller, permission),
            mode=caller.mode if caller.is_machine else None,
            manages=_projects_with(caller, MANAGES_OTHERS),
            user=caller.user,
            is_closed=caller.is_closed,
        )

    def conditions(
        self,
        *,
        org: Any,
        project: Any = None,
        projects: Any = None,
        mode: Any = None,
        user: Any = None,
    ) -> list[ColumnElement[bool]]:
        """Return what holds for the rows that are seen. Each argument is a column, or None where
        the rows do not have one. `projects` is for rows that were made of several projects: an
        array, NULL where they were made of all."""
        bounds: list[ColumnElement[bool]] = [org == self.org]
        if self.projects is not None:
            is_within = _within(self.projects, project, projects)
            bounds += [] if is_within is None else [is_within]
        if mode is not None and self.mode is not None:
            bounds.append(mode == self.mode)
        if user is not None and self.manages is not None:
            is_own = user.is_not_distinct_from(self.user)
            is_managed = _within(self.manages, project, projects)
            bounds.append(is_own if is_managed is None else is_own | is_managed)
        return bounds

    def check_mode(self, mode: str | None) -> None:
        """`LiveOnly` where a test-mode caller asks for what is live, or for both."""
        if self.mode == TEST and mode not in (None, TEST):
            raise LiveOnly(param="mode")

    def in_mode(self, mode: str | None) -> "Visibility":
        """Return this with the mode that is asked for: `live`, `test` or `all`. Without one it is
        a machine's own, and `live` for people."""
        self.check_mode(mode)
        chosen = mode or self.mode or DEFAULT_MODE
        return replace(self, mode=None if chosen == EVERY_MODE else chosen)

    def in_any_mode(self) -> "Visibility":
        """Return this with all the modes that the caller may see: both, but for a test-mode one."""
        return self if self.mode == TEST else replace(self, mode=None)

    def regardless_of_mode(self) -> "Visibility":
        """Return this without its mode, for rows whose mode is checked when they are there."""
        return replace(self, mode=None)


def current_visibility(permission: str) -> Visibility:
    """What the caller whom `guard` has let in sees by this permission to read."""
    return Visibility.of(current_caller(), permission)


def _projects_with(caller: Caller, permission: str) -> frozenset[str] | None:
    """Return where the caller has the permission; None is everywhere. No project role lacks what
    a role in the organisation gives to those who have memberships, of what these two ask for."""
    if caller.is_machine:
        return frozenset(filter(None, [caller.project if permission in caller.scopes else None]))
    if permission in caller.scopes and not caller.is_closed:
        return None
    granted = (each.projects for each in caller.grants if permission in each.scopes)
    return frozenset().union(*granted)


def _within(ids: frozenset[str], project: Any, projects: Any) -> ColumnElement[bool] | None:
    """Return that a row's project is one of these, or that all of its projects are; None where rows
    have neither."""
    is_within: ColumnElement[bool] | None = None
    if projects is not None:
        is_within = projects.contained_by(cast(sorted(ids), ARRAY(Text)))
    elif project is not None:
        is_within = project.in_(sorted(ids))
    return is_within
