"""What each inference route speaks: whose dialect, how its answers report usage."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from tollgate_common.errors import BadRequest
from tollgate_common.errors.dialects import Dialect
from tollgate_llm.metering import events, media
from tollgate_llm.metering.anthropic_usage import AnthropicAnswer
from tollgate_llm.metering.estimates import estimate_input, tokens_of
from tollgate_llm.metering.openai_usage import OpenAIAnswer
from tollgate_llm.metering.usage import NOTHING, Usage, usage_of
from tollgate_llm.sandbox.errors import InvalidRequest
from tollgate_llm.sandbox.validation import ParamsType


class Protocol(NamedTuple):
    """`path` as our callers have it. `read` finds the usage in a whole answer, None if there is
    none; `grammar` reads streams, None where there are none. `asks_usage`: a stream reports usage
    only when `stream_options` asks for it. `free`: the provider charges nothing for it. `said` is
    where a whole answer has the model's words, `wrote` what they come to where it is no matter of
    words. `estimate_input` is of a request without reported usage. `form`: the request is a form
    and no JSON; `sound`: a whole answer is sound, and passed on as it comes. `default_model` is
    the provider's own, where the request need not name one. `caps`: the names of the cap on output
    tokens, the provider's own first; none where there is none, or a request has to have one.
    `json_only`: every whole answer is JSON."""

    path: str
    dialect: Dialect
    read: Callable[[bytes], Usage | None]
    grammar: events.Grammar | None = None
    asks_usage: bool = False
    free: bool = False
    said: re.Pattern[bytes] | None = events.SAID
    params: ParamsType | None = None
    wrote: Callable[[bytes], int] | None = None
    estimate_input: Callable[[bytes], int] = estimate_input
    form: bool = False
    sound: bool = False
    default_model: str | None = None
    caps: tuple[str, ...] = ()
    json_only: bool = True

    @property
    def medium(self) -> str:
        """What the model makes or hears."""
        return self.grammar.medium if self.grammar else "text"

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

    def estimated_usage(self, sent: bytes, output_tokens: int) -> Usage:
        """Return the usage of a request whose answer reports none."""
        read = self.estimate_input(sent)
        if self.medium == "transcript":
            return usage_of(audio_input=read, output=output_tokens)
        if self.medium == "image":
            shown, text = (read, 0) if self.form else (0, read)
            return usage_of(input=text, image_input=shown, image_output=output_tokens)
        return usage_of(input=read, output=output_tokens)

    def estimated_output(self, body: bytes) -> int:
        """Of a whole answer, or the part that came, without usage."""
        if self.wrote is not None:
            return self.wrote(body)
        return tokens_of(sum(map(len, self.said.findall(body)))) if self.said else 0


_openai_answer = msgspec.json.Decoder(OpenAIAnswer).decode
_anthropic_answer = msgspec.json.Decoder(AnthropicAnswer).decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def _read_openai(body: bytes) -> Usage | None:
    try:
        return _openai_answer(body).read()
    except _UNREADABLE:
        return None


def _read_anthropic(body: bytes) -> Usage | None:
    try:
        return _anthropic_answer(body).read()
    except _UNREADABLE:
        return None


def _read_nothing(_: bytes) -> Usage | None:
    return NOTHING


_CHAT = ParamsType("openai.types.chat.completion_create_params", "CompletionCreateParamsBase")
_RESPONSES = ParamsType("openai.types.responses.response_create_params", "ResponseCreateParamsBase")
_MESSAGES = ParamsType("anthropic.types.message_create_params", "MessageCreateParamsBase")

CHAT = Protocol(
    "/v1/chat/completions",
    "openai",
    _read_openai,
    events.CHAT,
    asks_usage=True,
    params=_CHAT,
    caps=("max_completion_tokens", "max_tokens"),
)
COMPLETIONS = Protocol(
    "/v1/completions", "openai", _read_openai, events.CHAT, asks_usage=True, caps=("max_tokens",)
)
RESPONSES = Protocol(
    "/v1/responses", "openai", _read_openai, events.RESPONSES, params=_RESPONSES,
    caps=("max_output_tokens",),
)  # fmt: skip
EMBEDDINGS = Protocol("/v1/embeddings", "openai", _read_openai, said=None)
MESSAGES = Protocol("/v1/messages", "anthropic", _read_anthropic, events.MESSAGES, params=_MESSAGES)
COUNT_TOKENS = Protocol(
    "/v1/messages/count_tokens", "anthropic", _read_nothing, free=True, said=None
)
MODERATIONS = Protocol(
    "/v1/moderations", "openai", _read_nothing, free=True, said=None,
    default_model="omni-moderation-latest",
)  # fmt: skip
IMAGES = Protocol(
    "/v1/images/generations", "openai", media.read_images, events.IMAGES,
    wrote=media.estimate_images,
)  # fmt: skip
IMAGE_EDITS = Protocol(
    "/v1/images/edits", "openai", media.read_images, events.IMAGES, wrote=media.estimate_images,
    estimate_input=media.estimate_pictures, form=True,
)  # fmt: skip
SPEECH = Protocol(
    "/v1/audio/speech", "openai", _read_openai, events.SPEECH, said=None, sound=True,
    json_only=False,
)  # fmt: skip
TRANSCRIPTIONS, TRANSLATIONS = (
    Protocol(
        f"/v1/audio/{noun}", "openai", media.read_transcript, events.TRANSCRIPTS,
        wrote=media.estimate_transcript, estimate_input=media.estimate_recording, form=True,
        json_only=False,
    )
    for noun in ("transcriptions", "translations")
)  # fmt: skip

PROTOCOLS = (
    CHAT, COMPLETIONS, RESPONSES, EMBEDDINGS, MESSAGES, COUNT_TOKENS, MODERATIONS, IMAGES,
    IMAGE_EDITS, SPEECH, TRANSCRIPTIONS, TRANSLATIONS,
)  # fmt: skip
_BY_PATH = {protocol.path: protocol for protocol in PROTOCOLS}


def load_types() -> None:
    """Import the parameter types of every protocol. The SDKs take seconds to import, in which the
    process answers nobody."""
    for protocol in PROTOCOLS:
        if protocol.params is not None:
            protocol.params.load()


def protocol_at(path: str) -> Protocol:
    return _BY_PATH[path]
