"""Generated conversations and answers, for the translation of messages to chat completions."""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.sampled_from(["search", "look_up", "write"])
INPUTS = st.dictionaries(
    st.sampled_from(["q", "n", "deep"]),
    WORDS | st.integers(-9, 9) | st.none() | st.lists(st.booleans(), max_size=2),
    max_size=3,
)
TEXTS = WORDS.map(lambda text: {"type": "text", "text": text})
IMAGES = st.sampled_from([
    {"type": "url", "url": "https://example.org/cat.png"},
    {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
]).map(lambda source: {"type": "image", "source": source})  # fmt: skip
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
SOURCES = st.one_of(
    st.just(PDF),
    WORDS.map(lambda text: {"type": "text", "media_type": "text/plain", "data": text}),
    st.lists(TEXTS | IMAGES, min_size=1, max_size=2).map(
        lambda content: {"type": "content", "content": content}
    ),
)
DOCUMENTS = st.builds(
    lambda source, context: {"type": "document", "source": source, "context": context},
    SOURCES,
    st.none() | WORDS,
)
FOUND = st.lists(TEXTS, min_size=1, max_size=2).map(
    lambda content: {
        "type": "search_result", "source": "https://example.org", "title": "T", "content": content,
    }
)  # fmt: skip
PARTS = TEXTS | IMAGES | DOCUMENTS | FOUND
CONTENTS = WORDS | st.lists(PARTS, min_size=1, max_size=3)


@st.composite
def exchanges(draw: st.DrawFn, number: int) -> list[Json]:
    """The assistant speaks and calls, perhaps in two messages; the user brings the results."""
    said: list[Json] = draw(st.lists(TEXTS, min_size=1, max_size=2))
    ids = [f"toolu_{number}_{at}" for at in range(draw(st.integers(0, 3)))]
    said += [
        {"type": "tool_use", "id": each, "name": draw(NAMES), "input": draw(INPUTS)} for each in ids
    ]
    cut = draw(st.integers(0, len(said)))
    messages: list[Json] = [
        {"role": "assistant", "content": part} for part in (said[:cut], said[cut:]) if part
    ]
    results = [draw(results_of(each)) for each in draw(st.permutations(ids))]
    return [*messages, {"role": "user", "content": results + draw(st.lists(PARTS, min_size=1))}]


@st.composite
def results_of(draw: st.DrawFn, call_id: str) -> Json:
    result: Json = {"type": "tool_result", "tool_use_id": call_id}
    content = draw(st.none() | CONTENTS)
    if content is not None:
        result["content"] = content
    if draw(st.booleans()):
        result["is_error"] = draw(st.booleans())
    return result


@st.composite
def conversations(draw: st.DrawFn) -> Json:
    """A request that ends with the user."""
    messages: list[Json] = [{"role": "user", "content": draw(CONTENTS)}]
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["user", "system", "exchange", "exchange"]))
        if kind == "exchange":
            messages += draw(exchanges(number))
        else:
            messages.append({"role": kind, "content": draw(CONTENTS if kind == "user" else WORDS)})
    asked: Json = {"model": "small", "max_tokens": 100, "messages": messages}
    system = draw(st.none() | WORDS | st.lists(TEXTS, min_size=1, max_size=2))
    return asked if system is None else {**asked, "system": system}


COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    lambda read, wrote, cached, written, thought: {
        "prompt_tokens": read + cached + written,
        "completion_tokens": wrote + thought,
        "total_tokens": read + cached + written + wrote + thought,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": thought},
    },
    COUNTS, COUNTS, COUNTS, COUNTS, COUNTS,
)  # fmt: skip


@st.composite
def said_by_models(draw: st.DrawFn, reason: str) -> Json:
    message: Json = {"role": "assistant", "content": draw(st.none() | st.just("") | WORDS)}
    message["refusal"] = draw(st.none() | WORDS) if reason == "stop" else None
    if draw(st.booleans()):
        message[draw(st.sampled_from(["reasoning_content", "reasoning"]))] = draw(WORDS)
    if reason in ("tool_calls", "length"):
        inputs = draw(st.lists(INPUTS, min_size=reason == "tool_calls", max_size=3))
        arguments = [json.dumps(each, ensure_ascii=False) for each in inputs]
        if arguments and reason == "length":
            arguments[-1] = arguments[-1][: draw(st.integers(0, len(arguments[-1])))]
        calls = [
            {"id": f"call_{at}", "type": "function",
             "function": {"name": draw(NAMES), "arguments": each}}
            for at, each in enumerate(arguments)
        ]  # fmt: skip
        message |= {"tool_calls": calls} if calls else {}
    return message


@st.composite
def answers(draw: st.DrawFn) -> Json:
    reason = draw(st.sampled_from(["stop", "length", "tool_calls", "content_filter"]))
    message = draw(said_by_models(reason))
    return {
        "id": draw(st.sampled_from(["chatcmpl-1", ""])),
        "object": "chat.completion",
        "created": 1,
        "model": "big-2026",
        "service_tier": draw(st.sampled_from([None, "default", "priority", "flex"])),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
        "usage": draw(USAGES),
    }


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)))
    edges = [0, *cuts, len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@st.composite
def call_deltas(draw: st.DrawFn, calls: list[Json]) -> list[Json]:
    """One call after the other, or all begun before their arguments come in turns."""
    openings, rests = [], []
    for at, call in enumerate(calls):
        parts = draw(pieces(call["function"]["arguments"]))
        function = {"name": call["function"]["name"], "arguments": parts[0]}
        openings.append({"index": at, "id": call["id"], "type": "function", "function": function})
        rests.append([{"index": at, "function": {"arguments": part}} for part in parts[1:]])
    if draw(st.booleans()):
        both = zip(openings, rests, strict=True)
        return [each for opening, rest in both for each in (opening, *rest)]
    turns = draw(st.permutations([at for at, rest in enumerate(rests) for _ in rest]))
    waiting = [iter(rest) for rest in rests]
    return [*openings, *(next(waiting[at]) for at in turns)]


@st.composite
def chunkings(draw: st.DrawFn, answer: Json) -> list[Json]:
    """The answer as a stream; whoever keeps the order may cut it anywhere."""
    message = answer["choices"][0]["message"]
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    for name in ("reasoning_content", "reasoning", "content", "refusal"):
        deltas += [{name: part} for part in draw(pieces(message.get(name) or ""))]
    calls = draw(call_deltas(message.get("tool_calls") or []))
    deltas += [{"tool_calls": [call]} for call in calls]
    head = {name: answer[name] for name in ("id", "created", "model", "service_tier")}
    head["object"] = "chat.completion.chunk"
    chunks = [{**head, "choices": [_choice(delta)]} for delta in deltas]
    chunks.append({**head, "choices": [_choice({}, answer["choices"][0]["finish_reason"])]})
    return [*chunks, {**head, "choices": [], "usage": answer["usage"]}]


def _choice(delta: Json, reason: str | None = None) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
