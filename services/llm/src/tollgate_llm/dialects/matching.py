"""Which of a model's providers can be asked in the caller's own protocol: those are relayed to."""

from tollgate_common.errors.dialects import Dialect
from tollgate_llm.dialects.errors import UnsupportedEndpoint
from tollgate_llm.routing.models import Candidate


def speaking(
    candidates: tuple[Candidate, ...], dialect: Dialect, path: str, model: str
) -> tuple[Candidate, ...]:
    """At least one, in the same order; `UnsupportedEndpoint` when none speaks the dialect."""
    if all(candidate.provider.speaks(dialect) for candidate in candidates):
        return candidates
    found = tuple(candidate for candidate in candidates if candidate.provider.speaks(dialect))
    if not found:
        kinds = ", ".join(sorted({f"`{candidate.provider.kind}`" for candidate in candidates}))
        raise UnsupportedEndpoint(model, path, kinds)
    return found
