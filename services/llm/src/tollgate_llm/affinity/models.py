"""What is known of an id that a provider made."""

from typing import NamedTuple

import msgspec

from tollgate_common.guard import Caller
from tollgate_llm.providers.kinds import Provider

MAX_IDS = 2000
"""Ids of one request that are looked up, and of one answer that are kept."""


class Owner(msgspec.Struct, frozen=True, array_like=True):
    """The provider that made an id. An id belongs to an account at an address: another address
    under the same name, or the platform's account in the place of the organisation's own, is
    another provider. A new credential is not: it opens the same account."""

    name: str
    source: str
    base_url: str

    @classmethod
    def of(cls, provider: Provider) -> "Owner":
        return cls(provider.name, provider.source, provider.base_url)


class Scope(NamedTuple):
    """To whom an id belongs: a project of an organisation, in one mode. A user without a project
    stands for themselves."""

    org: str
    mode: str
    project: str

    @classmethod
    def of(cls, caller: Caller) -> "Scope":
        return cls(caller.org, caller.mode, caller.project or caller.user or "")


class ProviderId(NamedTuple):
    """An id in a request. `field` is its path as the caller has it. `is_hint` says that a
    translation leaves it out, so that it does not matter whose it is where the call is translated.
    """

    field: str
    value: str
    is_hint: bool = False
