"""The rules of providers: an organisation's own, over the platform's."""

import re
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from tollgate_common.errors import InvalidField
from tollgate_common.guard import current_caller
from tollgate_common.logging import get_logger
from tollgate_common.sealing import SealBroken, Sealer
from tollgate_llm import changes
from tollgate_llm.providers import repository
from tollgate_llm.providers.clouds.addresses import base_url_of, cloud_of, credential_of
from tollgate_llm.providers.errors import ProviderNotFound
from tollgate_llm.providers.kinds import Provider, speaks_openai
from tollgate_llm.providers.models import ProviderRow
from tollgate_llm.providers.reach import Reach
from tollgate_llm.providers.schemas import ProviderIn, ProviderOut, ProviderQuery

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")

log = get_logger(__name__)


class ProviderService:
    """`reach` says where providers may be. Changes are committed by whoever calls."""

    def __init__(self, sealer: Sealer, platform: dict[str, Provider], reach: Reach) -> None:
        self._sealer = sealer
        self._platform = platform
        self._reach = reach

    def listed(self, session: Session, org: str, asked: ProviderQuery) -> list[ProviderOut]:
        """By name; the platform's where the organisation has none of that name."""
        found = {name: _from_platform(provider) for name, provider in self._platform.items()}
        found |= {row.name: _from_row(row) for row in repository.all_of(session, org)}
        fields = asked.model_dump(exclude_none=True).items()
        return [
            found[name]
            for name in sorted(found)
            if all(getattr(found[name], field) == value for field, value in fields)
        ]

    def get(self, session: Session, org: str, name: str) -> ProviderOut:
        row = repository.get(session, org, name)
        if row is not None:
            return _from_row(row)
        if name not in self._platform:
            raise ProviderNotFound(name)
        return _from_platform(self._platform[name])

    def put(self, session: Session, org: str, name: str, wanted: ProviderIn) -> ProviderOut:
        """Create or replace. A credential never moves to another address unsaid: with a
        new `base_url` or kind, `api_key` must be given again."""
        if not NAME.match(name):
            raise InvalidField(
                "name: small letters, digits, `.`, `_` and `-`, at most 64.", param="name"
            )
        cloud = msgspec.to_builtins(cloud_of(wanted))
        base_url = base_url_of(wanted, self._reach.defaults)
        self._reach.require(wanted)
        before = _audited(repository.get(session, org, name))
        sealed = self._sealed(session, org, name, wanted, base_url)
        columns = {
            "kind": wanted.kind,
            "base_url": base_url,
            "sealed": sealed,
            "cloud": cloud,
            "capabilities": _stated(wanted),
        }
        repository.put(session, org, name, columns)
        put = ProviderOut(
            name=name,
            kind=wanted.kind,
            base_url=base_url,
            has_api_key=sealed is not None,
            source="organisation",
            capabilities=wanted.capabilities,
            **cloud,
        )
        after = put.model_dump(mode="json") | ({"api_key": "***"} if wanted.api_key else {})
        changes.record(
            session, current_caller(), "provider.changed", ("provider", name), before, after
        )
        return put

    def remove(self, session: Session, org: str, name: str) -> None:
        """The platform's provider of that name, if any, takes its place."""
        before = _audited(repository.get(session, org, name))
        if not repository.remove(session, org, name):
            raise ProviderNotFound(name)
        changes.record(
            session, current_caller(), "provider.deleted", ("provider", name), before, None
        )

    def _sealed(
        self, session: Session, org: str, name: str, wanted: ProviderIn, base_url: str
    ) -> bytes | None:
        if (secret := credential_of(wanted)) is not None:
            return self._sealer.seal(secret.encode(), purpose(org, name))
        row = repository.get(session, org, name)
        if row is not None and (row.kind, row.base_url) == (wanted.kind, base_url):
            return row.sealed
        return None

    def opened(self, org: str, name: str, sealed: bytes | None) -> str | None:
        """The credential in clear: empty where there is none, None where it cannot be read."""
        if sealed is None:
            return ""
        try:
            return self._sealer.open(sealed, purpose(org, name)).decode()
        except SealBroken:
            log.error("provider_credential_unreadable", org=org, provider=name)
            return None


def purpose(org: str, name: str) -> str:
    """What a credential is sealed for: it opens in no other row."""
    return f"provider:{org}/{name}"


def _stated(wanted: ProviderIn) -> dict[str, bool]:
    """Return the capabilities that are stated; raises `InvalidField` for a kind without them."""
    stated = wanted.capabilities.model_dump(exclude_none=True)
    if stated and not speaks_openai(wanted.kind):
        raise InvalidField(
            f"capabilities: mean nothing to the kind `{wanted.kind}`.", param="capabilities"
        )
    return stated


def _audited(row: ProviderRow | None) -> dict[str, Any] | None:
    return _from_row(row).model_dump(mode="json") if row else None


def _from_row(row: ProviderRow) -> ProviderOut:
    return ProviderOut.model_validate(
        {
            "name": row.name,
            "kind": row.kind,
            "base_url": row.base_url,
            "has_api_key": row.sealed is not None,
            "source": "organisation",
            "capabilities": row.capabilities or {},
            **(row.cloud or {}),
        }
    )


def _from_platform(provider: Provider) -> ProviderOut:
    return ProviderOut(
        name=provider.name,
        kind=provider.kind,
        base_url=provider.base_url,
        has_api_key=provider.kind != "sandbox",
        source="platform",
    )
