"""Usage as Anthropic reports it, and those who speak its protocol.

| field | rule | source |
|---|---|---|
| `input_tokens`, `cache_read_input_tokens`, `cache_creation_input_tokens` | beside each other; together they are the input | Anthropic "Prompt caching" |
| `cache_creation.ephemeral_1h_input_tokens`, `…_5m_…` | parts of what was written | the same |
| `output_tokens` | everything, thinking included | anthropic-python `BetaUsage` |
| `iterations` | what each model run was billed; compaction and advisors are only here. With them the bill is their sum | anthropic-python `BetaIterationsUsage` |
| `iterations[].model` | whose price an advisor's or a fallback's run has | the same |
| an iteration without output, where a fallback answered | declined; not billed | Anthropic "Refusals and fallback" |
| `stop_reason: refusal` and no content | declined before any output; not billed | the same |
| `server_tool_use.web_search_requests` | a fee for each | Anthropic "Pricing", web search |
| `service_tier: batch` | the batch price | anthropic-python `BetaUsage` |
| `speed`, `inference_geo` | prices of their own | Anthropic "Fast mode", "Data residency" |

A stream reports more than once: its counts are cumulative, and the later ones hold. What its last
report does not split (`cache_creation`) is split as the first one was.
"""  # noqa: E501 - a table

from typing import Any

import msgspec

from tollgate_llm.metering.openai_documents import Count
from tollgate_llm.metering.usage import (
    USUAL_TIERS,
    ModelUsage,
    Quantities,
    Usage,
    part_of,
    tier_of,
)

BATCH = "batch"
FALLBACK = "fallback_message"
USUAL_GEOGRAPHIES = frozenset({"global", "not_available"})
"""`not_available` is what models answer that cannot be told where to run."""


_NO_CONTENT = (b"null", b"[]", b"[ ]", b'""')


class _CacheCreation(msgspec.Struct, frozen=True):
    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class _OutputDetails(msgspec.Struct, frozen=True):
    reasoning_tokens: Count | None = None
    thinking_tokens: Count | None = None


class _ServerTools(msgspec.Struct, frozen=True):
    web_search_requests: Count | None = None


class _Counts(msgspec.Struct, frozen=True):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_creation: _CacheCreation | None = None


class _Iteration(_Counts, frozen=True):
    """One run of a model within the answer."""

    type: Any = None
    model: Any = None


class AnthropicUsage(_Counts, frozen=True):
    """The `usage` object, whole or as an event of a stream has it."""

    output_tokens_details: _OutputDetails | None = None
    iterations: list[_Iteration] | None = None
    server_tool_use: _ServerTools | None = None
    service_tier: Any = None
    speed: Any = None
    inference_geo: Any = None


class AnthropicAnswer(msgspec.Struct, frozen=True):
    """A message, or what the events of a stream have said of it so far."""

    usage: AnthropicUsage | None = None
    model: Any = None
    stop_reason: Any = None
    content: msgspec.Raw = msgspec.Raw(b"null")

    def read(self, *, has_content: bool | None = None) -> Usage | None:
        """Return what was used, None where the answer does not say. `has_content` says of a
        stream whether anything of the message has come."""
        usage = self.usage
        if usage is None or (usage.input_tokens is None and not usage.iterations):
            return None
        if has_content is None:
            has_content = bytes(self.content) not in _NO_CONTENT
        if self.stop_reason == "refusal" and not has_content:
            return _declined(self, usage)
        tools = usage.server_tool_use or _ServerTools()
        fell_back = any(run.type == FALLBACK for run in usage.iterations or ())
        first, *rest = _parts(usage, fell_back)
        fees: Quantities = {"web_searches": tools.web_search_requests or 0}
        details = usage.output_tokens_details or _OutputDetails()
        return Usage(
            parts=(part_of({**first.quantities, **fees}, first.model), *rest),
            model=None if fell_back else _text(self.model),
            reasoning_tokens=details.thinking_tokens or details.reasoning_tokens or 0,
            service_tier=_tier(usage),
            conditions=_conditions(usage),
            is_single_run=usage.server_tool_use is None or bool(usage.iterations),
        )

    def updated(self, later: "AnthropicAnswer") -> "AnthropicAnswer":
        """Return the answer as a later event has it: what that says holds, the rest stays."""
        usage = self.usage or AnthropicUsage()
        return AnthropicAnswer(
            usage=_updated(usage, later.usage) if later.usage else usage,
            model=later.model or self.model,
            stop_reason=later.stop_reason or self.stop_reason,
        )


def _declined(answer: AnthropicAnswer, usage: AnthropicUsage) -> Usage:
    return Usage(model=_text(answer.model), service_tier=_tier(usage))


def _parts(usage: AnthropicUsage, fell_back: bool) -> list[ModelUsage]:
    """Return each model's part; of the model that was asked first, be it of nothing."""
    runs = usage.iterations
    if not runs:
        return [part_of(_quantities(usage))]
    parts = [
        part_of(_quantities(run), _text(run.model))
        for run in runs
        if not (fell_back and run.type == "message" and not run.output_tokens)
    ]
    if parts and parts[0].model is None:
        return parts
    return [ModelUsage({}), *parts]


def _quantities(counts: _Counts) -> Quantities:
    written = counts.cache_creation_input_tokens or 0
    hour = _of_an_hour(counts.cache_creation, written)
    return {
        "input": counts.input_tokens or 0,
        "cache_read": counts.cache_read_input_tokens or 0,
        "cache_write_5m": written - hour,
        "cache_write_1h": hour,
        "output": counts.output_tokens or 0,
    }


def _of_an_hour(split: _CacheCreation | None, written: int) -> int:
    """Return how much of what was written is kept for an hour. A split that counts less than was
    written is of an earlier report: the rest is taken to be split as that was, rounded up to what
    costs more."""
    if split is None or not split.ephemeral_1h_input_tokens:
        return 0
    hour, short = split.ephemeral_1h_input_tokens, split.ephemeral_5m_input_tokens
    if short is None or hour + short >= written:
        return min(hour, written)
    return -(-written * hour // (hour + short))


def _updated(usage: AnthropicUsage, later: AnthropicUsage) -> AnthropicUsage:
    changes = {
        name: value
        for name in usage.__struct_fields__
        if (value := getattr(later, name)) is not None
    }
    return msgspec.structs.replace(usage, **changes)


def _tier(usage: AnthropicUsage) -> str | None:
    fast = tier_of(usage.speed)
    return fast if fast and fast not in USUAL_TIERS else tier_of(usage.service_tier)


def _conditions(usage: AnthropicUsage) -> tuple[tuple[str, str], ...]:
    tier, speed, place = map(tier_of, (usage.service_tier, usage.speed, usage.inference_geo))
    conditions = []
    if tier == BATCH:
        conditions.append(("processing", BATCH))
    elif tier and tier not in USUAL_TIERS:
        conditions.append(("service_tier", tier))
    if speed and speed not in USUAL_TIERS:
        conditions.append(("speed", speed))
    if place and place not in USUAL_GEOGRAPHIES:
        conditions.append(("inference_geo", place))
    return tuple(conditions)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
