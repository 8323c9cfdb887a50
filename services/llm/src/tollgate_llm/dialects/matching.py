"""How each of a model's providers can be asked: in the caller's own protocol, or translated."""

from collections.abc import Sequence
from typing import NamedTuple

from tollgate_llm.dialects.errors import UnsupportedEndpoint
from tollgate_llm.dialects.registry import between
from tollgate_llm.dialects.translation import Translation
from tollgate_llm.inference.protocols import Protocol
from tollgate_llm.routing.models import Candidate


class Match(NamedTuple):
    """`translation`: None where the bytes are relayed as they are."""

    route: Candidate
    translation: Translation | None


def matched(candidates: Sequence[Candidate], protocol: Protocol, model: str) -> Sequence[Match]:
    """At least one, in the same order; `UnsupportedEndpoint` when none can be asked."""
    found = []
    for candidate in candidates:
        if candidate.provider.has(protocol.path, protocol.dialect):
            found.append(Match(candidate, None))
        elif translation := between(protocol.path, candidate.provider.dialect):
            found.append(Match(candidate, translation))
    if not found:
        kinds = ", ".join(sorted({f"`{candidate.provider.kind}`" for candidate in candidates}))
        raise UnsupportedEndpoint(model, protocol.path, kinds)
    return found
