"""Capabilities that providers turn out to lack, by a call's own refusal, remembered for a day.

Servers that speak chat completions differ: some have no `/v1/responses` (DeepSeek, Mistral, older
vLLM and Ollama), some refuse the `stream_options` by which a stream is asked for its usage. No call
of our own asks them, since that could cost something.
"""

import re

from cachetools import TTLCache

from tollgate_llm.inference.protocols import RESPONSES
from tollgate_llm.inference.provider_request import Capability, ProviderRequest
from tollgate_llm.inference.retrying import Refused
from tollgate_llm.routing.models import Candidate

REMEMBERED_SECONDS = 24 * 60 * 60
MAX_REMEMBERED = 10_000
_NO_ROUTE = frozenset({404, 405, 501})
_NO_ROUTE_WORDS = (b"not found", b"not allowed", b"no route")
_OPENAI_ERROR = re.compile(rb'"error"\s*:\s*\{')
_REFUSED_FIELD = frozenset({400, 422})


class LearnedCapabilities:
    """Remembers, for each provider's address, the capabilities that it has turned out to lack."""

    def __init__(self) -> None:
        self._lacking: TTLCache[tuple[str, Capability], bool] = TTLCache(
            MAX_REMEMBERED, REMEMBERED_SECONDS
        )

    def is_lacking(self, route: Candidate, capability: Capability) -> bool:
        return (route.provider.base_url, capability) in self._lacking

    def note(self, route: Candidate, capability: Capability) -> None:
        """Remember that the route's provider lacks a capability."""
        self._lacking[route.provider.base_url, capability] = True


def lacking(request: ProviderRequest, refused: Refused) -> Capability | None:
    """Return the capability that the provider seems to lack by its refusal; None for none."""
    body = refused.body.lower()
    if request.asks_usage and refused.status in _REFUSED_FIELD:
        return "stream_options" if b"stream_options" in body or b"include_usage" in body else None
    if request.protocol is not RESPONSES or request.route.provider.kind != "openai":
        return None
    return "responses" if refused.status in _NO_ROUTE and _may_lack_route(body) else None


def _may_lack_route(body: bytes) -> bool:
    """Return whether a refusal may be of the route: it names it, or says that something was not
    found. An error as OpenAI has them comes from behind the route, and so does one of a model."""
    if b"/responses" in body:
        return True
    is_of_server = _OPENAI_ERROR.search(body) is None and b"model" not in body
    return is_of_server and any(words in body for words in _NO_ROUTE_WORDS)
