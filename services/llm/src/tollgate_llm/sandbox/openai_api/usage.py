"""What OpenAI's dialect says was used: by OpenAI itself, and by those who speak its protocol with
counts of their own: thinking that only the total has (Gemini), searches (OpenRouter), seconds
(Mistral), another tier for every answer (Groq)."""

from __future__ import annotations

from tollgate_llm.sandbox import specials
from tollgate_llm.sandbox.asks import Json
from tollgate_llm.sandbox.calls import Reply
from tollgate_llm.sandbox.specials import Special, distorted

UNASKED_TIER = "on_demand"


def tier(reply: Reply) -> str:
    """Return how the answer says it was processed."""
    if reply.special is not Special.TIER:
        return "default"
    asked = reply.body.get("service_tier")
    return UNASKED_TIER if asked in (None, "auto") else str(asked)


def chat_usage(reply: Reply) -> Json:
    read, made, special = reply.ask.input_tokens, reply.output_tokens, reply.special
    counts: Json = {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}
    if special is Special.THINKING:
        return {**counts, "total_tokens": read + made + specials.THINKING_TOKENS}
    given, short, _ = specials.cache_split(read) if special is Special.CACHE else (0, 0, 0)
    is_sound = special is Special.AUDIO
    prompt: Json = {"cached_tokens": given, "audio_tokens": read // 2 if is_sound else 0}
    if special is Special.CACHE:
        prompt["cache_write_tokens"] = short
    usage = {
        **counts,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": made // 2 if is_sound else 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    if special is Special.FEES:
        usage["server_tool_use"] = {"web_search_requests": specials.SEARCHES}
    return distorted(usage, reply.ask.model)


def response_usage(reply: Reply) -> Json:
    read, made, special = reply.ask.input_tokens, reply.output_tokens, reply.special
    given, short, _ = specials.cache_split(read) if special is Special.CACHE else (0, 0, 0)
    thinking = specials.THINKING_TOKENS if special is Special.THINKING else 0
    usage = {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": given, "cache_write_tokens": short},
        "output_tokens": made + thinking,
        "output_tokens_details": {"reasoning_tokens": thinking},
        "total_tokens": read + made + thinking,
    }
    return distorted(usage, reply.ask.model)


def tool_items(reply: Reply, number: str) -> list[Json]:
    """Return the calls of the vendor's own tools, in the order in which they were made: searches of
    the web, of which looking at a page is none, one of files, and two runs in one container."""
    if reply.special is not Special.FEES:
        return []
    actions: list[Json] = [
        {"type": "search", "query": f"query {nth}", "queries": [f"query {nth}"]}
        for nth in range(specials.SEARCHES)
    ]
    actions.append({"type": "open_page", "url": "https://example.com/0"})
    searches: list[Json] = [
        {"id": f"ws_{nth}_{number}", "type": "web_search_call", "action": action}
        for nth, action in enumerate(actions)
    ]
    files: Json = {
        "id": f"fs_{number}",
        "type": "file_search_call",
        "queries": ["query"],
        "results": None,
    }
    runs: list[Json] = [
        {
            "id": f"ci_{nth}_{number}",
            "type": "code_interpreter_call",
            "code": "1 + 1",
            "container_id": f"cntr_{number}",
            "outputs": None,
        }
        for nth in range(specials.CODE_CALLS)
    ]
    return [
        {**item, "status": "completed"} for item in (*searches, {**files, "results": None}, *runs)
    ]
