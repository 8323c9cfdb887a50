"""How one route is asked."""

from typing import NamedTuple

from tollgate_llm.dialects.matching import Match
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.routing.models import Candidate


class Outgoing(NamedTuple):
    """The request as one provider gets it."""

    path: str
    body: bytes
    headers: dict[str, str]


class Way(NamedTuple):
    """One route, and how it is asked: `protocol` is the provider's side of it, `dropped` the
    parameters that a translation has left out. `asks_usage` says that the stream was asked for its
    usage by a field which the caller did not send."""

    match: Match
    outgoing: Outgoing
    protocol: Protocol
    dropped: tuple[str, ...] = ()
    asks_usage: bool = False

    @property
    def route(self) -> Candidate:
        return self.match.route
