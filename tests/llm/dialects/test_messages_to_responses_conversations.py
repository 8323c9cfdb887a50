from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.llm.dialects.messages_to_chat_cases import Json, conversations
from tests.llm.dialects.messages_to_responses_cases import responses
from tests.llm.dialects.test_messages_to_chat_conversations import CALL, IMAGE, in_order, told
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.messages_to_responses import TRANSLATION
from tollgate_llm.dialects.translation import Translated, Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.pairing import check_responses
from tollgate_llm.sandbox.openai_api.responses import PARAMS

WANTED = Wanted("gpt-5.4", 1000)
THOUGHT: Json = {"type": "thinking", "thinking": "Hm.", "signature": "responses:rs_1:gA=="}
ITEM: Json = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm."}],
    "encrypted_content": "gA==",
}


def translated(*given: tuple[str, Any], **more: Any) -> Translated:
    said = [{"role": role, "content": content} for role, content in given]
    asked = {"model": "small", "max_tokens": 100, "messages": said, **more}
    STABLE.check(asked)
    made = TRANSLATION.request(asked, WANTED)
    PARAMS.check(made.body)
    return made


def items(*given: tuple[str, Any], **more: Any) -> list[Json]:
    made: list[Json] = translated(*given, **more).body["input"]
    return made


def heard(body: Json) -> list[Json]:
    """All parts that the provider gets, in their order."""
    said = [{"content": body.get("instructions", "")}, *body["input"]]
    parts: list[Json] = []
    for item in said:
        content = item.get("content", item.get("output", ""))
        parts += [{"type": "input_text", "text": content}] if isinstance(content, str) else content
    return parts


@settings(max_examples=150, deadline=None)
@given(conversations())
def test_nothing_of_a_conversation_is_lost(asked: Json) -> None:
    body = TRANSLATION.request(asked, WANTED).body
    PARAMS.check(body)
    check_responses(body["input"])
    parts = heard(body)
    texts = [each["text"] for each in told(asked) if each["type"] == "text"]
    assert in_order(texts, "\n".join(part["text"] for part in parts if "text" in part))
    images = [each["source"] for each in told(asked) if each["type"] == "image"]
    shown = [part["image_url"] for part in parts if part["type"] == "input_image"]
    assert len(images) == len(shown)
    assert all(
        url.endswith(image.get("url") or image["data"])
        for image, url in zip(images, shown, strict=True)
    )
    documents = [each for each in told(asked) if each["type"] == "document"]
    pdfs = [each for each in documents if each["source"]["type"] == "base64"]
    assert len(pdfs) == sum(part["type"] == "input_file" for part in parts)


@settings(max_examples=100, deadline=None)
@given(conversations())
def test_every_call_is_made_and_answered_in_order(asked: Json) -> None:
    made = TRANSLATION.request(asked, WANTED).body["input"]
    calls = [
        (item["call_id"], item["name"], json.loads(item["arguments"]))
        for item in made
        if item.get("type") == "function_call"
    ]
    blocks = list(told(asked))
    uses = [each for each in blocks if each["type"] == "tool_use"]
    assert calls == [(use["id"], use["name"], use["input"]) for use in uses]
    answered = [each["tool_use_id"] for each in blocks if each["type"] == "tool_result"]
    results = [each for each in made if each.get("type") == "function_call_output"]
    assert [each["call_id"] for each in results] == answered


@settings(max_examples=100, deadline=None)
@given(responses())
def test_an_answer_comes_back_as_it_was(answer: Json) -> None:
    asked: Json = {"model": "small", "max_tokens": 100, "messages": []}
    said = TRANSLATION.answer(asked, answer)["content"]
    uses = [block["id"] for block in said if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": each, "content": "ok"} for each in uses]
    asked["messages"] = [
        *([{"role": "assistant", "content": said}] if said else []),
        {"role": "user", "content": [*results, {"type": "text", "text": "go on"}]},
    ]
    again = TRANSLATION.request(asked, WANTED).body["input"]
    output = [item for item in answer["output"] if item.get("content") != [] and says(item)]
    while output and output[-1]["type"] == "reasoning":
        output.pop()
    names = ("function_call", "reasoning")
    sent = [each for each in again if each.get("type") in names]
    expected = [each for each in output if each["type"] in names]
    assert list(map(id_of, sent)) == list(map(id_of, expected))
    encrypted = [each["encrypted_content"] for each in output if each["type"] == "reasoning"]
    assert [each["encrypted_content"] for each in again if "summary" in each] == encrypted


def id_of(item: Json) -> str:
    return str(item.get("call_id") or item["id"])


def says(item: Json) -> bool:
    """Whether something of an item can come back."""
    return item["type"] != "reasoning" or bool(item["encrypted_content"])


def test_the_system_prompt_is_the_instructions() -> None:
    system = [{"type": "text", "text": "Be kind."}, {"type": "text", "text": "Be brief."}]
    body = translated(("user", "hi"), system=system).body
    assert body["instructions"] == "Be kind.\n\nBe brief."
    assert body["input"] == [{"role": "user", "content": "hi"}]


def test_a_system_message_in_between_stays_there() -> None:
    made = items(("user", "a"), ("assistant", "b"), ("system", "c"), ("user", "d"))
    assert [each["role"] for each in made] == ["user", "assistant", "system", "user"]


def test_a_turn_of_the_assistant_is_its_items_in_their_order() -> None:
    said = [THOUGHT, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}, CALL]
    result = {"type": "tool_result", "tool_use_id": CALL["id"], "content": "found"}
    assert items(("user", "hi"), ("assistant", said), ("user", [result])) == [
        {"role": "user", "content": "hi"},
        ITEM,
        {
            "role": "assistant",
            "content": [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}],
        },
        {
            "type": "function_call",
            "call_id": "toolu_1",
            "name": "search",
            "arguments": '{"q": "é"}',
        },
        {"type": "function_call_output", "call_id": "toolu_1", "output": "found"},
    ]


@pytest.mark.parametrize(
    "signature",
    ["EqQBCgIYAhIM", "chat:reasoning_content:", "responses:rs_1:", "responses:", "responses"],
)
def test_what_another_provider_signed_is_a_hint(signature: str) -> None:
    said = [{**THOUGHT, "signature": signature}, {"type": "text", "text": "a"}]
    made = translated(("user", "hi"), ("assistant", said), ("user", "b"))
    assert [each.get("type") for each in made.body["input"]] == [None, None, None]
    assert made.dropped == ("messages.*.content.*.thinking",)


def test_what_another_provider_encrypted_is_a_hint() -> None:
    said = [{"type": "redacted_thinking", "data": "chat:signed:x"}, {"type": "text", "text": "a"}]
    made = translated(("user", "hi"), ("assistant", said), ("user", "b"))
    assert made.dropped == ("messages.*.content.*.data",)


def test_an_odd_id_comes_back_as_it_was() -> None:
    said = [{**THOUGHT, "thinking": "", "signature": "responses:a%3Ab%2Fc:g:A"}, CALL]
    result = {"type": "tool_result", "tool_use_id": CALL["id"]}
    (_, item, *_) = items(("user", "hi"), ("assistant", said), ("user", [result]))
    assert (item["id"], item["encrypted_content"], item["summary"]) == ("a:b/c", "g:A", [])


def test_a_thought_that_led_to_nothing_is_left_out() -> None:
    made = items(
        ("user", "a"), ("assistant", [{"type": "text", "text": "b"}, THOUGHT]), ("user", "c")
    )
    assert [each.get("type") for each in made] == [None, None, None]


def test_a_result_may_show_images_and_documents() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    content = [{"type": "text", "text": "a"}, IMAGE, {"type": "document", "source": pdf}]
    result = {"type": "tool_result", "tool_use_id": CALL["id"], "content": content}
    shown = [{**result, "is_error": True}, {"type": "text", "text": "b"}]
    made = items(("user", "hi"), ("assistant", [CALL]), ("user", shown))
    assert [part["type"] for part in made[2]["output"]] == [
        "input_text",
        "input_text",
        "input_image",
        "input_file",
    ]
    assert made[2]["output"][0]["text"] == "Error:"
    assert made[3] == {"role": "user", "content": "b"}


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        (
            {"source": {"type": "url", "url": "https://a.b/c.pdf"}, "title": "T", "context": "C"},
            [
                {"type": "input_text", "text": "T"},
                {"type": "input_text", "text": "C"},
                {"type": "input_file", "file_url": "https://a.b/c.pdf"},
            ],
        ),
        (
            {
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                "title": "Report",
            },
            [
                {
                    "type": "input_file",
                    "filename": "Report.pdf",
                    "file_data": "data:application/pdf;base64,JVBERi0=",
                }
            ],
        ),
        (
            {"source": {"type": "text", "media_type": "text/plain", "data": "Hi."}, "title": "T"},
            [{"type": "input_text", "text": "T"}, {"type": "input_text", "text": "Hi."}],
        ),
    ],
)
def test_a_document_is_a_file_or_its_text(document: Json, parts: list[Json]) -> None:
    (made,) = items(("user", [{"type": "document", **document}]))
    assert made["content"] == parts


def test_an_image_is_shown_by_its_address_or_its_bytes() -> None:
    data = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    (made,) = items(("user", [IMAGE, {"type": "image", "source": data}]))
    assert made["content"] == [
        {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"},
        {
            "type": "input_image",
            "image_url": "data:image/png;base64,iVBORw0KGgo=",
            "detail": "auto",
        },
    ]


def test_an_earlier_search_of_the_web_is_a_hint() -> None:
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    said = [use, result, {"type": "text", "text": "a"}]
    made = translated(("user", "hi"), ("assistant", said), ("user", "b"))
    assert made.dropped == (
        "messages.*.content.*.server_tool_use",
        "messages.*.content.*.web_search_tool_result",
    )


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ([("user", "a"), ("assistant", "b")], "messages.1"),
        (
            [("user", [{"type": "image", "source": {"type": "file", "file_id": "f"}}])],
            "messages.0.content.0.source",
        ),
        ([("user", [{"type": "container_upload", "file_id": "f"}])], "messages.0.content.0"),
        (
            [("user", [{"type": "text", "text": "a", "shouted": True}])],
            "messages.0.content.0.shouted",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_by_its_path(said: Any, param: str) -> None:
    given = [{"role": role, "content": content} for role, content in said]
    asked = {"model": "small", "max_tokens": 100, "messages": given}
    with pytest.raises(UnsupportedParameter) as caught:
        TRANSLATION.request(asked, WANTED)
    assert caught.value.param == param
    assert "chat completions" not in str(caught.value)
