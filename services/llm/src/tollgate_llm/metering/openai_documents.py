"""The `usage` documents of OpenAI's dialect, as far as they are read: what is where.

A count that is no natural number, or beyond 2^53, makes the whole document unreadable. What the
fields mean is in `openai_usage`.
"""

from typing import Annotated, Any

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=2**40)]


class Modalities(msgspec.Struct, frozen=True):
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class InputDetails(msgspec.Struct, frozen=True):
    cached_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None
    cached_tokens_details: Modalities | None = None


class OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: Count | None = None
    audio_tokens: Count | None = None
    image_tokens: Count | None = None


class _ServerTools(msgspec.Struct, frozen=True):
    web_search_requests: Count | None = None


class _Invocations(msgspec.Struct, frozen=True):
    invocation: Count | None = None


class _ToolCalls(msgspec.Struct, frozen=True):
    search_web: _Invocations | None = None


class OpenAIUsage(msgspec.Struct, frozen=True):
    """The `usage` object. Transcriptions have their input's details in the singular."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    input_token_details: InputDetails | None = None
    seconds: Seconds | None = None
    prompt_audio_seconds: Seconds | None = None
    prompt_cache_hit_tokens: Count | None = None
    cached_tokens: Count | None = None
    cached_prompt_text_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    citation_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    num_search_queries: Count | None = None
    server_tool_use: _ServerTools | None = None
    tool_calls_details: _ToolCalls | None = None

    @property
    def inputs(self) -> InputDetails:
        return (
            self.prompt_tokens_details
            or self.input_tokens_details
            or self.input_token_details
            or InputDetails()
        )

    @property
    def outputs(self) -> OutputDetails:
        return self.completion_tokens_details or self.output_tokens_details or OutputDetails()

    @property
    def cached(self) -> int:
        """Tokens that a cache gave, by the first name that is there."""
        details = self.inputs
        names = (
            details.cached_tokens,
            details.cache_read_input_tokens,
            self.prompt_cache_hit_tokens,
            self.cached_tokens,
            self.cached_prompt_text_tokens,
            self.cache_read_input_tokens,
        )
        return next((count for count in names if count is not None), 0)

    @property
    def duration(self) -> float | None:
        """Seconds of sound that were heard."""
        return self.seconds if self.seconds is not None else self.prompt_audio_seconds

    @property
    def web_searches(self) -> int:
        tools = self.tool_calls_details.search_web if self.tool_calls_details else None
        return (
            (self.num_search_queries or 0)
            + ((self.server_tool_use and self.server_tool_use.web_search_requests) or 0)
            + ((tools and tools.invocation) or 0)
        )


class _Action(msgspec.Struct, frozen=True):
    type: Any = None


class OutputItem(msgspec.Struct, frozen=True):
    """An item of a response, as far as it may carry a fee."""

    type: Any = None
    status: Any = None
    action: _Action | None = None
    container_id: Any = None


class DrawingUsage(msgspec.Struct, frozen=True):
    """What another model used to write a picture as SVG."""

    model: Any = None
    input_tokens: Count = 0
    output_tokens: Count = 0
