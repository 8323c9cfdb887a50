"""What servers of chat completions say in other shapes than OpenAI, to callers of messages and of
responses, whole and streamed."""

import json
from typing import Any, NamedTuple

import pytest

from tollgate_llm.dialects.messages_to_chat import TRANSLATION as TO_MESSAGES
from tollgate_llm.dialects.responses_to_chat import TRANSLATION as TO_RESPONSES
from tollgate_llm.dialects.translation import Wanted

Json = dict[str, Any]
MESSAGES: Json = {"model": "m", "max_tokens": 9, "messages": []}
RESPONSES: Json = {"model": "m", "input": []}


class Told(NamedTuple):
    """An answer as the caller reads it, in whichever dialect."""

    thought: str
    text: str
    calls: list[tuple[str, Any]]
    ending: str


def completion(message: Json, reason: str = "stop") -> Json:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {"id": "c1", "object": "chat.completion", "created": 1, "choices": [choice]}


def chunks(*deltas: Json, reason: str = "stop") -> list[Json]:
    said: list[Json] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    said.append({"index": 0, "delta": {}, "finish_reason": reason})
    return [{"id": "c1", "created": 1, "choices": [choice]} for choice in said]


def of_message(message: Json) -> Told:
    blocks = message["content"]
    return Told(
        "".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"],
        str(message["stop_reason"]),
    )


def of_message_events(events: list[Json]) -> Told:
    blocks: list[Json] = []
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append({**event["content_block"], "arguments": ""})
        if event["type"] == "content_block_delta":
            delta, block = event["delta"], blocks[event["index"]]
            for name in ("text", "thinking"):
                block[name] = block.get(name, "") + delta.get(name, "")
            block["arguments"] += delta.get("partial_json", "")
    for block in blocks:
        if block["type"] == "tool_use":
            block["input"] = json.loads(block["arguments"] or "{}")
    reason = next(event["delta"] for event in events if event["type"] == "message_delta")
    return of_message({"content": blocks, **reason})


def of_response(response: Json) -> Told:
    output = response["output"]
    details = response["incomplete_details"] or {}
    return Told(
        "".join(s["text"] for item in output for s in item.get("summary", ())),
        "".join(part["text"] for item in output for part in item.get("content", ())),
        [
            (item["name"], json.loads(item["arguments"] or "{}"))
            for item in output
            if item["type"] == "function_call"
        ],
        str(details.get("reason", response["status"])),
    )


def streamed(translation: Any, request_body: Json, sent: list[Json]) -> list[Json]:
    stream = translation.stream(request_body)
    return [*(event for each in sent for event in stream.feed(each)), *stream.finish()]


def told(deltas: list[Json], reason: str = "stop") -> list[Told]:
    """What callers of both dialects are told of a stream."""
    sent = chunks(*deltas, reason=reason)
    responses = streamed(TO_RESPONSES, RESPONSES, sent)
    return [
        of_message_events(streamed(TO_MESSAGES, MESSAGES, sent)),
        of_response(responses[-1]["response"]),
    ]


def told_whole(message: Json, reason: str = "stop") -> list[Told]:
    answered = completion(message, reason)
    return [
        of_message(TO_MESSAGES.answer(MESSAGES, answered)),
        of_response(TO_RESPONSES.answer(RESPONSES, answered)),
    ]


def call(name: str = "", arguments: Any = None, call_id: str | None = None, at: int = 0) -> Json:
    function = {"name": name} if name else {}
    function |= {} if arguments is None else {"arguments": arguments}
    return {"index": at, "function": function} | ({} if call_id is None else {"id": call_id})


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm. "}]}
TEXT = {"type": "text", "text": "Hello"}
CONTENTS: list[tuple[Any, str, str]] = [
    ([THOUGHT, TEXT], "Hm. ", "Hello"),
    ([TEXT, TEXT], "", "HelloHello"),
    ([THOUGHT], "Hm. ", ""),
    (["Hello", TEXT], "", "HelloHello"),
    ([{"type": "thinking", "thinking": "Hm. "}, TEXT], "Hm. ", "Hello"),
    ([{"type": "reasoning", "summary": [{"text": "Hm. "}]}, TEXT], "Hm. ", "Hello"),
    ([{"type": "reference", "reference_ids": [1]}, TEXT], "", "Hello"),
    ([None, 3, TEXT, {"type": "text", "text": None}], "", "Hello"),
    ([], "", ""),
]


@pytest.mark.parametrize(("content", "thought", "text"), CONTENTS)
def test_content_in_parts_is_thinking_and_text(content: Any, thought: str, text: str) -> None:
    message = {"role": "assistant", "content": content}
    for each in (*told_whole(message), *told([message])):
        assert (each.thought, each.text) == (thought, text)


def test_content_in_parts_comes_in_deltas() -> None:
    deltas: list[Json] = [
        {"content": [THOUGHT]},
        {"content": [THOUGHT]},
        {"content": [TEXT]},
        {"content": "!"},
    ]
    for each in told(deltas):
        assert (each.thought, each.text) == ("Hm. Hm. ", "Hello!")


@pytest.mark.parametrize("arguments", [{"at": "x"}, {}, {"deep": [{"n": 1}, None]}])
def test_arguments_that_are_an_object_are_its_members(arguments: Json) -> None:
    message = {"tool_calls": [call("look", arguments, "call_1")]}
    for each in (*told_whole(message, "tool_calls"), *told([message], "tool_calls")):
        assert each.calls == [("look", arguments)]


CALLS: list[tuple[str, list[Json], list[tuple[str, Json]]]] = [
    (
        "two whole calls of one index without ids",
        [call("look", '{"at":1}', ""), call("look", '{"at":2}', "")],
        [("look", {"at": 1}), ("look", {"at": 2})],
    ),
    (
        "two whole calls of one index that leave out the id",
        [call("look", '{"at":1}'), call("take", '{"what":2}')],
        [("look", {"at": 1}), ("take", {"what": 2})],
    ),
    (
        "three whole calls of one index, arguments as objects",
        [call("look", {"at": 1}), call("look", {"at": 1}), call("go", {})],
        [("look", {"at": 1}), ("look", {"at": 1}), ("go", {})],
    ),
    (
        "two calls of one index and two ids",
        [call("look", '{"at":', "a"), call("", "1}"), call("take", "{}", "b")],
        [("look", {"at": 1}), ("take", {})],
    ),
    (
        "a name in two pieces",
        [call("get_", None, "a"), call("weather"), call("", '{"at":1}')],
        [("get_weather", {"at": 1})],
    ),
    (
        "a name in three pieces, the last with arguments",
        [call("get", None, "a"), call("_wea"), call("ther", '{"at":1}')],
        [("get_weather", {"at": 1})],
    ),
    (
        "a name that is told with every piece",
        [call("look", '{"at"', "a"), call("look", ":1", "a"), call("look", "}", "a")],
        [("look", {"at": 1})],
    ),
    (
        "a name that is told again when all is said",
        [call("look", '{"at":1}', ""), call("look", "", "")],
        [("look", {"at": 1})],
    ),
    (
        "a name after the arguments",
        [call("", '{"at":', "a"), call("look", "1}")],
        [("look", {"at": 1})],
    ),
    ("a call without arguments", [call("look", None, "a")], [("look", {})]),
    (
        "a call with empty arguments",
        [call("look", "", "a"), call("take", "", "b", 1)],
        [("look", {}), ("take", {})],
    ),
    (
        "pieces of two calls in turns",
        [call("a", '{"n":', "1"), call("b", '{"n":', "2", 1), call("", "1}"), call("", "2}", at=1)],
        [("a", {"n": 1}), ("b", {"n": 2})],
    ),
]


@pytest.mark.parametrize(("pieces", "calls"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS])
def test_calls_are_told_apart_and_whole(pieces: list[Json], calls: list[tuple[str, Json]]) -> None:
    for each in told([{"tool_calls": [piece]} for piece in pieces], "tool_calls"):
        assert each.calls == calls


def test_a_call_comes_before_what_is_said_after_it() -> None:
    deltas: list[Json] = [{"tool_calls": [call("look", None, "a")]}, {"content": "Done."}]
    events = streamed(TO_MESSAGES, MESSAGES, chunks(*deltas))
    kinds = [e["content_block"]["type"] for e in events if e["type"] == "content_block_start"]
    assert kinds == ["tool_use", "text"]
    response = streamed(TO_RESPONSES, RESPONSES, chunks(*deltas))[-1]["response"]
    assert [item["type"] for item in response["output"]] == ["function_call", "message"]


@pytest.mark.parametrize(
    ("reason", "endings"),
    [
        ("length", ["max_tokens", "max_output_tokens"]),
        ("model_length", ["max_tokens", "max_output_tokens"]),
        ("max_tokens", ["max_tokens", "max_output_tokens"]),
        ("content_filter", ["refusal", "content_filter"]),
        ("stop", ["end_turn", "completed"]),
        ("eos_token", ["end_turn", "completed"]),
    ],
)
def test_a_cap_is_a_cap_by_any_name(reason: str, endings: list[str]) -> None:
    for answers in (told_whole({"content": "hi"}, reason), told([{"content": "hi"}], reason)):
        assert [each.ending for each in answers] == endings


LONG = "mcp__a_server_with_a_long_name__a_tool_with_an_even_longer_name_for_what_it_does"


def test_a_name_that_was_shortened_comes_back_whole() -> None:
    request_body = {**MESSAGES, "tools": [{"name": LONG, "input_schema": {"type": "object"}}]}
    body = TO_MESSAGES.request(request_body, Wanted("m", 9)).body
    name = body["tools"][0]["function"]["name"]
    assert len(name) <= 64
    whole = TO_MESSAGES.answer(request_body, completion({"tool_calls": [call(name, "{}", "a")]}))
    assert of_message(whole).calls == [(LONG, {})]
    pieces = [{"tool_calls": [call(part, None, "a")]} for part in (name[:9], name[9:])]
    assert of_message_events(streamed(TO_MESSAGES, request_body, chunks(*pieces))).calls == [
        (LONG, {})
    ]


@pytest.mark.parametrize("kind", ["function", "custom"])
def test_a_tool_of_a_namespace_is_found_again(kind: str) -> None:
    tool: Json = {"type": kind, "name": "find"} | ({"parameters": {}} if kind == "function" else {})
    space = {"type": "namespace", "name": "crm", "description": "Customers.", "tools": [tool]}
    request_body = {**RESPONSES, "tools": [space]}
    (made,) = TO_RESPONSES.request({**request_body, "input": "hi"}, Wanted("m", 9)).body["tools"]
    name = made["function"]["name"]
    message = {"tool_calls": [call(name, '{"input":"x"}', "a")]}
    whole = TO_RESPONSES.answer(request_body, completion(message))["output"]
    last = streamed(TO_RESPONSES, request_body, chunks(message))[-1]["response"]["output"]
    for (item,) in (whole, last):
        assert (item["name"], item["namespace"], item["call_id"]) == ("find", "crm", "a")
        assert item["type"] == ("function_call" if kind == "function" else "custom_tool_call")
