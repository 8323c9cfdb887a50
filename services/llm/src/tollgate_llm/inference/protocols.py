"""What each inference route speaks: whose dialect, how its answers report usage."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_common.errors.dialects import Dialect
from tollgate_llm.metering import events
from tollgate_llm.metering.usage import NOTHING, AnthropicUsage, OpenAIUsage, Usage, tokens_of
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.validation import ParamsType


class Protocol(NamedTuple):
    """`path` as our callers have it. `read` finds the usage in a whole answer, None if there is
    none; `grammar` reads streams, None where there are none. `asks_usage`: a stream reports usage
    only when `stream_options` asks for it. `free`: the provider charges nothing for it. `said` is
    where a whole answer has the model's words."""

    path: str
    dialect: Dialect
    read: Callable[[bytes], Usage | None]
    grammar: events.Grammar | None = None
    asks_usage: bool = False
    free: bool = False
    said: re.Pattern[bytes] | None = events.SAID
    params: ParamsType | None = None

    @property
    def ends_with_done(self) -> bool:
        """Whether a stream is bare data that ends with `[DONE]`, rather than typed events."""
        return self.asks_usage

    def check(self, body: dict[str, Any]) -> None:
        """`BadRequest` naming the field, unless the body is of the SDK's own type."""
        if self.params is None:
            return
        try:
            self.params.check(body)
        except InvalidRequest as wrong:
            param = ".".join(map(str, wrong.param))
            raise BadRequest(f"{param}: {wrong.message}", param=param) from None

    def estimated_output(self, body: bytes) -> int:
        """Of a whole answer, or the part that came, without usage."""
        return tokens_of(sum(map(len, self.said.findall(body)))) if self.said else 0


class _OpenAIAnswer(msgspec.Struct):
    usage: OpenAIUsage | None = None


class _AnthropicAnswer(msgspec.Struct):
    usage: AnthropicUsage | None = None


_openai_answer = msgspec.json.Decoder(_OpenAIAnswer).decode
_anthropic_answer = msgspec.json.Decoder(_AnthropicAnswer).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def _read_openai(body: bytes) -> Usage | None:
    try:
        return events.normal(_openai_answer(body).usage)
    except _UNREADABLE:
        return None


def _read_anthropic(body: bytes) -> Usage | None:
    try:
        return events.normal(_anthropic_answer(body).usage)
    except _UNREADABLE:
        return None


def _read_nothing(_: bytes) -> Usage | None:
    return NOTHING


_CHAT = ParamsType("openai.types.chat.completion_create_params", "CompletionCreateParamsBase")
_RESPONSES = ParamsType("openai.types.responses.response_create_params", "ResponseCreateParamsBase")
_MESSAGES = ParamsType("anthropic.types.message_create_params", "MessageCreateParamsBase")

CHAT = Protocol(
    "/v1/chat/completions", "openai", _read_openai, events.CHAT, asks_usage=True, params=_CHAT
)
COMPLETIONS = Protocol("/v1/completions", "openai", _read_openai, events.CHAT, asks_usage=True)
RESPONSES = Protocol("/v1/responses", "openai", _read_openai, events.RESPONSES, params=_RESPONSES)
EMBEDDINGS = Protocol("/v1/embeddings", "openai", _read_openai, said=None)
MESSAGES = Protocol("/v1/messages", "anthropic", _read_anthropic, events.MESSAGES, params=_MESSAGES)
COUNT_TOKENS = Protocol(
    "/v1/messages/count_tokens", "anthropic", _read_nothing, free=True, said=None
)

PROTOCOLS = (CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MESSAGES, COUNT_TOKENS)
_BY_PATH = {protocol.path: protocol for protocol in PROTOCOLS}


def protocol_at(path: str) -> Protocol:
    return _BY_PATH[path]
