"""A call together with the provider's side of it."""

from typing import NamedTuple

from tollgate_llm.dialects.translation import Translation
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.bodies import Bodies
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.inference.provider_request import ProviderRequest
from tollgate_llm.routing.models import Candidate


class Exchange(NamedTuple):
    """A call that a provider has answered. `protocol` is the client's side of it, `request` is what
    the provider was sent; `sent` is the client's body."""

    protocol: Protocol
    account: Account
    request: ProviderRequest
    sent: bytes
    request_id: str
    bodies: Bodies

    @property
    def route(self) -> Candidate:
        return self.request.route

    @property
    def translation(self) -> Translation | None:
        return self.request.match.translation
