"""One request to one provider, ready to send."""

from typing import Literal, NamedTuple

from tollgate_llm.dialects.matching import Match
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.routing.models import Candidate

Capability = Literal["chat", "chat_tools", "responses", "stream_options", "reasoning"]
"""What some servers of OpenAI's dialect have and others lack: the route of responses, and the
field. And what some models lack: the route of chat completions (`chat`), tools there, and an effort
of reasoning."""


class Outgoing(NamedTuple):
    """The request as one provider gets it."""

    path: str
    body: bytes
    headers: dict[str, str]


class ProviderRequest(NamedTuple):
    """What one route's provider is sent. `protocol` is the provider's side of the call, `dropped`
    are the parameters that a translation has left out. `uses` are the capabilities that the request
    takes for granted, by a route or a field which the caller did not send as they are; `without`
    are those that it does without."""

    match: Match
    outgoing: Outgoing
    protocol: Protocol
    dropped: tuple[str, ...] = ()
    uses: frozenset[Capability] = frozenset()
    without: frozenset[Capability] = frozenset()

    @property
    def route(self) -> Candidate:
        return self.match.route
