"""The ids that an answer brings: each place of the table, and what a model may write instead."""

import json
import random
from typing import Any

import pytest

from tollgate_llm.affinity.answer_ids import CHAT, MESSAGES, RESPONSES, AnswerGrammar, AnswerIds

GUESS = "resp_of_another_team"
TEXT = json.dumps({"id": GUESS, "container": {"id": GUESS}, "response": {"id": GUESS}})
CITATION = {
    "type": "container_file_citation",
    "container_id": "cntr_2",
    "file_id": "cfile_1",
    "filename": "a.png",
    "start_index": 0,
    "end_index": 1,
}
OUTPUT: list[dict[str, Any]] = [
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": TEXT}]},
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "code": TEXT,
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": TEXT}],
        "status": "completed",
    },
    {
        "type": "shell_call",
        "id": "sh_1",
        "call_id": "c",
        "action": {"commands": [TEXT]},
        "environment": {"type": "container_reference", "container_id": "cntr_3"},
    },
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": TEXT},
    {"type": "tool_search_call", "id": "ts_1", "arguments": {"container_id": GUESS, "id": GUESS}},
    {"type": "mcp_call", "id": "mcp_1", "name": "f", "output": TEXT, "arguments": TEXT},
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [
            {
                "type": "output_text",
                "text": TEXT,
                "annotations": [
                    CITATION,
                    {"type": "file_path", "file_id": "cfile_2", "index": 0},
                    {"type": "url_citation", "url": f"https://x/{GUESS}", "title": TEXT},
                ],
            }
        ],
    },
]
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "store": True,
    "conversation": {"id": "conv_1"},
    "previous_response_id": "resp_0",
    "metadata": {"id": GUESS, "container_id": GUESS},
    "instructions": TEXT,
    "output": OUTPUT,
    "tools": [{"type": "function", "parameters": {"container_id": GUESS}}],
}
LASTING = {"conv_1", "cntr_1", "cntr_2", "cntr_3", "cfile_1", "cfile_2"}
STORED = {"resp_1", *(item["id"] for item in OUTPUT)}


def whole(grammar: AnswerGrammar, answer: Any, *, stores: bool = True) -> set[str]:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return set(AnswerIds(grammar, stores).in_whole(body))


def events(*each: Any) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in each
    )


def test_a_whole_response() -> None:
    assert whole(RESPONSES, RESPONSE) == LASTING | STORED


def test_what_is_not_stored_is_not_kept_but_for_what_lasts() -> None:
    assert whole(RESPONSES, RESPONSE, stores=False) == LASTING
    assert whole(RESPONSES, RESPONSE | {"store": False}) == LASTING
    assert whole(RESPONSES, RESPONSE | {"store": None}) == LASTING | STORED


def test_a_stream_of_a_response_brings_each_id_once_with_the_first_event_that_has_it() -> None:
    ids = AnswerIds(RESPONSES, stores=True)
    begun = RESPONSE | {"output": [], "status": "in_progress"}
    assert ids.in_events(events({"type": "response.created", "response": begun})) == [
        "resp_1",
        "conv_1",
    ]
    assert ids.in_events(events({"type": "response.in_progress", "response": begun})) == []
    added = {"type": "response.output_item.added", "output_index": 0, "item": OUTPUT[1]}
    assert ids.in_events(events(added)) == ["ci_1", "cntr_1"]
    told = [
        {"type": "response.output_text.delta", "item_id": "msg_1", "delta": TEXT},
        {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "delta": TEXT},
        {"type": "response.function_call_arguments.done", "item_id": "fc_1", "arguments": TEXT},
        {"type": "response.code_interpreter_call_code.done", "item_id": "ci_1", "code": TEXT},
    ]
    assert ids.in_events(events(*told)) == []
    noted = {"type": "response.output_text.annotation.added", "annotation": CITATION}
    assert ids.in_events(events(noted)) == ["cntr_2", "cfile_1"]
    part = {"type": "response.content_part.done", "part": OUTPUT[-1]["content"][0]}
    assert ids.in_events(events(part)) == ["cfile_2"]
    rest = ids.in_events(events({"type": "response.completed", "response": RESPONSE}))
    assert set(rest) == (LASTING | STORED) - {
        "resp_1",
        "conv_1",
        "ci_1",
        "cntr_1",
        "cntr_2",
        "cfile_1",
        "cfile_2",
    }


def test_several_events_in_one_block_and_a_whole_answer_in_a_stream() -> None:
    both = events(
        {"type": "response.created", "response": {"id": "resp_1"}},
        {"type": "response.output_item.added", "item": {"id": "msg_1"}},
    )
    assert AnswerIds(RESPONSES, stores=True).in_events(both) == ["resp_1", "msg_1"]
    late = b'{"id":"resp_1","output":[{"id":"msg_1","content":[{"text":"\\"item\\":"}]}]}'
    assert AnswerIds(RESPONSES, stores=True).in_events(late) == ["resp_1", "msg_1"]


FILES = {
    "type": "bash_code_execution_tool_result",
    "tool_use_id": "t",
    "content": {
        "type": "bash_code_execution_result",
        "stdout": TEXT,
        "content": [{"type": "bash_code_execution_output", "file_id": "file_1"}],
    },
}
TOOL_USE = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "f",
    "input": {"container": {"id": GUESS}, "file_id": GUESS, "content": [{"file_id": GUESS}]},
    "content": {"content": [{"file_id": GUESS}]},
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "container": {"id": "container_1", "expires_at": "2026-11-29T00:00:00Z", "skills": None},
    "content": [
        {"type": "text", "text": TEXT, "citations": [{"file_id": GUESS}]},
        TOOL_USE,
        FILES,
        {"type": "server_tool_use", "id": "srv_1", "input": {"file_id": GUESS}},
        {
            "type": "code_execution_tool_result",
            "content": {"type": "code_execution_result", "content": [{"file_id": "file_2"}]},
        },
        {"type": "container_upload", "file_id": "file_3"},
        {"type": "mcp_tool_result", "content": [{"type": "text", "text": TEXT}]},
    ],
}


def test_a_whole_message() -> None:
    assert whole(MESSAGES, MESSAGE) == {"container_1", "file_1", "file_2", "file_3"}
    assert whole(MESSAGES, MESSAGE | {"container": None, "content": []}) == set()


def test_a_stream_of_a_message() -> None:
    ids = AnswerIds(MESSAGES, stores=True)
    start = MESSAGE | {"content": [], "container": None}
    assert ids.in_events(events({"type": "message_start", "message": start})) == []
    block = {"type": "content_block_start", "index": 0}
    assert ids.in_events(events(block | {"content_block": TOOL_USE})) == []
    assert ids.in_events(events(block | {"content_block": FILES})) == ["file_1"]
    delta = {"type": "input_json_delta", "partial_json": TEXT}
    assert ids.in_events(events({"type": "content_block_delta", "delta": delta})) == []
    ended = {"stop_reason": "end_turn", "container": {"id": "container_1"}}
    assert ids.in_events(events({"type": "message_delta", "delta": ended})) == ["container_1"]


def test_speech_in_chat_completions() -> None:
    message = {"role": "assistant", "content": TEXT, "audio": {"id": "audio_1", "data": "AA"}}
    choices = [{"index": 0, "message": message}]
    assert whole(CHAT, {"id": "chatcmpl_1", "choices": choices}) == {"audio_1"}
    ids = AnswerIds(CHAT, stores=True)
    chunk = {"id": "chatcmpl_1", "choices": [{"index": 0, "delta": {"audio": {"id": "audio_2"}}}]}
    block = b"data: " + json.dumps(chunk).encode() + b"\n\n"
    assert ids.in_events(block) == ["audio_2"]
    assert ids.in_events(block + b"data: [DONE]\n\n") == []


@pytest.mark.parametrize("grammar", [RESPONSES, MESSAGES, CHAT])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"resp_1"',
        b"[]",
        b'["resp_1"]',
        b"{",
        b"\xff\xfe",
        b"{}",
        b'{"id":5,"conversation":"conv_1","container":"c","output":{},"content":"x","choices":5}',
        b'{"id":null,"output":[5,null,"x",[],{"id":{},"content":[{"annotations":{}}]}]}',
        b'{"content":[{"type":["container_upload"],"file_id":"f"},{"type":{}}],"container":[]}',
        b'{"choices":[{"message":"x","delta":[]},{"message":{"audio":"a"}},5]}',
        b'{"output":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_an_answer_of_another_shape_brings_nothing(grammar: AnswerGrammar, body: bytes) -> None:
    assert whole(grammar, body) == set()
    data = b'data: {"response":%s,"item":%s,"message":%s}\n\n' % (body, body, body)
    assert AnswerIds(grammar, stores=True).in_events(data) == []


def test_what_is_odd_hides_nothing_beside_it() -> None:
    items = [{"id": "a", "content": 5}, 5, {"id": 7, "container_id": "cntr_1"}]
    assert whole(RESPONSES, RESPONSE | {"output": items, "conversation": "conv_1"}) == {
        "resp_1",
        "a",
        "cntr_1",
    }


def test_no_mutation_of_an_answer_makes_a_guess_of_the_models_an_id() -> None:
    """Members change places and types; what a model wrote stays inside what it wrote."""
    chance = random.Random(11)
    for grammar, answer in ((RESPONSES, RESPONSE), (MESSAGES, MESSAGE)):
        for _ in range(2000):
            assert GUESS not in whole(grammar, mutated(answer, chance))


def mutated(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.03:
        return chance.choice([None, 5, "x", [], {}, [{}], True])
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: mutated(value[name], chance) for name in names}
    if isinstance(value, list):
        return [mutated(each, chance) for each in value for _ in range(chance.choice([0, 1, 1, 2]))]
    return value
