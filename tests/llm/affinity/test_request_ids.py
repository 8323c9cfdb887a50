"""The ids in a request: every field of the table, shapes from the vendors' references, attacks."""

import json
from typing import Any

import pytest

from tollgate_common.errors import BadRequest
from tollgate_llm.affinity.models import ProviderId
from tollgate_llm.affinity.request_fields import BY_PATH, IdField
from tollgate_llm.affinity.request_ids import ids_in

CHAT, RESPONSES, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/messages"
ID = "id_of_somebody"
NOTHING: list[Any] = [None, "", 5, True, {}, []]


def read(path: str, body: Any) -> dict[str, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {each.field: each.value for each in ids_in(path, raw)}


def said(*parts: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": list(parts)}


def at(path: str, value: Any) -> Any:
    """Return a request with a value at a path of the table; `**` is a list in an object there."""
    first, _, rest = path.partition(".")
    if not first:
        return value
    inner = at(rest, value)
    if first == "**":
        return {"deep": [inner]}
    return [inner] if first == "*" else {first: inner}


@pytest.mark.parametrize(
    ("path", "field"),
    [(path, field) for path, route in BY_PATH.items() for field in route.fields],
    ids=lambda each: each.path if isinstance(each, IdField) else each,
)
def test_every_field_of_the_table_is_read(path: str, field: IdField) -> None:
    where = field.path.replace("**", "deep.0").replace("*", "0")
    assert read(path, at(field.path, ID)) == {where: ID}
    assert read(path, at(field.path, [ID, "other", 5, None, ""])) == {
        f"{where}.0": ID,
        f"{where}.1": "other",
    }
    assert all(read(path, at(field.path, nothing)) == {} for nothing in NOTHING)
    assert field.reference.startswith("https://")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"conversation": {"id": "conv_1"}}, {"conversation.id": "conv_1"}),
        (
            {"input": [said({"type": "input_file", "file_id": "file-1"})]},
            {"input.0.content.0.file_id": "file-1"},
        ),
        (
            {
                "input": [
                    {
                        "type": "function_call_output",
                        "call_id": "c",
                        "output": [{"type": "input_image", "file_id": "file-1"}],
                    }
                ]
            },
            {"input.0.output.0.file_id": "file-1"},
        ),
        (
            {
                "input": [
                    {
                        "type": "computer_call_output",
                        "call_id": "c",
                        "output": {"type": "computer_screenshot", "file_id": "file-1"},
                    }
                ]
            },
            {"input.0.output.file_id": "file-1"},
        ),
        (
            {
                "input": [
                    {
                        "type": "code_interpreter_call",
                        "id": "ci_1",
                        "code": "1",
                        "container_id": "cntr_1",
                        "status": "completed",
                        "outputs": [],
                    }
                ]
            },
            {"input.0.container_id": "cntr_1"},
        ),
        (
            {
                "input": [
                    {
                        "type": "shell_call",
                        "call_id": "c",
                        "action": {"commands": []},
                        "environment": {"type": "container_reference", "container_id": "cn"},
                    }
                ]
            },
            {"input.0.environment.container_id": "cn"},
        ),
        (
            {
                "input": [
                    {
                        "type": "additional_tools",
                        "role": "developer",
                        "tools": [{"type": "code_interpreter", "container": "cntr_1"}],
                    }
                ]
            },
            {"input.0.tools.0.container": "cntr_1"},
        ),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, {"input.0.id": "msg_1"}),
        ({"input": [{"id": "msg_1"}]}, {"input.0.id": "msg_1"}),
        ({"input": [{"id": "msg_1", "type": None}]}, {"input.0.id": "msg_1"}),
        ({"input": [{"type": "image_generation_call", "id": "ig_1"}]}, {"input.0.id": "ig_1"}),
        ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, {"input.0.id": "rs_1"}),
        (
            {"tools": [{"type": "code_interpreter", "container": "cntr_1"}]},
            {"tools.0.container": "cntr_1"},
        ),
        (
            {
                "tools": [
                    {
                        "type": "code_interpreter",
                        "container": {"type": "auto", "file_ids": ["file-1", "file-2"]},
                    }
                ]
            },
            {"tools.0.container.file_ids.0": "file-1", "tools.0.container.file_ids.1": "file-2"},
        ),
        (
            {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
            {"tools.0.vector_store_ids.0": "vs_1"},
        ),
        (
            {
                "tools": [
                    {
                        "type": "shell",
                        "environment": {"type": "container_reference", "container_id": "cntr_1"},
                    }
                ]
            },
            {"tools.0.environment.container_id": "cntr_1"},
        ),
        (
            {"tools": [{"type": "image_generation", "input_image_mask": {"file_id": "file-1"}}]},
            {"tools.0.input_image_mask.file_id": "file-1"},
        ),
        (
            {
                "prompt": {
                    "id": "pmpt_1",
                    "variables": {
                        "paper": {"type": "input_file", "file_id": "file-1"},
                        "name": "x",
                    },
                }
            },
            {"prompt.variables.paper.file_id": "file-1"},
        ),
    ],
)
def test_what_responses_take(body: dict[str, Any], found: dict[str, str]) -> None:
    assert read(RESPONSES, {"model": "m", **body}) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"container": "container_1"}, {"container": "container_1"}),
        (
            {"container": {"id": "container_1", "skills": [{"skill_id": "pptx"}]}},
            {"container.id": "container_1"},
        ),
        (
            {"messages": [said({"type": "document", "source": {"type": "file", "file_id": "f"}})]},
            {"messages.0.content.0.source.file_id": "f"},
        ),
        (
            {"messages": [said({"type": "container_upload", "file_id": "f"})]},
            {"messages.0.content.0.file_id": "f"},
        ),
        (
            {
                "messages": [
                    said(
                        {
                            "type": "tool_result",
                            "tool_use_id": "t",
                            "content": [
                                {"type": "image", "source": {"type": "file", "file_id": "f"}}
                            ],
                        }
                    )
                ]
            },
            {"messages.0.content.0.content.0.source.file_id": "f"},
        ),
        (
            {
                "messages": [
                    said(
                        {
                            "type": "code_execution_tool_result",
                            "content": {
                                "type": "code_execution_result",
                                "content": [{"type": "code_execution_output", "file_id": "f"}],
                            },
                        },
                        role="assistant",
                    )
                ]
            },
            {"messages.0.content.0.content.content.0.file_id": "f"},
        ),
    ],
)
def test_what_messages_take(body: dict[str, Any], found: dict[str, str]) -> None:
    for path in (MESSAGES, f"{MESSAGES}/count_tokens"):
        assert read(path, {"model": "m", **body}) == found


def test_what_chat_completions_take() -> None:
    messages = [
        said({"type": "file", "file": {"file_id": "file-1"}}),
        {"role": "assistant", "audio": {"id": "audio_1"}},
    ]
    assert read(CHAT, {"model": "m", "messages": messages}) == {
        "messages.0.content.0.file.file_id": "file-1",
        "messages.1.audio.id": "audio_1",
    }


SCHEMA = {
    "type": "object",
    "properties": {"file_id": {"type": "string"}},
    "default": {"file_id": ID},
}
TEXT = json.dumps({"previous_response_id": ID, "file_id": ID, "container": ID})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (RESPONSES, {"input": TEXT}),
        (RESPONSES, {"input": [said({"type": "input_text", "text": TEXT})]}),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "function_call",
                        "id": "fc_1",
                        "call_id": "c",
                        "name": "f",
                        "arguments": TEXT,
                    }
                ]
            },
        ),
        (RESPONSES, {"input": [{"type": "function_call_output", "call_id": "c", "output": TEXT}]}),
        (RESPONSES, {"input": [{"type": "tool_search_call", "arguments": {"file_id": ID}}]}),
        (
            RESPONSES,
            {"input": [{"type": "mcp_list_tools", "id": "m", "tools": [{"input_schema": SCHEMA}]}]},
        ),
        (RESPONSES, {"tools": [{"type": "function", "name": "f", "parameters": SCHEMA}]}),
        (RESPONSES, {"tools": [{"type": "mcp", "headers": {"container": ID}}]}),
        (RESPONSES, {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
        (RESPONSES, {"metadata": {"file_id": ID, "previous_response_id": ID}}),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "message",
                        "id": "msg_1",
                        "role": "assistant",
                        "content": [
                            {
                                "type": "output_text",
                                "text": TEXT,
                                "annotations": [
                                    {
                                        "type": "container_file_citation",
                                        "container_id": ID,
                                        "file_id": ID,
                                    }
                                ],
                            }
                        ],
                    }
                ]
            },
        ),
        (RESPONSES, {"input": [{"role": "user", "id": "msg_1", "content": "hi"}]}),
        (RESPONSES, {"input": [{"type": "reasoning", "id": "rs_1", "encrypted_content": "x"}]}),
        (
            RESPONSES,
            {
                "input": [
                    {
                        "type": "reasoning",
                        "id": "rs_1",
                        "content": [{"type": "reasoning_text", "text": "hm"}],
                    }
                ]
            },
        ),
        (RESPONSES, {"input": [{"type": "image_generation_call", "id": "ig", "result": "a"}]}),
        (RESPONSES, {"previous_response_id": None, "conversation": None, "tools": None}),
        (RESPONSES, {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}),
        (RESPONSES, {"input": [5, None, "id", ["id"], {"type": ["x"], "id": ID}]}),
        (CHAT, {"messages": [said({"type": "text", "text": TEXT})]}),
        (CHAT, {"messages": [], "tools": [{"function": {"parameters": SCHEMA}}]}),
        (CHAT, {"messages": [], "audio": {"voice": "alloy"}, "previous_response_id": ID}),
        (
            MESSAGES,
            {
                "messages": [
                    said(
                        {
                            "type": "tool_use",
                            "id": "t",
                            "name": "n",
                            "input": {"file_id": ID, "deep": [{"file_id": ID}]},
                        }
                    )
                ]
            },
        ),
        (
            MESSAGES,
            {
                "messages": [
                    said(
                        {
                            "type": "text",
                            "text": TEXT,
                            "citations": [{"type": "char_location", "file_id": ID}],
                        }
                    )
                ]
            },
        ),
        (MESSAGES, {"messages": [], "tools": [{"name": "n", "input_schema": SCHEMA}]}),
        (MESSAGES, {"messages": [], "container": None}),
        ("/v1/embeddings", {"input": "x", "previous_response_id": ID}),
        (RESPONSES, [{"previous_response_id": ID}]),
    ],
)
def test_what_is_written_is_no_id(path: str, body: Any) -> None:
    assert read(path, body) == {}


def test_only_thoughts_are_hints() -> None:
    items = [{"type": "reasoning", "id": "rs_1"}, {"type": "item_reference", "id": "msg_1"}]
    assert set(ids_in(RESPONSES, json.dumps({"input": items}).encode())) == {
        ProviderId("input.0.id", "rs_1", is_hint=True),
        ProviderId("input.1.id", "msg_1"),
    }


@pytest.mark.parametrize(
    "name",
    [
        r"previous\u005fresponse_id",
        r"previous\u005Fresponse_id",
        r"\u0070revious_response_id",
        r"previou\u0073_response_id",
        "".join(f"\\u{ord(letter):04x}" for letter in "previous_response_id"),
    ],
)
def test_a_name_that_is_spelt_with_escapes_is_the_name(name: str) -> None:
    body = b'{"model":"m","input":"x","%s":"resp_1"}' % name.encode()
    assert read(RESPONSES, body) == {"previous_response_id": "resp_1"}


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ")
def test_every_letter_can_be_escaped(letter: str) -> None:
    name = "file_id".replace(letter, f"\\u{ord(letter):04X}")
    body = b'{"messages":[{"content":[{"file":{"%s":"file-1"}}], "\\u%04x":1}]}' % (
        name.encode(),
        ord(letter),
    )
    assert read(CHAT, body) == {"messages.0.content.0.file.file_id": "file-1"}


@pytest.mark.parametrize(
    ("path", "body", "ids"),
    [
        (RESPONSES, b'{"previous_response_id":"a","previous_response_id":"b"}', "ab"),
        (RESPONSES, b'{"previous_response_id":"a","previous_response_id":null}', "a"),
        (RESPONSES, rb'{"previous_response_id":null,"previous\u005fresponse_id":"b"}', "b"),
        (RESPONSES, b'{"input":[{"id":"a","type":"item_reference"}],"input":"x"}', "a"),
        (RESPONSES, b'{"input":[{"type":"item_reference","id":"a","id":"b"}]}', "ab"),
        (RESPONSES, b'{"input":[{"type":"item_reference","type":"message","id":"b"}]}', "b"),
        (RESPONSES, b'{"conversation":{"id":"a","id":"b"},"conversation":"c"}', "abc"),
        (CHAT, b'{"messages":[{"content":[{"file":{"file_id":"a","file_id":"b"}}]}]}', "ab"),
        (CHAT, b'{"messages":[{"content":[{"file_id":"a"}],"content":"x"}]}', "a"),
        (MESSAGES, b'{"container":{"id":"a"},"container":null}', "a"),
        (MESSAGES, b'{"container":null,"x":1,"x":2,"messages":[],"messages":[]}', ""),
    ],
)
def test_a_member_that_is_there_twice_is_read_twice(path: str, body: bytes, ids: str) -> None:
    """One parser takes the first, another the last: neither gets an id that was not checked."""
    assert sorted(each.value for each in ids_in(path, body)) == list(ids)


def test_what_cannot_be_read_is_refused_and_never_passed() -> None:
    with pytest.raises(BadRequest, match="nested"):
        ids_in(MESSAGES, b'{"container":' + b"[" * 200_000 + b"]" * 200_000 + b"}")
    with pytest.raises(BadRequest, match="JSON"):
        ids_in(MESSAGES, b'{"container": "a"')
    with pytest.raises(BadRequest, match="JSON"):
        ids_in(MESSAGES, b'{"container": "\xff"}')
    huge = b'{"container": "c", "n": ' + b"9" * 5000 + b"}"
    assert read(MESSAGES, huge) == {"container": "c"}
