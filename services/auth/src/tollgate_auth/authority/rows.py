"""What a row of `principals.repository` allows: what its credential has, cut to what its owner and
its makers have."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row

from tollgate_auth.authority import networks
from tollgate_auth.authority.order import EVERY_MODEL, Authority
from tollgate_auth.roles.permissions import PERMISSIONS, permissions_of
from tollgate_common.principal import Limit


class Maker(msgspec.Struct, frozen=True):
    """Describes the key or service account that another one descends from."""

    scopes: tuple[str, ...]
    mode: str
    models: tuple[str, ...]
    networks: tuple[str, ...]
    expires_at: datetime | None


class Cut(NamedTuple):
    """Holds what is left of a credential. `limits` are those that its calls count on."""

    authority: Authority
    limits: tuple[Limit, ...]


_decode_makers = msgspec.json.Decoder(tuple[Maker, ...]).decode
_decode_limits = msgspec.json.Decoder(tuple[Limit, ...]).decode


def cut(row: Row[Any]) -> Cut | None:
    """Return what the row's credential may do; None where no address is left to use it from."""
    makers, limits = _decode_makers(row.makers), _decode_limits(row.limits)
    places: tuple[str, ...] | None = tuple(row.networks)
    for maker in makers:
        places = networks.intersection(places, maker.networks) if places is not None else None
    if places is None:
        return None
    ends = [end for end in (row.expires_at, *(maker.expires_at for maker in makers)) if end]
    modes = {row.mode, *(maker.mode for maker in makers)}
    authority = Authority(
        scopes=_scopes(row, makers),
        mode="test" if "test" in modes else "live",
        models=_models(row, makers),
        networks=places,
        end=min(ends, default=None),
        projects=frozenset({row.project}) if row.project else None,
        held_to=frozenset(limit.subject.id for limit in limits),
    )
    return Cut(authority, limits)


def _scopes(row: Row[Any], makers: tuple[Maker, ...]) -> frozenset[str]:
    allowed = set(PERMISSIONS)
    if row.role is not None:
        allowed &= permissions_of(row.role)
    for bound in (row.scopes, row.ceiling, *(maker.scopes for maker in makers)):
        if bound is not None:
            allowed.intersection_update(bound)
    return frozenset(allowed)


def _models(row: Row[Any], makers: tuple[Maker, ...]) -> tuple[tuple[str, ...], ...]:
    """Lists that exclude no model, and those that are there already, are left out."""
    lists = dict.fromkeys((tuple(row.models), *(maker.models for maker in makers)))
    return tuple(each for each in lists if "*" not in each) or (EVERY_MODEL,)
