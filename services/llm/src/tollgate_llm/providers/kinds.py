"""The kinds of provider: what each speaks, where its routes are, how it wants the credential."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

import msgspec

from tollgate_common.errors.dialects import Dialect

Kind = Literal["openai", "anthropic", "sandbox", "azure", "foundry", "vertex", "bedrock"]
KINDS: tuple[str, ...] = get_args(Kind)


class KindOf(NamedTuple):
    """`dialects`: its own first. `prefix` is what a base URL already has of our routes' path,
    `without` those of its dialect's routes that it has not. `vendor` is whose price list holds
    where the address does not tell; None: the kind's own. A `cloud` has what was deployed there,
    and nothing else."""

    dialects: tuple[Dialect, ...]
    prefix: str = ""
    without: frozenset[str] = frozenset()
    vendor: str | None = None
    cloud: bool = False


_KINDS: dict[Kind, KindOf] = {
    "openai": KindOf(("openai",), "/v1"),
    "anthropic": KindOf(("anthropic",)),
    "sandbox": KindOf(("openai", "anthropic")),
    "azure": KindOf(("openai",), vendor="azure", cloud=True),
    "foundry": KindOf(("anthropic",), vendor="azure", cloud=True),
    "vertex": KindOf(("anthropic",), vendor="google", cloud=True),
    "bedrock": KindOf(
        ("anthropic",), without=frozenset({"/v1/messages/count_tokens"}), vendor="aws", cloud=True
    ),
}


def speaks_openai(kind: Kind) -> bool:
    """Return whether providers of this kind speak OpenAI's dialect."""
    return "openai" in _KINDS[kind].dialects


class Cloud(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cloud wants to know besides the address: Azure its `api_version`, None for the API
    that has none; Vertex its `project` and `region`."""

    api_version: str | None = None
    project: str | None = None
    region: str | None = None


NO_CLOUD = Cloud()


class Capabilities(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a server of OpenAI's dialect has: the route `/v1/responses`, the field `stream_options`,
    models that take an effort of reasoning. None is not stated, and found out by a call's refusal.
    """

    responses: bool | None = None
    stream_options: bool | None = None
    reasoning: bool | None = None


NONE_STATED = Capabilities()


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One provider of one organisation. `source` says who set it up. Holds the credential in
    clear: it lives in memory only and is never logged."""

    name: str
    kind: Kind
    base_url: str
    api_key: str
    source: Literal["platform", "organisation"]
    cloud: Cloud = NO_CLOUD
    capabilities: Capabilities = NONE_STATED

    def __repr__(self) -> str:
        return f"Provider({self.name!r}, {self.kind!r})"

    @property
    def dialect(self) -> Dialect:
        """What it is spoken to in when the caller's own will not do."""
        return _KINDS[self.kind].dialects[0]

    @property
    def vendor(self) -> str:
        """Whose models and prices it has, unless its address tells."""
        return _KINDS[self.kind].vendor or self.kind

    @property
    def is_cloud(self) -> bool:
        return _KINDS[self.kind].cloud

    def has(self, route: str, dialect: Dialect) -> bool:
        """Whether a route of ours is there as it is."""
        kind = _KINDS[self.kind]
        return dialect in kind.dialects and route not in kind.without

    def path(self, route: str) -> str:
        """A route of ours below the base URL."""
        return route.removeprefix(_KINDS[self.kind].prefix)

    def credentials(self, dialect: Dialect) -> Mapping[str, str]:
        """The headers that carry the credential; Vertex gets its own when the request is sent."""
        if self.kind == "azure":
            return {"api-key": self.api_key}
        if self.kind == "foundry":
            return {"x-api-key": self.api_key, "api-key": self.api_key}
        if self.kind == "vertex":
            return {}
        if dialect == "anthropic" and self.kind != "bedrock":
            return {"x-api-key": self.api_key}
        return {"authorization": f"Bearer {self.api_key}"}
