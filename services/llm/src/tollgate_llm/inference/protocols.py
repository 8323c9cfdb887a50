"""What each inference route speaks: whose dialect, how its answers report usage."""

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tollgate_common.errors.dialects import Dialect
from tollgate_llm.metering import events
from tollgate_llm.metering.usage import NOTHING, AnthropicUsage, OpenAIUsage, Usage, tokens_of


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


CHAT = Protocol("/v1/chat/completions", "openai", _read_openai, events.CHAT, asks_usage=True)
COMPLETIONS = Protocol("/v1/completions", "openai", _read_openai, events.CHAT, asks_usage=True)
RESPONSES = Protocol("/v1/responses", "openai", _read_openai, events.RESPONSES)
EMBEDDINGS = Protocol("/v1/embeddings", "openai", _read_openai, said=None)
MESSAGES = Protocol("/v1/messages", "anthropic", _read_anthropic, events.MESSAGES)
COUNT_TOKENS = Protocol(
    "/v1/messages/count_tokens", "anthropic", _read_nothing, free=True, said=None
)

PROTOCOLS = (CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MESSAGES, COUNT_TOKENS)
