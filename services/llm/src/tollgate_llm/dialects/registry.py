"""Which translations there are. Each is loaded when it is first needed: most processes relay."""

from functools import cache, reduce
from importlib import import_module

from tollgate_common.errors.dialects import Dialect
from tollgate_llm.dialects.composing import composed
from tollgate_llm.dialects.translation import Translation

# The caller's route and the provider's dialect → the packages here, one after the other.
_PACKAGES: dict[tuple[str, Dialect], tuple[str, ...]] = {
    ("/v1/chat/completions", "anthropic"): ("chat_to_messages",),
    ("/v1/messages", "openai"): ("messages_to_chat",),
    ("/v1/responses", "anthropic"): ("responses_to_chat", "chat_to_messages"),
}

_OVER_CHAT = {"/v1/responses": "responses_to_chat"}
_OVER_RESPONSES = {"/v1/messages": "messages_to_responses"}


@cache
def between(path: str, dialect: Dialect) -> Translation | None:
    """From the caller's route to a provider that speaks another dialect."""
    packages = _PACKAGES.get((path, dialect))
    return reduce(composed, map(_loaded, packages)) if packages else None


@cache
def over_chat(path: str) -> Translation:
    """From the caller's route to the chat completions of a provider that has no such route."""
    return _loaded(_OVER_CHAT[path])


@cache
def over_responses(path: str) -> Translation:
    """From the caller's route to the responses of a provider whose model needs that route."""
    return _loaded(_OVER_RESPONSES[path])


def _loaded(package: str) -> Translation:
    translation: Translation = import_module(f"{__package__}.{package}").TRANSLATION
    return translation
