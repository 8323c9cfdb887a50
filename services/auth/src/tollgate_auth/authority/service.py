"""What a caller has, held against what they make, change or take over.

A person has no models, networks or end of their own: what they make is bound by their mode, and by
what they may do in its project. Their own limits bind their own keys; they are passed on to what
they make for others only where they could not lift them. A key or a service account passes on all
that it is bound by.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row

from tollgate_auth.authority.order import Authority, within
from tollgate_auth.authority.rows import cut, person_roles
from tollgate_auth.extensions import db
from tollgate_auth.principals.repository import BY, OF_ANY_PROJECT
from tollgate_auth.roles.permissions import PROJECT_PERMISSIONS
from tollgate_common.errors import Forbidden
from tollgate_common.guard import Caller

MAX_MAKERS = 64
LIMITS = "limits:write"


def require(caller: Caller, child: Authority) -> None:
    """Raise `Forbidden`, naming the dimension, for what may do more than the caller."""
    _require(caller, child, _of_caller(caller, child.projects))


def require_change(caller: Caller, before: Authority, after: Authority) -> None:
    """Let a change pass that takes nothing but authority away; what is more than it was has to be
    within the caller as a whole, or `Forbidden` is raised."""
    if within(after, before) is not None:
        require(caller, after)


def require_person(caller: Caller, person: Authority) -> None:
    """Raise `Forbidden` where the person could do what the caller, a key or a service account,
    cannot."""
    if caller.is_machine:
        require(caller, person)


def require_part(
    caller: Caller, project: str, before: frozenset[str], after: frozenset[str]
) -> None:
    """Raise `Forbidden` where somebody's part in the project changes to one with more than it had,
    and with more than the caller has there. A machine's other bounds are held against it, too."""
    if after <= before:
        return
    part = Authority(
        scopes=after,
        projects=frozenset({project}),
        held_to=frozenset({caller.org, project}),
    )
    if caller.is_machine:
        _require(caller, part, _of_caller(caller))
    else:
        _require(caller, part, replace(part, scopes=caller.scopes_in(project)))


def require_free_of(caller: Caller, subject_id: str) -> None:
    """Raise `Forbidden` for the change of a limit that the caller is held to as a key, as its
    user, or as what one of its makers is."""
    if subject_id in lineage_of(caller):
        raise Forbidden(
            f'limits: "{subject_id}" binds {_owner(caller)} own calls; somebody else must '
            "change this.",
            param="limits",
        )


def require_to_give(caller: Caller, holder: str | None) -> None:
    """Raise `Forbidden` where a person gives away a key of theirs, and with it the limits that it
    counts on as theirs, which they could not lift."""
    if not caller.is_machine and holder in lineage_of(caller):
        raise Forbidden(
            "limits: A key that counts on your own limits is given away by somebody who may change"
            " limits.",
            param="limits",
        )


def lineage_of(caller: Caller, holder: str | None = None) -> list[str]:
    """Return the ids of the subjects whose limits bind what the caller makes for `holder` (None is
    nobody), the first maker first. Raises `Forbidden` beyond `MAX_MAKERS` of them.

    An administrator's budget is not for what they make for others, and they could lift it: it binds
    that of a person only who may not change limits."""
    if not caller.is_machine:
        is_passed_on = holder != caller.user and LIMITS not in caller.scopes
        return [caller.user] if caller.user and is_passed_on else []
    row = _row(caller)
    makers = [*row.lineage, *(each for each in (row.user, row.key) if each)]
    lineage = list(dict.fromkeys(makers))
    if len(lineage) > MAX_MAKERS:
        raise Forbidden(f"A key or account has at most {MAX_MAKERS} makers, one after the other.")
    return lineage


def caller_by(org: str, name: str) -> Caller | None:
    """Return the key, user or service account of this id as one who calls now; None where it may
    not."""
    row = _find("key_id" if name.startswith("key_") else "user_id", name)
    remaining = cut(row) if row is not None and row.org == org else None
    if row is None or remaining is None:
        return None
    return Caller(
        org=row.org,
        subject=row.key or row.user,
        mode=remaining.authority.mode,
        scopes=remaining.authority.scopes,
        project=row.project,
        key=row.key,
        user=row.user,
        grants=remaining.grants,
        is_closed=remaining.is_closed,
    )


def excess_of_key(key_id: str, own: Authority) -> str | None:
    """Return in which dimension the key has more by itself than is left to it when it is used; None
    where it has not, or does not work for another reason."""
    row = db.session.execute(OF_ANY_PROJECT, {"key_id": key_id}).one_or_none()
    remaining = cut(row) if row is not None else None
    if row is None:
        return None
    roles = person_roles(row)
    if roles is not None and roles.scopes_of_key(row.project) is None:
        return f'project_id: its holder has no part in "{row.project}"; it does not work.'
    if remaining is None:
        return "networks: none is left; it does not work."
    if row.account_project not in (None, row.project):
        return f'project_id: "{row.project}" is not its account\'s; it does not work.'
    excess = within(
        replace(own, held_to=frozenset()), replace(remaining.authority, held_to=frozenset())
    )
    return excess.message("its maker's or owner's") if excess else None


def _require(caller: Caller, child: Authority, parent: Authority) -> None:
    excess = within(child, parent)
    if excess is not None:
        raise Forbidden(excess.message(_owner(caller)), param=excess.dimension)


def _of_caller(caller: Caller, projects: frozenset[str] | None = None) -> Authority:
    """Return what the caller may do, in these projects where they are a person. The assertion says
    which scopes are left of a login that has asked for fewer."""
    if not caller.is_machine:
        return Authority(scopes=_of_person(caller, projects), mode=caller.mode)
    remaining = cut(_row(caller))
    if remaining is None:
        raise Forbidden("This credential works no more.")
    mode = "test" if caller.mode == "test" else remaining.authority.mode
    scopes = remaining.authority.scopes & caller.scopes
    return replace(remaining.authority, scopes=scopes, mode=mode)


def _of_person(caller: Caller, projects: frozenset[str] | None) -> frozenset[str]:
    """Return what a person may give to a credential of these projects: of what reaches further than
    projects, what they have in the organisation."""
    if projects is None:
        return caller.scopes
    here = PROJECT_PERMISSIONS.intersection(*(caller.scopes_in(each) for each in projects))
    return here | (caller.scopes - PROJECT_PERMISSIONS)


def _row(caller: Caller) -> Row[Any]:
    kind, name = ("key_id", caller.key) if caller.key else ("user_id", caller.user)
    row = _find(kind, name)
    if row is None:
        raise Forbidden("This credential works no more.")
    return row


def _find(kind: str, name: str | None) -> Row[Any] | None:
    return db.session.execute(BY[kind], {kind: name}).one_or_none()


def _owner(caller: Caller) -> str:
    return "this key's" if caller.key else "this account's" if caller.is_machine else "your"
