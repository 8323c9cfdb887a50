"""Generated conversations and answers, for the translation of responses to chat completions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.sampled_from(["search", "look_up", "write"])
ARGUMENTS = st.sampled_from(["{}", '{"q":"x"}', '{"q":"a \\"quoted\\" word","n":[1,2]}'])
PARTS = st.one_of(
    st.builds(lambda text: {"type": "input_text", "text": text}, WORDS),
    st.sampled_from(["https://example.org/cat.png", PNG]).map(
        lambda url: {"type": "input_image", "image_url": url, "detail": "auto"}
    ),
    st.just({"type": "input_file", "filename": "a.pdf", "file_data": PDF}),
)
CONTENTS = WORDS | st.lists(PARTS, min_size=1, max_size=3)


def _spoken(role: str, content: Any) -> Json:
    return {"role": role, "content": content}


def _said(text: str) -> Json:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    said = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return {**said, "content": content}


def _thought(text: str) -> Json:
    return {
        "type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": text}],
    }  # fmt: skip


@st.composite
def turns(draw: st.DrawFn, number: int) -> list[Json]:
    """The assistant reasons, speaks and calls; then come the results, in whatever order."""
    items = [_thought(draw(WORDS))] if draw(st.booleans()) else []
    items += [_said(draw(WORDS)) for _ in range(draw(st.integers(0, 1)))]
    ids = [f"call_{number}_{at}" for at in range(draw(st.integers(0, 3)))]
    for call_id in ids:
        call = {"type": "function_call", "call_id": call_id, "name": draw(NAMES)}
        items.append({**call, "arguments": draw(ARGUMENTS)})
    for call_id in draw(st.permutations(ids)):
        output = {"type": "function_call_output", "call_id": call_id, "output": draw(CONTENTS)}
        items.append(output)
    return items


@st.composite
def conversations(draw: st.DrawFn) -> Json:
    """A request whose input ends with the user."""
    items: list[Json] = []
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["user", "developer", "assistant"]))
        if kind == "assistant":
            items += draw(turns(number))
        else:
            items.append(_spoken(kind, draw(CONTENTS if kind == "user" else WORDS)))
    items.append(_spoken("user", draw(CONTENTS)))
    asked: Json = {"model": "small", "input": items}
    if draw(st.booleans()):
        asked["instructions"] = draw(WORDS)
    return asked


COUNTS = st.integers(0, 10**6)
USAGES = st.builds(
    lambda read, wrote, cached, reasoned: {
        "prompt_tokens": read + cached,
        "completion_tokens": wrote + reasoned,
        "total_tokens": read + cached + wrote + reasoned,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": reasoned},
    },
    COUNTS, COUNTS, COUNTS, COUNTS,
)  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> Json:
    """An assistant's message, of every combination of reasoning, text, refusal and calls."""
    message: Json = {"role": "assistant", "content": draw(st.none() | WORDS)}
    if draw(st.booleans()):
        message[draw(st.sampled_from(["reasoning_content", "reasoning"]))] = draw(WORDS)
    if draw(st.booleans()):
        message["refusal"] = draw(WORDS)
    calls = [
        {
            "id": f"call_{at}",
            "type": "function",
            "function": {"name": draw(NAMES), "arguments": draw(ARGUMENTS)},
        }
        for at in range(draw(st.integers(0, 3)))
    ]
    return {**message, "tool_calls": calls} if calls else message


@st.composite
def answers(draw: st.DrawFn) -> Json:
    message = draw(messages())
    ended = "tool_calls" if message.get("tool_calls") else "stop"
    reason = draw(st.sampled_from([ended, "length", "content_filter"]))
    return {
        "id": "chatcmpl-7f",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "qwen3",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": draw(USAGES),
    }


@st.composite
def chunkings(draw: st.DrawFn, answer: Json) -> list[Json]:
    """The same answer as a stream, in pieces of any size."""
    [choice] = answer["choices"]
    deltas = [{"role": "assistant", "content": ""}, *draw(_deltas(choice["message"]))]
    chunks = [_chunk(answer, delta) for delta in deltas]
    chunks.append(_chunk(answer, {}, choice["finish_reason"]))
    chunks.append({**_chunk(answer, {}), "choices": [], "usage": answer["usage"]})
    return chunks


def _chunk(answer: Json, delta: Json, reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {
        **{name: answer[name] for name in ("id", "created", "model")},
        "object": "chat.completion.chunk",
        "choices": [choice],
        "usage": None,
    }


@st.composite
def _deltas(draw: st.DrawFn, message: Json) -> list[Json]:
    deltas: list[Json] = []
    for name in ("reasoning_content", "reasoning", "content", "refusal"):
        deltas += [{name: piece} for piece in draw(_pieces(message.get(name) or ""))]
    calls = message.get("tool_calls", [])
    for index, call in enumerate(calls):
        function = {"name": call["function"]["name"], "arguments": ""}
        deltas.append({"tool_calls": [{**call, "index": index, "function": function}]})
    # The arguments of parallel calls may come mixed.
    rest = [
        {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
        for index, call in enumerate(calls)
        for piece in draw(_pieces(call["function"]["arguments"]))
    ]
    return deltas + _mixed(rest, draw(st.integers(1, 3)))


def _mixed(deltas: list[Json], stride: int) -> list[Json]:
    """Each call's own pieces stay in order."""
    by_call: dict[int, list[Json]] = {}
    for delta in deltas:
        by_call.setdefault(delta["tool_calls"][0]["index"], []).append(delta)
    mixed: list[Json] = []
    while any(by_call.values()):
        for queue in by_call.values():
            mixed += queue[:stride]
            del queue[:stride]
    return mixed


@st.composite
def _pieces(draw: st.DrawFn, text: str) -> list[str]:
    pieces = []
    while text:
        size = draw(st.integers(1, len(text)))
        pieces.append(text[:size])
        text = text[size:]
    return pieces
