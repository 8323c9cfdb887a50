from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.llm.dialects.responses_to_chat_cases import Json, answers, chunkings
from tests.llm.dialects.responses_to_chat_streaming import (
    ASKED,
    accumulated,
    chunk,
    kinds,
    streamed,
)
from tollgate_llm.dialects.responses_to_chat import TRANSLATION

BOTH = answers().flatmap(lambda answer: st.tuples(st.just(answer), chunkings(answer)))


def without_times(response: Json) -> Json:
    return {name: value for name, value in response.items() if name != "completed_at"}


@settings(max_examples=150, deadline=None)
@given(BOTH)
def test_a_stream_in_any_pieces_ends_as_the_whole(both: tuple[Json, list[Json]]) -> None:
    answer, chunks = both
    events = streamed(*chunks)
    whole = TRANSLATION.answer(ASKED, answer)
    assert without_times(events[-1]["response"]) == without_times(whole)
    assert kinds(events)[:2] == ["created", "in_progress"]
    assert kinds(events)[-1] == whole["status"]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert sorted(done, key=lambda item: int(item["id"].rsplit("_")[-1])) == whole["output"]


@settings(max_examples=60, deadline=None)
@given(BOTH)
def test_the_sdk_accumulates_the_whole(both: tuple[Json, list[Json]]) -> None:
    answer, chunks = both
    whole = TRANSLATION.answer(ASKED, answer)
    if whole["status"] == "incomplete":
        # The helper has a final response only of what is completed.
        answer["choices"][0]["finish_reason"] = chunks[-2]["choices"][0]["finish_reason"] = "stop"
        whole = TRANSLATION.answer(ASKED, answer)
    _, final = accumulated(streamed(*chunks))
    got = final.to_dict()
    for name in ("id", "model", "status", "usage"):
        assert got[name] == whole[name]
    assert [_unparsed(item) for item in got["output"]] == whole["output"]


def _unparsed(item: Json) -> Json:
    """Without what the SDK adds."""
    kept = {name: value for name, value in item.items() if name != "parsed_arguments"}
    if "content" in kept:
        kept["content"] = [
            {name: value for name, value in part.items() if name != "parsed"}
            for part in kept["content"]
        ]
    return kept


@settings(max_examples=100, deadline=None)
@given(BOTH)
def test_deltas_add_up_to_what_is_done(both: tuple[Json, list[Json]]) -> None:
    said: dict[tuple[str, int], str] = {}
    for event in streamed(*both[1]):
        kind, _, step = event["type"].rpartition(".")
        place = (event.get("item_id", ""), event.get("content_index", 0))
        if step == "delta":
            said[place] = said.get(place, "") + event["delta"]
        elif step == "done" and not kind.endswith(("part", "item")):
            name = kind.rpartition("_")[2].removeprefix("response.")
            assert event[name] == said.pop(place, "")
    assert said == {}


def test_a_text_has_every_event_in_order() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    last = {**chunk({}), "choices": [], "usage": usage}
    events = streamed(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo."}),
        chunk({}, "stop"),
        last,
    )
    assert kinds(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    opening, closing = events[0]["response"], events[-1]["response"]
    assert (opening["status"], opening["output"], opening["usage"]) == ("in_progress", [], None)
    assert (opening["id"], closing["id"], closing["model"]) == ("resp_7f", "resp_7f", "small")
    assert closing["usage"]["total_tokens"] == 5


def test_pieces_go_out_as_they_come_in() -> None:
    stream = TRANSLATION.stream(ASKED)
    assert kinds(stream.feed(chunk({"role": "assistant"}))) == ["created", "in_progress"]
    assert kinds(stream.feed(chunk({"reasoning_content": "H"})))[-1:] == [
        "reasoning_summary_text.delta"
    ]
    assert kinds(stream.feed(chunk({"content": "A"}))) == [
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
    ]
    call = {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": "{"}}
    assert kinds(stream.feed(chunk({"tool_calls": [call]}))) == [
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
    ]
    more = {"index": 0, "function": {"arguments": "}"}}
    assert kinds(stream.feed(chunk({"tool_calls": [more]}))) == ["function_call_arguments.delta"]
    assert kinds(stream.feed(chunk({}, "tool_calls"))) == []
    assert kinds(stream.finish()) == [
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]


def test_parallel_calls_keep_their_own_arguments() -> None:
    def piece(index: int, arguments: str, **begin: Any) -> Json:
        function = {"arguments": arguments, **begin.pop("function", {})}
        return chunk({"tool_calls": [{"index": index, "function": function, **begin}]})

    events = streamed(
        piece(0, "", id="call_a", function={"name": "look"}),
        piece(1, "[", id="call_b", function={"name": "hear"}),
        piece(0, "{}"),
        piece(1, "]"),
        chunk({}, "tool_calls"),
    )
    deltas = [
        (event["output_index"], event["delta"]) for event in events if event["type"].endswith("ta")
    ]
    assert deltas == [(1, "["), (0, "{}"), (1, "]")]
    output = events[-1]["response"]["output"]
    assert [(item["call_id"], item["arguments"]) for item in output] == [
        ("call_a", "{}"),
        ("call_b", "[]"),
    ]


def test_thinking_between_texts_is_an_item_of_its_own() -> None:
    events = streamed(
        chunk({"reasoning": "1"}),
        chunk({"content": "2"}),
        chunk({"reasoning": "3"}),
        chunk({"content": "4"}),
    )
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "message"] * 2
    assert [item["id"] for item in output] == ["rs_7f_0", "msg_7f_1", "rs_7f_2", "msg_7f_3"]


def test_a_custom_call_is_read_when_it_is_whole() -> None:
    function = {"name": "run", "arguments": '{"inp'}
    tools = [{"type": "custom", "name": "run"}]
    events = streamed(
        chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": function}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": 'ut":"ls"}'}}]}),
        tools=tools,
    )
    assert kinds(events)[2:] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
        "completed",
    ]
    assert events[-1]["response"]["output"][0]["input"] == "ls"
    _, final = accumulated(events)
    assert final.output[0].input == "ls"


def test_a_cut_off_stream_is_incomplete() -> None:
    events = streamed(chunk({"content": "Hel"}), chunk({}, "length"))
    assert kinds(events)[-1] == "incomplete"
    response = events[-1]["response"]
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["output"][0]["status"] == "incomplete"
    seen, _ = accumulated([*events[:-1], {**events[-1], "type": "response.completed"}])
    assert seen[-1].response.output_text == "Hel"


def test_a_schema_is_parsed_by_the_sdk() -> None:
    class Person(BaseModel):
        name: str

    events = streamed(chunk({"content": '{"name":'}), chunk({"content": '"Ada"}'}))
    _, final = accumulated(events, text_format=Person)
    assert final.output_parsed == Person(name="Ada")


def test_logprobs_come_with_their_text() -> None:
    tokens = [{"token": "Hi", "bytes": [72, 105], "logprob": -0.5, "top_logprobs": []}]
    events = streamed(chunk({"content": "Hi"}, logprobs={"content": tokens}))
    assert [event["logprobs"] for event in events if "logprobs" in event] == [tokens, tokens]
    assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == tokens


def test_citations_are_told_as_they_come() -> None:
    cited = {"start_index": 0, "end_index": 2, "title": "t", "url": "https://a.org"}
    annotations = [{"type": "url_citation", "url_citation": cited}]
    events = streamed(chunk({"content": "Hi"}), chunk({"annotations": annotations}))
    [added] = [event for event in events if event["type"].endswith("annotation.added")]
    assert added["annotation"] == {"type": "url_citation", **cited}
    [item] = events[-1]["response"]["output"]
    assert item["content"][0]["annotations"] == [added["annotation"]]
