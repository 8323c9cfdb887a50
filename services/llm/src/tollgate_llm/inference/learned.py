"""What providers turn out not to have: found out by a call's own refusal, and remembered for a day.

Servers that speak chat completions differ: some have no `/v1/responses` (DeepSeek, Mistral, older
vLLM and Ollama), some refuse the `stream_options` by which a stream is asked for its usage. No call
of our own asks them, since that could cost something.
"""

import re
from typing import Literal

from cachetools import TTLCache

from tollgate_llm.inference.protocols import RESPONSES
from tollgate_llm.inference.retrying import Refused
from tollgate_llm.inference.ways import Way
from tollgate_llm.routing.models import Candidate

Capability = Literal["responses", "stream_options"]

REMEMBERED_SECONDS = 24 * 60 * 60
MOST_REMEMBERED = 10_000
_NO_ROUTE = frozenset({404, 405, 501})
_NO_ROUTE_WORDS = (b"not found", b"not allowed", b"no route")
_OPENAIS_ERROR = re.compile(rb'"error"\s*:\s*\{')
_REFUSED_FIELD = frozenset({400, 422})


class Learned:
    """What this process has learned of each provider's address."""

    def __init__(self) -> None:
        self._lacking: TTLCache[tuple[str, Capability], bool] = TTLCache(
            MOST_REMEMBERED, REMEMBERED_SECONDS
        )

    def is_lacking(self, route: Candidate, capability: Capability) -> bool:
        return (route.provider.base_url, capability) in self._lacking

    def learn(self, way: Way, refused: Refused) -> bool:
        """Take note of what a refusal says of the provider. Returns whether the request is worth
        asking again, in another way."""
        capability = lacking(way, refused)
        if capability is None or self.is_lacking(way.route, capability):
            return False
        self._lacking[way.route.provider.base_url, capability] = True
        return True


def lacking(way: Way, refused: Refused) -> Capability | None:
    """Return what a provider that refused in these words has not; None where they say nothing of
    that."""
    said = refused.body.lower()
    if way.asks_usage and refused.status in _REFUSED_FIELD:
        return "stream_options" if b"stream_options" in said or b"include_usage" in said else None
    if way.protocol is not RESPONSES or way.route.provider.kind != "openai":
        return None
    return "responses" if refused.status in _NO_ROUTE and _has_no_route(said) else None


def _has_no_route(said: bytes) -> bool:
    """Return whether a refusal speaks of the route. An error as OpenAI has them comes from behind
    it, unless it names it; so does what is said of a model."""
    if b"/responses" in said:
        return True
    is_of_the_server = _OPENAIS_ERROR.search(said) is None and b"model" not in said
    return is_of_the_server and any(words in said for words in _NO_ROUTE_WORDS)
