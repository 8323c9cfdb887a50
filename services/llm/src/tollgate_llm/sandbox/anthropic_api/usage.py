"""What a message says it has used, in one piece or as a stream tells it: the input when it begins,
everything when it ends. Names and shapes are those of the SDK's `BetaUsage`."""

from __future__ import annotations

from typing import Any

from tollgate_llm.sandbox import specials
from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.calls import Reply
from tollgate_llm.sandbox.specials import SECOND_MODEL, Special, distorted

_CUMULATIVE = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def whole_usage(reply: Reply) -> Json:
    return distorted({**_begun(reply), **_ended(reply)}, reply.ask.model)


def opening_usage(reply: Reply) -> Json:
    usage = _begun(reply)
    if reply.special is Special.CACHE_LATE:
        _, long = specials.late_cache_split(reply.ask.input_tokens)
        usage |= _cached(0, 0, long // 2)
    return distorted(usage, reply.ask.model)


def closing_usage(reply: Reply) -> Json:
    """Counts are cumulative; what was said when the message began is not said again."""
    begun = _begun(reply)
    counts = {name: begun[name] for name in _CUMULATIVE}
    return distorted({**counts, **_ended(reply)}, reply.ask.model)


def _begun(reply: Reply) -> Json:
    read, given, short, long = _input(reply)
    cached = _cached(given, short, long)
    return {"input_tokens": read, **cached, "output_tokens": 0, **_processing(reply)}


def _cached(given: int, short: int, long: int) -> Json:
    return {
        "cache_creation_input_tokens": short + long,
        "cache_read_input_tokens": given,
        "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
    }


def _input(reply: Reply) -> tuple[int, int, int, int]:
    """Return what is read afresh, from the cache, and written to it for five minutes or an hour."""
    tokens = reply.ask.input_tokens
    if reply.special is Special.CACHE:
        given, short, long = specials.cache_split(tokens)
        return tokens - given - short - long, given, short, long
    if reply.special is Special.CACHE_LATE:
        given, long = specials.late_cache_split(tokens)
        return tokens - given - long, given, 0, long
    return tokens, 0, 0, 0


def _processing(reply: Reply) -> Json:
    processing: Json = {"service_tier": "standard"}
    if reply.special is Special.GEO:
        processing["inference_geo"] = "us"
    if reply.special is Special.TIER:
        is_standard = reply.body.get("service_tier") == "standard_only"
        processing["service_tier"] = "standard" if is_standard else "priority"
        processing["speed"] = reply.body.get("speed") or "standard"
    return processing


def _ended(reply: Reply) -> Json:
    made, special = reply.output_tokens, reply.special
    if special is Special.REFUSAL:
        return {"output_tokens": specials.REFUSAL_TOKENS}
    if special is Special.THINKING:
        thinking = specials.THINKING_TOKENS
        details = {"thinking_tokens": thinking}
        return {"output_tokens": made + thinking, "output_tokens_details": details}
    if special is Special.FEES:
        requests = {
            "web_search_requests": specials.SEARCHES,
            "web_fetch_requests": specials.FETCHES,
        }
        return {"output_tokens": made, "server_tool_use": requests}
    if special is Special.ADVISOR:
        made += specials.CONSULTING_TOKENS
    runs = _runs(reply)
    return {"output_tokens": made, **({"iterations": runs} if runs else {})}


def _runs(reply: Reply) -> list[Json]:
    read, made = reply.ask.input_tokens, reply.output_tokens
    if reply.special is Special.COMPACTION:
        compacted = _run("compaction", specials.COMPACTED_TOKENS, specials.SUMMARY_TOKENS)
        return [compacted, _run("message", read, made)]
    if reply.special is Special.FALLBACK:
        declined = _run("message", read, 0)
        return [declined, _run("fallback_message", read, made, model=SECOND_MODEL)]
    if reply.special is Special.ADVISOR:
        advice = (specials.ADVISOR_READS, specials.ADVICE_TOKENS)
        last = _run("message", specials.AFTER_ADVICE_TOKENS, made)
        return [
            _run("message", read, specials.CONSULTING_TOKENS),
            _run("advisor_message", *advice, model=SECOND_MODEL),
            {**last, "cache_read_input_tokens": read},
        ]
    return []


def _run(kind: str, read: int, made: int, **more: Any) -> Json:
    counts = {"input_tokens": read, "output_tokens": made, **_cached(0, 0, 0)}
    return {"type": kind, **more, **counts}
