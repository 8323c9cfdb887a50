from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from tests.llm.dialects.messages_to_chat_cases import Json, answers, conversations
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.dialects.messages_to_chat import TRANSLATION
from tollgate_llm.dialects.translation import Wanted
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.chat import PARAMS
from tollgate_llm.sandbox.openai_api.pairing import check_chat

WANTED = Wanted("big", 1000)
IMAGE: Json = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
CALL: Json = {"type": "tool_use", "id": "toolu_1", "name": "search", "input": {"q": "é"}}


def messages(*given: tuple[str, Any], **more: Any) -> list[Json]:
    said = [{"role": role, "content": content} for role, content in given]
    asked = {"model": "small", "max_tokens": 10, "messages": said, **more}
    STABLE.check(asked)
    body = TRANSLATION.request(asked, WANTED).body
    PARAMS.check(body)
    made: list[Json] = body["messages"]
    return made


def refused(*given: tuple[str, Any]) -> str:
    with pytest.raises(UnsupportedParameter) as caught:
        messages(*given)
    return str(caught.value.param)


def told(asked: Json) -> Iterator[Json]:
    """Every block, those inside others too."""
    for content in (asked.get("system"), *(each["content"] for each in asked["messages"])):
        yield from _blocks(content)


def _blocks(content: Any) -> Iterator[Json]:
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    for block in content if isinstance(content, list) else ():
        yield block
        if block["type"] != "tool_use":
            yield from _blocks(block.get("context"))
            yield from _blocks(block.get("content"))
            source = block.get("source")
            if isinstance(source, dict):
                yield from _blocks(source.get("content"))
                yield from _blocks(source["data"] if source["type"] == "text" else None)


def heard(made: list[Json]) -> Iterator[Json]:
    for message in made:
        yield from _blocks(message["content"])


def in_order(texts: list[str], within: str) -> bool:
    at = 0
    for text in texts:
        at = within.find(text, at)
        if at < 0:
            return False
        at += len(text)
    return True


@settings(max_examples=200, deadline=None)
@given(conversations())
def test_nothing_of_a_conversation_is_lost(asked: Json) -> None:
    STABLE.check(asked)
    body = TRANSLATION.request(asked, WANTED).body
    PARAMS.check(body)
    check_chat(body["messages"])
    parts = list(heard(body["messages"]))
    texts = [each["text"] for each in told(asked) if each["type"] == "text"]
    assert in_order(texts, "\n".join(part["text"] for part in parts if part["type"] == "text"))
    images = [each["source"] for each in told(asked) if each["type"] == "image"]
    shown = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
    assert [url.endswith(image.get("url") or image["data"]) for image, url in
            zip(images, shown, strict=True)] == [True] * len(images)  # fmt: skip
    files = [each for each in told(asked) if each.get("source", {}) and each["type"] == "document"]
    pdfs = [each for each in files if each["source"]["type"] == "base64"]
    assert len(pdfs) == sum(part["type"] == "file" for part in parts)


@settings(max_examples=100, deadline=None)
@given(conversations())
def test_every_call_is_made_and_answered_in_order(asked: Json) -> None:
    made = TRANSLATION.request(asked, WANTED).body["messages"]
    calls = [call for message in made for call in message.get("tool_calls", ())]
    got = [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in calls
    ]
    blocks = list(told(asked))
    uses = [each for each in blocks if each["type"] == "tool_use"]
    assert got == [(use["id"], use["name"], use["input"]) for use in uses]
    answered = [each["tool_use_id"] for each in blocks if each["type"] == "tool_result"]
    assert [each["tool_call_id"] for each in made if each["role"] == "tool"] == answered


@settings(max_examples=100, deadline=None)
@given(conversations())
def test_turns_alternate(asked: Json) -> None:
    roles = [each["role"] for each in TRANSLATION.request(asked, WANTED).body["messages"]]
    others = [role for role in roles if role != "tool"]
    pairs = itertools.pairwise(others)
    # Between two turns of the assistant there may be nothing but results.
    assert all(one != next_one or one == "assistant" for one, next_one in pairs)


@settings(max_examples=100, deadline=None)
@given(answers())
def test_an_answer_comes_back_as_it_was(answer: Json) -> None:
    asked: Json = {"model": "small", "max_tokens": 10, "messages": []}
    said = TRANSLATION.answer(asked, answer)["content"]
    uses = [block["id"] for block in said if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": each, "content": "ok"} for each in uses]
    asked["messages"] = [
        {"role": "assistant", "content": said},
        {"role": "user", "content": [*results, {"type": "text", "text": "go on"}]},
    ]
    STABLE.check(asked)
    again = TRANSLATION.request(asked, WANTED).body["messages"][0]
    original = answer["choices"][0]["message"]
    spoken = (original["content"] or "") + (original["refusal"] or "")
    if spoken or original.get("tool_calls"):
        assert again["role"] == "assistant"
        assert (again["content"] or "") == spoken
        for name in ("reasoning", "reasoning_content"):
            assert again.get(name) == original.get(name)
        ids = [call["id"] for call in original.get("tool_calls") or ()]
        assert [call["id"] for call in again.get("tool_calls") or ()] == ids


def test_the_system_prompt_comes_first() -> None:
    assert messages(("user", "hi"), system="Be kind.") == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hi"},
    ]


def test_a_system_message_in_between_stays_there() -> None:
    made = messages(("user", "a"), ("assistant", "b"), ("system", "c"), ("user", "d"))
    assert [each["role"] for each in made] == ["user", "assistant", "system", "user"]


def test_system_messages_in_a_row_are_one() -> None:
    made = messages(("system", "b"), ("user", "c"), system="a")
    assert [each["role"] for each in made] == ["system", "user"]
    assert [part["text"] for part in made[0]["content"]] == ["a", "b"]


def test_a_document_is_a_file_by_its_title() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    document = {"type": "document", "source": source, "title": "Report", "context": "Of 2025."}
    (made,) = messages(("user", [document]))
    file = {"filename": "Report.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}
    assert made["content"] == [{"type": "text", "text": "Of 2025."}, {"type": "file", "file": file}]


def test_what_tools_show_comes_after_all_results() -> None:
    calls = [CALL, {**CALL, "id": "toolu_2"}]
    results = [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [IMAGE]},
        {"type": "tool_result", "tool_use_id": "toolu_2", "content": "no", "is_error": True},
    ]
    made = messages(("assistant", calls), ("user", [*results, {"type": "text", "text": "so?"}]))
    assert [each["role"] for each in made] == ["assistant", "tool", "tool", "user"]
    assert [each["content"] for each in made[1:3]] == ["", "Error:\nno"]
    assert [part["type"] for part in made[3]["content"]] == ["text", "image_url", "text"]
    assert made[3]["content"][0]["text"] == "From the tool call toolu_1:"


def test_results_that_come_in_two_messages_stay_together() -> None:
    calls = [CALL, {**CALL, "id": "toolu_2"}]
    first, second = ({"type": "tool_result", "tool_use_id": each["id"]} for each in calls)
    made = messages(
        ("assistant", calls[:1]), ("assistant", calls[1:]), ("user", [first]), ("user", [second])
    )
    assert [each["role"] for each in made] == ["assistant", "tool", "tool"]
    check_chat(made)


def test_thoughts_alone_are_no_message() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "chat:reasoning:"}
    assert messages(("assistant", [thought]), ("user", "b")) == [{"role": "user", "content": "b"}]


def test_citations_of_what_was_said_and_cache_control_say_nothing() -> None:
    hint = {"type": "ephemeral", "ttl": "1h"}
    text = {"type": "text", "text": "a", "cache_control": hint, "citations": None}
    made = messages(("user", [text]), system=[text], cache_control=hint)
    assert [each["content"] for each in made] == ["a", "a"]


FILE: Json = {"type": "file", "file_id": "file_1"}
AT_URL: Json = {"type": "url", "url": "https://example.org/a.pdf"}
PLAIN: Json = {"type": "text", "media_type": "text/plain", "data": "a"}
UNTOLD: list[tuple[str, Json, str]] = [
    ("user", {**IMAGE, "source": FILE}, ".source"),
    ("user", {**IMAGE, "transformations": {"oversized_image": "error"}}, ".transformations"),
    ("user", {"type": "document", "source": FILE}, ".source"),
    ("user", {"type": "document", "source": AT_URL}, ".source"),
    ("user", {"type": "document", "source": PLAIN, "citations": {"enabled": True}}, ".citations"),
    ("user", {"type": "container_upload", "file_id": "file_1"}, ""),
    ("user", {"type": "text", "text": "a", "shouted": True}, ".shouted"),
    ("assistant", {**CALL, "caller": {"type": "code_execution_20250825", "tool_id": "t"}},
     ".caller"),
    ("assistant", {**CALL, "toolset_name": "browser"}, ".toolset_name"),
    ("assistant", {**CALL, "type": "server_tool_use", "name": "web_search"}, ""),
    ("assistant", IMAGE, ""),
]  # fmt: skip


@pytest.mark.parametrize(("role", "block", "field"), UNTOLD)
def test_what_cannot_be_said_is_refused_by_its_path(role: str, block: Json, field: str) -> None:
    assert refused((role, [block]), ("user", "b")) == f"messages.0.content.0{field}"


@pytest.mark.parametrize(("role", "block", "field"), UNTOLD)
def test_what_cannot_be_said_is_left_out_on_demand(role: str, block: Json, field: str) -> None:
    said = [{"role": role, "content": [block]}, {"role": "user", "content": "b"}]
    asked = {"model": "small", "max_tokens": 10, "messages": said}
    made = TRANSLATION.request(asked, WANTED._replace(drop=True))
    PARAMS.check(made.body)
    assert made.dropped == (f"messages.0.content.0{field}",)


def test_what_cannot_be_said_in_a_result_has_its_path() -> None:
    stored = {**IMAGE, "source": FILE}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [stored]}
    param = refused(("assistant", [CALL]), ("user", [result]))
    assert param == "messages.1.content.0.content.0.source"


def test_the_tools_that_a_search_has_found_are_told_by_their_names() -> None:
    found = [{"type": "tool_reference", "tool_name": name} for name in ("search", "write")]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": found}
    made = messages(("assistant", [CALL]), ("user", [result]))
    assert made[-1] == {"role": "tool", "tool_call_id": "toolu_1", "content": "search\nwrite"}


def test_an_answer_begun_by_the_caller_is_refused() -> None:
    assert refused(("user", "a"), ("assistant", "b")) == "messages.1"


def test_an_answer_begun_by_the_caller_is_left_out_on_demand() -> None:
    said = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    asked = {"model": "small", "max_tokens": 10, "messages": said}
    made = TRANSLATION.request(asked, WANTED._replace(drop=True))
    assert made.body["messages"] == said[:1]
    assert made.dropped == ("messages.1",)
