"""What a caller sees of their organisation's rows: the one place that decides it.

A key and a service account see their own project, in their own mode; people see all projects and
both modes. Of what somebody made for themselves (queued calls, reports) a caller sees their own
rows only, unless they have the permission to manage others'. Repositories take a `Visibility` and
add its conditions to their statements; no other module asks a caller for this.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement

from tollgate_common.errors import LiveOnly
from tollgate_common.guard import Caller, current_caller

MANAGES_OTHERS = "jobs:manage"
TEST = "test"
EVERY_MODE = "all"
DEFAULT_MODE = "live"


@dataclass(frozen=True, kw_only=True)
class Visibility:
    """`projects`: the only ones whose rows are seen; None is all of the organisation's. `mode`: the
    only one that is seen, None is either. `own`: only rows of `user` are seen where rows have an
    owner; what has no user belongs to the project, and to the keys that have none either."""

    org: str
    projects: frozenset[str] | None = None
    mode: str | None = None
    own: bool = False
    user: str | None = None

    @classmethod
    def of(cls, caller: Caller) -> "Visibility":
        """Of those that have no key, service accounts alone have a project."""
        is_machine = caller.key is not None or caller.project is not None
        return cls(
            org=caller.org,
            projects=frozenset(filter(None, [caller.project])) if is_machine else None,
            mode=caller.mode if is_machine else None,
            own=MANAGES_OTHERS not in caller.scopes,
            user=caller.user,
        )

    def conditions(
        self, *, org: Any, project: Any = None, mode: Any = None, user: Any = None
    ) -> list[ColumnElement[bool]]:
        """Return what holds for the rows that are seen. Each argument is a column, or None where
        the rows do not have one."""
        bounds: list[ColumnElement[bool]] = [org == self.org]
        if project is not None and self.projects is not None:
            bounds.append(project.in_(sorted(self.projects)))
        if mode is not None and self.mode is not None:
            bounds.append(mode == self.mode)
        if user is not None and self.own:
            bounds.append(user.is_not_distinct_from(self.user))
        return bounds

    def check_mode(self, wanted: str | None) -> None:
        """`LiveOnly` where a test-mode caller asks for what is live, or for both."""
        if self.mode == TEST and wanted not in (None, TEST):
            raise LiveOnly(param="mode")

    def in_mode(self, wanted: str | None) -> "Visibility":
        """Return this with the mode that is asked for: `live`, `test` or `all`. Without one it is
        a machine's own, and `live` for people."""
        self.check_mode(wanted)
        chosen = wanted or self.mode or DEFAULT_MODE
        return replace(self, mode=None if chosen == EVERY_MODE else chosen)

    def in_any_mode(self) -> "Visibility":
        """Return this with all the modes that the caller may see: both, but for a test-mode one."""
        return self if self.mode == TEST else replace(self, mode=None)

    def regardless_of_mode(self) -> "Visibility":
        """Return this without its mode, for rows whose mode is checked when they are there."""
        return replace(self, mode=None)


def current_visibility() -> Visibility:
    """What the caller sees whom `guard` has let in."""
    return Visibility.of(current_caller())
