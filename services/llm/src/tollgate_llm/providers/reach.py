"""Where providers may be: at any address that the environment names, at public ones and those in
`OUTBOUND_NETWORKS` where an organisation names them."""

from collections.abc import Mapping

from tollgate_common.errors import InvalidField
from tollgate_common.outbound import Outbound
from tollgate_llm.providers.clouds.addresses import credential_of
from tollgate_llm.providers.clouds.google import TOKEN_URI, token_uri_of
from tollgate_llm.providers.kinds import Kind
from tollgate_llm.providers.schemas import ProviderIn


class Reach:
    """`defaults` is the base URL that the environment names for a kind. A provider that has it may
    be an organisation's own: it gets the same address by naming none."""

    def __init__(self, defaults: Mapping[Kind, str], outbound: Outbound) -> None:
        self.defaults = defaults
        self.outbound = outbound

    def rule(self, kind: Kind, base_url: str) -> Outbound | None:
        """Return the rule that connections to the provider are held to; None where there is none
        because the address is the environment's."""
        return None if self.defaults.get(kind) == base_url else self.outbound

    def require(self, provider: ProviderIn) -> None:
        """Raise `InvalidField` where an address that the organisation names is plainly refused."""
        if provider.base_url is not None and (rule := self.rule(provider.kind, provider.base_url)):
            _require(rule.fault(provider.base_url), "base_url", "")
        uri = (
            token_uri_of(credential_of(provider) or "") if provider.kind == "vertex" else TOKEN_URI
        )
        if uri != TOKEN_URI:
            _require(self.outbound.fault(uri), "api_key", "its `token_uri`: ")


def _require(fault: str | None, field: str, part: str) -> None:
    if fault is not None:
        raise InvalidField(f"{field}: {part}{fault}.", param=field)
