"""Usage as OpenAI's dialect reports it, by OpenAI and by those who speak its protocol.

`prompt_tokens` (`input_tokens`) is everything that was read and `completion_tokens`
(`output_tokens`) everything that was made; details are parts of these. Vendors differ in names and
in what they count beside:

| document | field | rule | source |
|---|---|---|---|
| OpenAI chat, completions, embeddings | `prompt_tokens`, `completion_tokens`, `*_tokens_details` | details are parts | openai-python `CompletionUsage` |
| OpenAI responses, images, audio | `input_tokens`, `output_tokens`, details | details are parts | openai-python `ResponseUsage`, `ImagesResponse`, `Transcription` |
| OpenAI whisper | `seconds` | duration is billed, no tokens | openai-python `UsageDuration` |
| OpenAI images | `svg_usage` | another model's tokens | openai-python `SvgUsage` |
| OpenAI responses | items `web_search_call`, `file_search_call`, `code_interpreter_call` | a fee for each completed search, and for each container | OpenAI pricing, "Built-in tools" |
| Gemini, xAI | `total_tokens` above input and output | thinking, counted beside; output | Gemini API "OpenAI compatibility"; xAI "Reasoning" |
| servers that leave cached tokens out of the prompt | `total_tokens` above both by just the cached tokens | input | Databricks, Bedrock |
| DeepSeek | `prompt_cache_hit_tokens` | part of the input | DeepSeek "Context caching" |
| Moonshot, Anthropic's OpenAI endpoint | `cached_tokens` | part of the input | genai-prices, extractors |
| xAI | `cached_prompt_text_tokens` | part of the input | genai-prices, extractors |
| Databricks | `cache_read_input_tokens` | part of the input | genai-prices, extractors |
| Mistral audio | `prompt_audio_seconds` | duration is billed; the sound's tokens are in the total only | Mistral "Audio & transcription" |
| Perplexity | `citation_tokens`, `reasoning_tokens`, `num_search_queries` | beside the completion, each with its price | Perplexity "Pricing", Sonar Deep Research |
| OpenRouter | `server_tool_use.web_search_requests` | a fee for each | OpenRouter "Web search" |

`service_tier` beside the usage says how the answer was processed.
"""  # noqa: E501 - a table

from typing import Any

import msgspec

from tollgate_llm.metering.openai_documents import (
    DrawingUsage,
    Modalities,
    OpenAIUsage,
    OutputItem,
)
from tollgate_llm.metering.usage import (
    USUAL_TIERS,
    ModelUsage,
    Quantities,
    Usage,
    part_of,
    tier_of,
)

AUDIO_TOKENS_PER_SECOND = 10
"""OpenAI's audio models hear a token in 100 ms."""
SECONDS_PLACES = 3
_CALLERS_CALLS = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "local_shell_call",
        "shell_call",
        "computer_call",
        "apply_patch_call",
    }
)
"""Tools that the caller runs: the answer ends with the call."""

_decode_items = msgspec.json.Decoder(list[OutputItem] | None).decode


class OpenAIAnswer(msgspec.Struct, frozen=True):
    """A whole answer, or a chunk of one, as far as it says what was used."""

    usage: OpenAIUsage | None = None
    model: Any = None
    service_tier: Any = None
    output: msgspec.Raw = msgspec.Raw(b"null")
    svg_usage: DrawingUsage | None = None

    def read(self, medium: str = "text") -> Usage | None:
        """Return what was used, None where the answer does not say. `medium` is what the model
        makes (`text`, `image`, `speech`) or hears (`transcript`): tokens are of that unless the
        details say otherwise."""
        if self.usage is None:
            return None
        quantities = _quantities(self.usage, medium)
        if quantities is None:
            return None
        tier = tier_of(self.service_tier)
        unusual = tier is not None and tier not in USUAL_TIERS
        return Usage(
            parts=(part_of(quantities | _fees(self)), *_drawing(self.svg_usage)),
            model=_text(self.model),
            reasoning_tokens=_reasoning(self.usage),
            service_tier=tier,
            conditions=(("service_tier", tier),) if unusual and tier else (),
            is_single_run=not any(map(_runs_at_the_vendor, _items(self.output))),
        )


def _quantities(usage: OpenAIUsage, medium: str) -> Quantities | None:
    read = usage.prompt_tokens if usage.prompt_tokens is not None else usage.input_tokens
    if read is None and usage.duration is None:
        return None
    beside = _beside(usage, read or 0)
    if beside and beside == usage.cached:
        read, beside = (read or 0) + beside, 0
    return {
        **_read(usage, read, medium),
        **_made(usage, beside, medium),
        "citations": usage.citation_tokens or 0,
        "seconds": _seconds(usage.duration),
    }


def _beside(usage: OpenAIUsage, read: int) -> int:
    """Return the tokens that only the total counts. Beside a duration they are the sound's."""
    made = usage.completion_tokens or usage.output_tokens or 0
    if usage.duration is not None:
        return 0
    return max(0, (usage.total_tokens or 0) - read - made)


def _read(usage: OpenAIUsage, read: int | None, medium: str) -> Quantities:
    """Return the input by measures, none more than there is. A cache that does not say what it
    gave gave text first."""
    if read is None:
        return {"audio_input": -int(-(usage.duration or 0) * AUDIO_TOKENS_PER_SECOND // 1)}
    details = usage.inputs
    unsaid = medium == "transcript" and usage.input_token_details is None and not usage.duration
    audio = min(read if unsaid else details.audio_tokens or 0, read)
    image = min(details.image_tokens or 0, read - audio)
    text = read - audio - image
    cached = min(usage.cached, read)
    named = details.cached_tokens_details or Modalities()
    cached_audio = min(named.audio_tokens or 0, audio, cached)
    cached_image = min(named.image_tokens or 0, image, cached - cached_audio)
    cached_text = min(cached - cached_audio - cached_image, text)
    if details.cached_tokens_details is None:
        cached_image = min(cached - cached_text, image)
        cached_audio = min(cached - cached_text - cached_image, audio)
    written = min(details.cache_write_tokens or 0, text - cached_text)
    return {
        "input": text - cached_text - written,
        "cache_read": cached_text,
        "cache_write_5m": written,
        "audio_input": audio - cached_audio,
        "cached_audio": cached_audio,
        "image_input": image - cached_image,
        "cached_image": cached_image,
    }


def _made(usage: OpenAIUsage, beside: int, medium: str) -> Quantities:
    """Return the output by measures. Perplexity's reasoning has a price of its own."""
    made = (usage.completion_tokens or usage.output_tokens or 0) + beside
    details = usage.outputs
    unsaid = usage.completion_tokens_details is None and usage.output_tokens_details is None
    image = made if unsaid and medium == "image" else min(details.image_tokens or 0, made)
    audio = made if unsaid and medium == "speech" else min(details.audio_tokens or 0, made - image)
    reasoning = usage.reasoning_tokens or 0 if usage.num_search_queries is not None else 0
    return {
        "output": made - image - audio,
        "reasoning": reasoning,
        "audio_output": audio,
        "image_output": image,
    }


def _reasoning(usage: OpenAIUsage) -> int:
    reported = usage.outputs.reasoning_tokens or usage.reasoning_tokens
    if reported is not None:
        return reported
    read = usage.prompt_tokens if usage.prompt_tokens is not None else usage.input_tokens
    beside = _beside(usage, read or 0)
    return 0 if beside == usage.cached else beside


def _seconds(duration: float | None) -> int | float:
    """Return a duration with at most three places, as a whole number where it is one."""
    rounded = round(duration or 0, SECONDS_PLACES)
    return int(rounded) if rounded == int(rounded) else rounded


def _fees(answer: OpenAIAnswer) -> Quantities:
    items = _items(answer.output)
    containers = {
        item.container_id
        for item in items
        if item.type == "code_interpreter_call" and isinstance(item.container_id, str)
    }
    return {
        "web_searches": (answer.usage.web_searches if answer.usage else 0)
        + sum(map(_is_search, items)),
        "file_searches": sum(item.type == "file_search_call" for item in items if _is_done(item)),
        "code_sessions": len(containers),
    }


def _items(output: msgspec.Raw) -> list[OutputItem]:
    """Return a response's items; none where the output is something else."""
    try:
        return _decode_items(output) or []
    except msgspec.MsgspecError:
        return []


def _drawing(usage: DrawingUsage | None) -> tuple[ModelUsage, ...]:
    if usage is None:
        return ()
    quantities: Quantities = {"input": usage.input_tokens, "output": usage.output_tokens}
    return (part_of(quantities, _text(usage.model)),)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _runs_at_the_vendor(item: OutputItem) -> bool:
    kind = item.type
    return isinstance(kind, str) and kind.endswith("_call") and kind not in _CALLERS_CALLS


def _is_done(item: OutputItem) -> bool:
    return item.status in (None, "completed")


def _is_search(item: OutputItem) -> bool:
    """Opening a page and finding in it are actions of the same tool, and carry no fee."""
    action = item.action.type if item.action else None
    return item.type == "web_search_call" and _is_done(item) and action in (None, "search")
