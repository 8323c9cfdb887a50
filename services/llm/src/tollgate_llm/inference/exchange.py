"""A request together with who answered it."""

from typing import NamedTuple

from tollgate_llm.dialects.translation import Translation
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.bodies import Bodies
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.inference.ways import Way
from tollgate_llm.routing.models import Candidate


class Exchange(NamedTuple):
    """A request that has been answered by a provider. `protocol` is the client's side of it, `way`
    how the provider was asked; `sent` is the client's body."""

    protocol: Protocol
    account: Account
    way: Way
    sent: bytes
    request_id: str
    bodies: Bodies

    @property
    def route(self) -> Candidate:
        return self.way.route

    @property
    def translation(self) -> Translation | None:
        return self.way.match.translation
