"""A call together with the provider's side of it."""

from typing import NamedTuple

from tollgate_llm.affinity.service import IdKeeper
from tollgate_llm.dialects.translation import Translation
from tollgate_llm.inference.account import Account
from tollgate_llm.inference.bodies import Bodies
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.inference.provider_request import ProviderRequest
from tollgate_llm.routing.models import Candidate


class Exchange(NamedTuple):
    """A call that a provider has answered. `protocol` is the client's side of it, `request` is what
    the provider was sent; `sent` is the client's body. `id_keeper` keeps the ids that the answer
    brings, None where it brings none."""

    protocol: Protocol
    account: Account
    request: ProviderRequest
    sent: bytes
    request_id: str
    bodies: Bodies
    id_keeper: IdKeeper | None = None

    @property
    def route(self) -> Candidate:
        return self.request.route

    @property
    def translation(self) -> Translation | None:
        return self.request.match.translation

    def keep_ids(self, body: bytes) -> None:
        """Keep the ids of a whole answer. Those of a translated one are ours, and lead nowhere."""
        if self.id_keeper is not None and self.translation is None:
            self.id_keeper.keep_whole(self.route.provider, body)

    def keep_event_ids(self, events: bytes) -> None:
        """Keep the ids of a stream's next events."""
        if self.id_keeper is not None and self.translation is None:
            self.id_keeper.keep_events(self.route.provider, events)
