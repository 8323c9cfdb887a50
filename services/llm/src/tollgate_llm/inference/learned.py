"""Capabilities that providers lack: stated in their settings, or learned from a call's refusal.

Servers that speak chat completions differ: some have no `/v1/responses` (DeepSeek, Mistral, older
vLLM and Ollama), some refuse the `stream_options` by which a stream is asked for its usage, and
many models take no effort of reasoning. OpenAI has models without chat completions. No call of our
own asks them, since that could cost something. What is learned is remembered for a day; what is
stated is never questioned.
"""

import re

from cachetools import TTLCache

from tollgate_llm.inference.chat_refusals import NO_ROUTE, OVER_RESPONSES, chat_lacking
from tollgate_llm.inference.provider_request import Capability, ProviderRequest
from tollgate_llm.inference.retrying import Refused
from tollgate_llm.routing.models import Candidate

REMEMBERED_SECONDS = 24 * 60 * 60
MAX_REMEMBERED = 10_000
_NO_ROUTE_WORDS = (b"not found", b"not allowed", b"no route")
_OPENAI_ERROR = re.compile(rb'"error"\s*:\s*\{')
_OF_MODEL = OVER_RESPONSES | {"reasoning"}
"""What a model lacks rather than its server."""
_REFUSED_FIELD = frozenset({400, 422})
_FIELD_WORDS: dict[Capability, tuple[bytes, ...]] = {
    "stream_options": (b"stream_options", b"include_usage"),
    "reasoning": (b"reasoning_effort", b"reasoning.effort", b"reasoning effort"),
}


class LearnedCapabilities:
    """Remembers the capabilities that providers, or models there, have turned out to lack, by the
    providers' addresses."""

    def __init__(self) -> None:
        self._lacking: TTLCache[tuple[str, str, Capability], bool] = TTLCache(
            MAX_REMEMBERED, REMEMBERED_SECONDS
        )

    def is_lacking(self, route: Candidate, capability: Capability) -> bool:
        stated = _stated(route, capability)
        return _key(route, capability) in self._lacking if stated is None else not stated

    def note(self, route: Candidate, capability: Capability) -> None:
        """Remember that the route's provider lacks a capability."""
        self._lacking[_key(route, capability)] = True


def _key(route: Candidate, capability: Capability) -> tuple[str, str, Capability]:
    model = route.model if capability in _OF_MODEL else ""
    return route.provider.base_url, model, capability


def _stated(route: Candidate, capability: Capability) -> bool | None:
    """Return what is stated of it; nothing is of what one model lacks on chat completions."""
    stated: bool | None = getattr(route.provider.capabilities, capability, None)
    return stated


def lacking(request: ProviderRequest, refused: Refused) -> Capability | None:
    """Return the capability that the provider seems to lack by its refusal; None for none."""
    capability = _refused_capability(request, refused)
    if capability is None or _stated(request.route, capability) is not None:
        return None
    return capability


def _refused_capability(request: ProviderRequest, refused: Refused) -> Capability | None:
    if (of_model := chat_lacking(request, refused)) is not None:
        return of_model
    body = refused.body.lower()
    if refused.status in _REFUSED_FIELD:
        fields = (name for name, words in _FIELD_WORDS.items() if any(w in body for w in words))
        return next((name for name in fields if name in request.uses), None)
    if "responses" in request.uses and refused.status in NO_ROUTE and _may_lack_route(body):
        return "responses"
    return None


def _may_lack_route(body: bytes) -> bool:
    """Return whether a refusal may be of the route: it names it, or says that something was not
    found. An error as OpenAI has them comes from behind the route, and so does one of a model."""
    if b"/responses" in body:
        return True
    is_of_server = _OPENAI_ERROR.search(body) is None and b"model" not in body
    return is_of_server and any(words in body for words in _NO_ROUTE_WORDS)
