"""The kinds of provider: what each speaks, where its routes are, how it wants the credential."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import msgspec

from tollgate_common.errors.dialects import Dialect

Kind = Literal["openai", "anthropic", "sandbox"]
KINDS: tuple[str, ...] = get_args(Kind)


class KindOf(NamedTuple):
    """`prefix` is what a base URL already has of our routes' path."""

    dialects: frozenset[Dialect]
    prefix: str


_KINDS: dict[Kind, KindOf] = {
    "openai": KindOf(frozenset({"openai"}), "/v1"),
    "anthropic": KindOf(frozenset({"anthropic"}), ""),
    "sandbox": KindOf(frozenset({"openai", "anthropic"}), ""),
}


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One provider of one organisation. `source` says who set it up. Holds the credential in
    clear: it lives in memory only and is never logged."""

    name: str
    kind: Kind
    base_url: str
    api_key: str
    source: Literal["platform", "organisation"]

    def __repr__(self) -> str:
        return f"Provider({self.name!r}, {self.kind!r})"

    def speaks(self, dialect: Dialect) -> bool:
        return dialect in _KINDS[self.kind].dialects

    def path(self, route: str) -> str:
        """A route of ours below the base URL."""
        return route.removeprefix(_KINDS[self.kind].prefix)

    def credentials(self, dialect: Dialect) -> Mapping[str, str]:
        if dialect == "anthropic":
            return {"x-api-key": self.api_key}
        return {"authorization": f"Bearer {self.api_key}"}
