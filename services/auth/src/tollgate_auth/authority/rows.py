"""What a row of `principals.repository` allows: what its credential has, cut to what its owner and
its makers have."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row

from tollgate_auth.authority import networks
from tollgate_auth.authority.order import EVERY_MODEL, Authority
from tollgate_auth.authority.person_roles import PersonRoles
from tollgate_auth.roles.permissions import PERMISSIONS
from tollgate_common.guard import Grant
from tollgate_common.principal import Limit


class Maker(msgspec.Struct, frozen=True):
    """Describes the key or service account that another one descends from."""

    scopes: tuple[str, ...]
    mode: str
    models: tuple[str, ...]
    networks: tuple[str, ...]
    expires_at: datetime | None


class Cut(NamedTuple):
    """Holds what is left of a credential. `limits` are those that its calls count on. `grants` are
    what the memberships of a person allow beside what the authority has; `is_closed`: the
    credential is of a person who has a part in no other projects."""

    authority: Authority
    limits: tuple[Limit, ...]
    grants: tuple[Grant, ...] = ()
    is_closed: bool = False


_decode_makers = msgspec.json.Decoder(tuple[Maker, ...]).decode
_decode_limits = msgspec.json.Decoder(tuple[Limit, ...]).decode
_decode_projects = msgspec.json.Decoder(dict[str, str]).decode


def cut(row: Row[Any]) -> Cut | None:
    """Return what the row's credential may do; None where no address is left to use it from, and
    for a key whose holder has no part in its project."""
    roles = person_roles(row)
    allowed = _allowed(row, roles)
    if allowed is None:
        return None
    makers, limits = _decode_makers(row.makers), _decode_limits(row.limits)
    places: tuple[str, ...] | None = tuple(row.networks)
    for maker in makers:
        places = networks.intersection(places, maker.networks) if places is not None else None
    if places is None:
        return None
    ends = [end for end in (row.expires_at, *(maker.expires_at for maker in makers)) if end]
    modes = {row.mode, *(maker.mode for maker in makers)}
    authority = Authority(
        scopes=_bounded(allowed, row, makers),
        mode="test" if "test" in modes else "live",
        models=_models(row, makers),
        networks=places,
        end=min(ends, default=None),
        projects=frozenset({row.project}) if row.project else None,
        held_to=frozenset(limit.subject.id for limit in limits),
    )
    if roles is None:
        return Cut(authority, limits)
    grants = () if row.key else roles.grants()
    return Cut(authority, limits, grants, roles.is_closed)


def person_roles(row: Row[Any]) -> PersonRoles | None:
    """Return the roles of the person who holds the credential; None where nobody, or a machine,
    does."""
    if row.role is None:
        return None
    projects = _decode_projects(row.project_roles)
    return PersonRoles(role=row.role, projects=projects, is_open=row.open_projects)


def _allowed(row: Row[Any], roles: PersonRoles | None) -> frozenset[str] | None:
    """Return what the holder leaves to the credential."""
    if roles is None:
        return frozenset(PERMISSIONS)
    return roles.scopes_of_key(row.project) if row.key else roles.scopes()


def _bounded(allowed: frozenset[str], row: Row[Any], makers: tuple[Maker, ...]) -> frozenset[str]:
    for bound in (row.scopes, row.ceiling, *(maker.scopes for maker in makers)):
        if bound is not None:
            allowed = allowed.intersection(bound)
    return allowed


def _models(row: Row[Any], makers: tuple[Maker, ...]) -> tuple[tuple[str, ...], ...]:
    """Lists that exclude no model, and those that are there already, are left out."""
    lists = dict.fromkeys((tuple(row.models), *(maker.models for maker in makers)))
    return tuple(each for each in lists if "*" not in each) or (EVERY_MODEL,)
