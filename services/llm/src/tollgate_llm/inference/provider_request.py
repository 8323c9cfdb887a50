"""One request to one provider, ready to send."""

from typing import Literal, NamedTuple

from tollgate_llm.dialects.matching import Match
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.routing.models import Candidate

Capability = Literal["responses", "stream_options"]
"""What some servers of OpenAI's dialect have and others lack: the route, and the field."""


class Outgoing(NamedTuple):
    """The request as one provider gets it."""

    path: str
    body: bytes
    headers: dict[str, str]


class ProviderRequest(NamedTuple):
    """What one route's provider is sent. `protocol` is the provider's side of the call, `dropped`
    are the parameters that a translation has left out. `asks_usage` says that a stream is asked for
    its usage by a field which the caller did not send; `without` are the capabilities that it does
    without."""

    match: Match
    outgoing: Outgoing
    protocol: Protocol
    dropped: tuple[str, ...] = ()
    asks_usage: bool = False
    without: frozenset[Capability] = frozenset()

    @property
    def route(self) -> Candidate:
        return self.match.route
