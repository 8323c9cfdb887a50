"""Models that are not served on chat completions, or not with tools, as a refusal says it.

OpenAI's models from gpt-5.4 on refuse function tools there unless they are not to reason at all;
its codex and pro models refuse the route. The refusal names the other route, or says that the
model is none for chat. Only calls that are translated to chat completions from messages are asked
again: a caller of chat completions has chosen the route, and gets the refusal.
"""

from tollgate_llm.dialects.registry import between
from tollgate_llm.inference.protocols import MESSAGES, RESPONSES
from tollgate_llm.inference.provider_request import Capability, ProviderRequest
from tollgate_llm.inference.retrying import Refused

OVER_RESPONSES: frozenset[Capability] = frozenset({"chat", "chat_tools"})
"""What a call can do without on `/v1/responses`."""

NO_ROUTE = frozenset({404, 405, 501})
_REFUSED_MODEL = frozenset({400, 404})
_NO_CHAT_WORDS = (
    b"only supported in v1/responses",  # OpenAI
    b"is not a chat model",  # OpenAI
    b"is not accessible via the /chat/completions",  # GitHub Copilot
)


def chat_lacking(request: ProviderRequest, refused: Refused) -> Capability | None:
    """Return what chat completions lack for the model by a refusal; None where it says nothing of
    that, or the provider has no other route."""
    if request.match.translation is not between(MESSAGES.path, "openai"):
        return None
    provider = request.route.provider
    lacks_other = provider.capabilities.responses is False
    if lacks_other or not provider.has(RESPONSES.path, "openai"):
        return None
    if refused.status not in _REFUSED_MODEL:
        return None
    body = refused.body.lower().replace(b"\\/", b"/")
    if b"chat/completions" not in body:
        return None
    if b"tools" in body and b"/v1/responses" in body:
        return "chat_tools"
    return "chat" if any(words in body for words in _NO_CHAT_WORDS) else None
