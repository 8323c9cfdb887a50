"""The policy: which limits there are. A change reaches every key and user that it binds."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict

from tollgate_auth.audit import service as audit
from tollgate_auth.authority import service as authority
from tollgate_auth.fields import changes, reply
from tollgate_auth.keys import repository as keys
from tollgate_auth.keys import rules
from tollgate_auth.limits import repository
from tollgate_auth.limits.amounts import amount_fault
from tollgate_auth.limits.identity import continued, identity_of
from tollgate_auth.limits.models import LimitRow
from tollgate_auth.limits.schemas import (
    CountedOut,
    EveryLimitOut,
    InlineLimit,
    LimitCreate,
    LimitOut,
    LimitPatch,
    SubjectIn,
)
from tollgate_auth.organisations import repository as organisations
from tollgate_auth.principals import changes as principal_changes
from tollgate_auth.projects import repository as projects
from tollgate_auth.service_accounts import repository as accounts
from tollgate_auth.users import repository as users
from tollgate_common.errors import InvalidField, NotFound
from tollgate_common.guard import Caller, require_in_project
from tollgate_common.ids import new_id
from tollgate_common.principal import Window
from tollgate_common.tickets.windows import moved, window_at
from tollgate_common.visibility import Visibility

READING, WRITING = "limits:read", "limits:write"
EVERY_PAGE = 500
CALENDAR = ("day", "month")


def get(visibility: Visibility, limit_id: str) -> LimitRow:
    row = repository.find(visibility, limit_id)
    if row is None:
        raise NotFound("There is no such limit.")
    return row


def every(after: str) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the limits of all organisations, and where the next one begins."""
    rows = repository.after(after, EVERY_PAGE)
    changed = audit.last_changes("limit.changed", [row.id for row in rows])
    others, since = _descendants([row.subject_id for row in rows])
    shown = [
        reply(EveryLimitOut(
            **LimitOut.of(row).model_dump(), org=row.org_id, transition=row.transition,
            changed_at=_latest(changed.get(row.id), since.get(row.subject_id)),
            counts_also=others[row.subject_id],
        ))
        for row in rows
    ]  # fmt: skip
    return shown, rows[-1].id if len(rows) == EVERY_PAGE else None


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _descendants(
    subject_ids: Sequence[str],
) -> tuple[Mapping[str, CountedOut], Mapping[str, datetime]]:
    """Return, by maker, the keys and service accounts whose calls count on its limits, too, and
    since when the last of those from before does."""
    counted: defaultdict[str, CountedOut] = defaultdict(lambda: CountedOut(key=[], user=[]))
    since: dict[str, datetime] = {}
    of_kind = {"key": keys.descendants(subject_ids), "user": accounts.descendants(subject_ids)}
    for kind, descendants in of_kind.items():
        for each in descendants:
            for maker in each.makers:
                getattr(counted[maker], kind).append(each.id)
                if each.since is not None:
                    since[maker] = max(each.since, since.get(maker, each.since))
    return counted, since


def create(caller: Caller, wanted: LimitCreate) -> LimitRow:
    organisations.lock(caller.org)
    visibility = Visibility.of(caller, READING)
    kind, subject_id = wanted.subject.kind, _existing_subject(visibility, wanted.subject)
    _require(caller, kind, subject_id)
    row = add(caller.org, kind, subject_id, wanted)
    principal_changes.announce(kind, subject_id)
    _record(caller, "limit.created", row, after=as_audited(row))
    return row


def update(caller: Caller, limit_id: str, patch: LimitPatch) -> LimitRow:
    organisations.lock(caller.org)
    row = get(Visibility.of(caller, READING), limit_id)
    _require(caller, row.subject_kind, row.subject_id)
    authority.require_free_of(caller, row.subject_id)
    before = as_audited(row)
    if "max" in patch.model_fields_set and (fault := amount_fault(row.metric, patch.max)):
        raise InvalidField(f"max: {fault}.", param="max")
    change(row, changes(patch))
    _require_rules(caller, row)
    principal_changes.announce(row.subject_kind, row.subject_id)
    _record(caller, "limit.changed", row, before, as_audited(row))
    return row


def delete(caller: Caller, limit_id: str) -> None:
    organisations.lock(caller.org)
    row = get(Visibility.of(caller, READING), limit_id)
    _require(caller, row.subject_kind, row.subject_id)
    authority.require_free_of(caller, row.subject_id)
    before = as_audited(row)
    repository.remove(row)
    _require_rules(caller, row)
    principal_changes.announce(row.subject_kind, row.subject_id)
    _record(caller, "limit.deleted", row, before)


def _require_rules(caller: Caller, row: LimitRow) -> None:
    """A key keeps the limits that its project asks of it, whoever is bound by that."""
    if row.subject_kind == "key":
        key = keys.get(row.subject_id)
        if key is not None and key.revoked_at is None:
            rules.require_limits(caller, key)


def add(org: str, kind: str, subject_id: str, wanted: InlineLimit) -> LimitRow:
    """A new row, within a change that is announced and recorded by its caller."""
    row = LimitRow(
        id=new_id("lim"), org_id=org, subject_kind=kind, subject_id=subject_id,
        models=wanted.models, metric=wanted.metric, window=wanted.window, max=wanted.max,
        mode=wanted.mode, timezone=wanted.timezone,
    )  # fmt: skip
    repository.add(row)
    return row


def change(row: LimitRow, values: Mapping[str, Any]) -> None:
    """Change a row; it goes on counting in the window that runs, whatever its time zone becomes."""
    zone = values.get("timezone", row.timezone)
    if zone != row.timezone and row.window in CALENDAR:
        now_ms = int(time.time() * 1000)
        transition = Window(**row.transition) if row.transition else None
        running = window_at(row.window, row.timezone, now_ms, transition)
        values = {**values, "transition": asdict(moved(row.window, running, zone, now_ms))}
    repository.change(row, values)


def replace(org: str, kind: str, subject_id: str, wanted: Sequence[InlineLimit]) -> None:
    """Make these the only limits that bind the subject itself; the caller announces it. What is
    counted already by the same metric, window and models goes on being counted."""
    rows = repository.of_subjects([subject_id])
    places = continued([identity_of(row) for row in rows], [limit.identity() for limit in wanted])
    for row in (row for number, row in enumerate(rows) if number not in places):
        repository.remove(row)
    for place, limit in zip(places, wanted, strict=True):
        if place is None:
            add(org, kind, subject_id, limit)
        else:
            change(rows[place], {name: getattr(limit, name) for name in LimitPatch.model_fields})


def as_audited(row: LimitRow) -> dict[str, Any]:
    return reply(LimitOut.of(row))


def _record(
    caller: Caller,
    action: str,
    row: LimitRow,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(caller.org, audit.actor_of(caller), action, ("limit", row.id), before, after)


def _require(caller: Caller, kind: str, subject_id: str) -> None:
    """Limits of a project, its keys and its service accounts take a permission there; those of the
    organisation and of people are nothing that a project's admin changes."""
    project = subject_id if kind == "project" else None
    if kind == "key":
        project = keys.project_of(subject_id)
    elif kind == "user":
        project = accounts.project_of(subject_id)
    require_in_project(caller, WRITING, project)


def _has_user(visibility: Visibility, user_id: str) -> bool:
    """Whoever is closed sees no person but themselves; a service account is of its project."""
    user = users.find(visibility.org, user_id)
    is_person = user is not None and user.role is not None
    if is_person and visibility.is_closed:
        return user_id == visibility.user
    return is_person or accounts.find(visibility, user_id) is not None


def _existing_subject(visibility: Visibility, subject: SubjectIn) -> str:
    """The id of a subject that is visible."""
    org = visibility.org
    subject_id = subject.id or (org if subject.kind == "org" else "")
    is_there: Any
    if subject.kind == "org":
        is_there = subject_id == org
    elif subject.kind == "project":
        is_there = projects.find(visibility, subject_id)
    elif subject.kind == "user":
        is_there = _has_user(visibility, subject_id)
    else:
        is_there = keys.find(visibility.in_any_mode(), subject_id)
    if not is_there:
        raise NotFound(f"There is no such {subject.kind}.", param="subject.id")
    return subject_id
