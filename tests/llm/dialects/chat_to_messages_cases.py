"""Generated conversations and answers, for the translation of chat completions to messages."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

Json = dict[str, Any]

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.sampled_from(["search", "look_up", "write"])
INPUTS = st.dictionaries(WORDS, st.one_of(WORDS, st.integers(-9, 9), st.lists(WORDS, max_size=2)))
TEXTS = st.builds(lambda text: {"type": "text", "text": text}, WORDS)
PARTS = st.one_of(
    TEXTS,
    st.sampled_from(["https://example.org/cat.png", PNG]).map(
        lambda url: {"type": "image_url", "image_url": {"url": url}}
    ),
    st.just({"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}),
)
CONTENTS = WORDS | st.lists(PARTS, min_size=1, max_size=3)
THOUGHTS = st.one_of(
    st.builds(
        lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign},
        WORDS | st.just(""),
        WORDS,
    ),
    st.builds(lambda data: {"type": "redacted_thinking", "data": data}, WORDS),
)


@st.composite
def turns(draw: st.DrawFn, number: int) -> list[Json]:
    """The assistant thinks, speaks and calls; then come the results, in whatever order."""
    message: Json = {"role": "assistant", "content": draw(st.none() | WORDS)}
    if draw(st.booleans()):
        message["thinking_blocks"] = draw(st.lists(THOUGHTS, min_size=1, max_size=2))
        message["reasoning_content"] = "Whatever."
    ids = [f"call_{number}_{at}" for at in range(draw(st.integers(0, 3)))]
    calls = [_call(call_id, draw(NAMES), draw(INPUTS)) for call_id in ids]
    if calls:
        message["tool_calls"] = calls
    results = [
        {"role": "tool", "tool_call_id": call_id, "content": draw(WORDS | st.lists(TEXTS))}
        for call_id in draw(st.permutations(ids))
    ]
    return [message, *results]


def _call(call_id: str, name: str, given: Json) -> Json:
    function = {"name": name, "arguments": msgspec.json.encode(given).decode()}
    return {"id": call_id, "type": "function", "function": function}


def says_something(content: Any) -> bool:
    parts = [{"text": content}] if isinstance(content, str) else content
    return any(part.get("text", "x").strip() for part in parts)


@st.composite
def conversations(draw: st.DrawFn) -> Json:
    """A request that ends with the user."""
    messages: list[Json] = []
    for number in range(draw(st.integers(0, 4))):
        role = draw(st.sampled_from(["user", "system", "developer", "assistant"]))
        if role == "assistant":
            messages += draw(turns(number))
        else:
            content = draw(CONTENTS if role == "user" else WORDS | st.lists(TEXTS, min_size=1))
            messages.append({"role": role, "content": content})
    messages.append({"role": "user", "content": draw(CONTENTS.filter(says_something))})
    return {"model": "small", "messages": messages}


COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    lambda read, cached, written, wrote, thought: {
        "input_tokens": read,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": wrote + thought,
        "output_tokens_details": {"thinking_tokens": thought},
        "service_tier": "standard",
    },
    COUNTS, COUNTS | st.none(), COUNTS | st.none(), COUNTS, COUNTS,
)  # fmt: skip
BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text, "citations": None}, WORDS),
    THOUGHTS,
    st.builds(
        lambda number, name, given: {
            "type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given,
        },
        st.integers(0, 10**9), NAMES, INPUTS,
    ),
)  # fmt: skip
ENDINGS = st.one_of(
    st.sampled_from(["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn"]).map(
        lambda reason: {"stop_reason": reason, "stop_sequence": None}
    ),
    st.builds(
        lambda said: {
            "stop_reason": "refusal",
            "stop_details": {"type": "refusal", "category": "bio", "explanation": said},
        },
        WORDS | st.none(),
    ),
)


@st.composite
def answers(draw: st.DrawFn) -> Json:
    return {
        "id": "msg_7f",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": draw(st.lists(BLOCKS, max_size=5)),
        "usage": draw(USAGES),
        **draw(ENDINGS),
    }


@st.composite
def streams(draw: st.DrawFn, answer: Json) -> list[Json]:
    """The same answer as a stream, in pieces of any size."""
    usage = answer["usage"]
    opening = {**answer, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": opening}, {"type": "ping"}]
    for index, block in enumerate(answer["content"]):
        begun, deltas = draw(_pieces_of(block))
        events.append({"type": "content_block_start", "index": index, "content_block": begun})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    ending = {name: answer.get(name) for name in ("stop_reason", "stop_sequence", "stop_details")}
    told = {name: usage[name] for name in ("output_tokens", "output_tokens_details")}
    events.append({"type": "message_delta", "delta": ending, "usage": told})
    events.append({"type": "message_stop"})
    return events


@st.composite
def _pieces_of(draw: st.DrawFn, block: Json) -> tuple[Json, list[Json]]:
    kind = block["type"]
    if kind == "text":
        pieces = draw(_cut(block["text"]))
        return {**block, "text": ""}, [{"type": "text_delta", "text": each} for each in pieces]
    if kind == "thinking":
        pieces = draw(_cut(block["thinking"]))
        deltas: list[Json] = [{"type": "thinking_delta", "thinking": each} for each in pieces]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return {"type": kind, "thinking": "", "signature": ""}, deltas
    if kind == "redacted_thinking":
        return block, []
    # Arguments that there are none of do not come at all.
    made = msgspec.json.encode(block["input"]).decode() if block["input"] else ""
    pieces = ["", *draw(_cut(made))]
    deltas = [{"type": "input_json_delta", "partial_json": each} for each in pieces]
    return {**block, "input": {}}, deltas


@st.composite
def _cut(draw: st.DrawFn, text: str) -> list[str]:
    pieces = []
    while text:
        size = draw(st.integers(1, len(text)))
        pieces.append(text[:size])
        text = text[size:]
    return pieces
