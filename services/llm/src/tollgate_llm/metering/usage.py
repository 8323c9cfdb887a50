"""What a request used, in one shape for all vendors, read from theirs.

`input_tokens` is everything the model read; `cached_input_tokens` and `cache_write_tokens` are
parts of it. OpenAI counts that way itself; Anthropic reports what the cache gave and took beside
`input_tokens`, so the three are added up. `reasoning_tokens` are part of `output_tokens`.
A count that is no natural number makes the whole usage unknown.

Sound and images are counted apart where the provider does, because they may have prices of their
own: `input_audio_tokens` and `input_image_tokens` are parts of `input_tokens`, those of the output
of `output_tokens`. `cache_write_1h_tokens` are the part of `cache_write_tokens` that is kept for an
hour. `way` is how the provider says it was processed (`service_tier`, `speed`), None where that is
the usual one. `estimated` says that a count is not the provider's own.
"""

import re
from typing import Annotated, Any

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    input_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_audio_tokens: int = 0
    output_image_tokens: int = 0
    cache_write_1h_tokens: int = 0
    way: str | None = None
    estimated: bool = False


NOTHING = Usage(input_tokens=0, output_tokens=0)


def added(one: Usage | None, two: Usage | None) -> Usage | None:
    """Together; None is unknown, and adds nothing."""
    if one is None or two is None:
        return one or two
    counts = {
        name: getattr(one, name) + getattr(two, name)
        for name in Usage.__struct_fields__
        if name not in ("estimated", "way")
    }
    estimated = one.estimated or two.estimated
    return Usage(**counts, way=two.way or one.way, estimated=estimated)


class _InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: Count | None = None
    thinking_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class OpenAIUsage(msgspec.Struct, frozen=True):
    """Chat completions, legacy completions and embeddings say prompt and completion; responses,
    images and audio say input and output, transcriptions with details in the singular."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None
    input_token_details: _InputDetails | None = None
    service_tier: Any = None
    """Beside the usage in what OpenAI answers, see `processed`."""

    def processed(self, service_tier: object) -> "OpenAIUsage":
        """The same, of an answer that says how it was processed."""
        way = unusual(service_tier)
        return msgspec.structs.replace(self, service_tier=way) if way else self

    def normal(self) -> Usage | None:
        read = self.prompt_tokens if self.prompt_tokens is not None else self.input_tokens
        if read is None:
            return None
        wrote = self.completion_tokens or self.output_tokens or 0
        inputs = (
            self.prompt_tokens_details or self.input_tokens_details or self.input_token_details
            or _InputDetails()
        )  # fmt: skip
        outputs = self.completion_tokens_details or self.output_tokens_details or _OutputDetails()
        cached = min(inputs.cached_tokens or 0, read)
        return Usage(
            input_tokens=read,
            output_tokens=wrote,
            cached_input_tokens=cached,
            cache_write_tokens=min(inputs.cache_write_tokens or 0, read - cached),
            reasoning_tokens=outputs.reasoning_tokens or 0,
            input_audio_tokens=inputs.audio_tokens or 0,
            input_image_tokens=inputs.image_tokens or 0,
            output_audio_tokens=outputs.audio_tokens or 0,
            output_image_tokens=outputs.image_tokens or 0,
            way=unusual(self.service_tier),
        )


class _CacheCreation(msgspec.Struct, frozen=True):
    ephemeral_1h_input_tokens: Count | None = None


class AnthropicUsage(msgspec.Struct, frozen=True):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _OutputDetails | None = None
    speed: Any = None

    def normal(self) -> Usage | None:
        if self.input_tokens is None:
            return None
        cached, written = self.cache_read_input_tokens or 0, self.cache_creation_input_tokens or 0
        details = self.output_tokens_details or _OutputDetails()
        created = self.cache_creation or _CacheCreation()
        return Usage(
            input_tokens=self.input_tokens + cached + written,
            output_tokens=self.output_tokens or 0,
            cached_input_tokens=cached,
            cache_write_tokens=written,
            reasoning_tokens=details.thinking_tokens or details.reasoning_tokens or 0,
            cache_write_1h_tokens=min(created.ephemeral_1h_input_tokens or 0, written),
            way=unusual(self.speed),
        )

    def updated(self, later: "AnthropicUsage") -> "AnthropicUsage":
        """A stream reports its counts more than once; the later ones hold."""
        changes = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(later, name)) is not None
        }
        return msgspec.structs.replace(self, **changes)


_USUAL = frozenset({"auto", "default", "standard", "standard_only"})


def unusual(way: object) -> str | None:
    """How an answer says it was processed, unless that is how all are."""
    return way if isinstance(way, str) and way not in _USUAL else None


BYTES_PER_TOKEN = 4
AUDIO_TOKENS_PER_SECOND = 10
"""Of what is heard: OpenAI's audio models hear a token in 100 ms."""
_LONGEST_WORD = 1024
_ENCODED_MEDIA = re.compile(r"[A-Za-z0-9+/=_-]*\Z")
_PROMPTS = ("messages", "input", "prompt", "system", "instructions", "tools")
_LABELS = frozenset({"role", "type", "id", "call_id", "tool_call_id", "tool_use_id", "url"})


def tokens_of(text_bytes: int) -> int:
    """The documented estimate: a token is four bytes of UTF-8, rounded up."""
    return -(-text_bytes // BYTES_PER_TOKEN)


def estimate_input(body: bytes) -> int:
    """For a provider that reports no usage: the text of the prompt, by `tokens_of`. Text is every
    string but labels, addresses and encoded media; of a body we cannot read, all bytes."""
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return tokens_of(len(body))
    waiting: list[Any] = [asked.get(name) for name in _PROMPTS] if isinstance(asked, dict) else []
    text_bytes = 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            text_bytes += len(item.encode()) if _is_text(item) else 0
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, dict):
            waiting += [value for name, value in item.items() if name not in _LABELS]
    return tokens_of(text_bytes)


def _is_text(item: str) -> bool:
    if item.startswith("data:") and ";base64," in item[:128]:
        return False
    return len(item) < _LONGEST_WORD or _ENCODED_MEDIA.match(item) is None
