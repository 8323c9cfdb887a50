from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.llm.dialects.chat_to_messages_asking import (
    CALL,
    EXPLICIT,
    FUNCTION,
    USE,
    USER,
    WANTED,
    assistant,
    body_of,
    result,
    text,
    user,
)  # fmt: skip
from tests.llm.dialects.chat_to_messages_cases import PDF, PNG, Json
from tollgate_llm.dialects.chat_to_messages import TRANSLATION
from tollgate_llm.dialects.errors import UnsupportedParameter
from tollgate_llm.sandbox.anthropic_api.messages import STABLE
from tollgate_llm.sandbox.openai_api.chat import PARAMS


def encoded(said: str) -> str:
    return b64encode(said.encode()).decode()


def document(data: str, **more: Any) -> Json:
    source = {"type": "text", "media_type": "text/plain", "data": data}
    return {"type": "document", "source": source, **more}


def file(**fields: Any) -> Json:
    return {"type": "file", "file": fields}


def image(url: str, **more: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def image_block(**source: Any) -> Json:
    return {"type": "image", "source": source}


PNG_BLOCK = image_block(type="base64", media_type="image/png", data="iVBORw0KGgo=")
PDF_SOURCE = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
PDF_BLOCK = {"type": "document", "source": PDF_SOURCE, "title": "a.pdf"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (text("Hi"), text("Hi")),
        (image(PNG), PNG_BLOCK),
        (image(PNG, detail="high"), PNG_BLOCK),
        (
            image("data:image/jpg;base64,/9j/"),
            image_block(type="base64", media_type="image/jpeg", data="/9j/"),
        ),
        (image("https://a.org/b"), image_block(type="url", url="https://a.org/b")),
        (file(file_data=PDF, filename="a.pdf"), PDF_BLOCK),
        (file(file_data="JVBERi0=", filename="a.pdf"), PDF_BLOCK),
        (file(file_data=PDF), {"type": "document", "source": PDF_SOURCE}),
        (file(file_data="data:text/plain;base64," + encoded("Grüße")), document("Grüße")),
        (file(file_data="data:text/csv,a%2Cb"), document("a,b")),
        (file(file_data="data:,a"), document("a")),
        (file(file_data=encoded("# A"), filename="a.txt"), document("# A", title="a.txt")),
        (
            {**text("Hi"), "prompt_cache_breakpoint": EXPLICIT},
            text("Hi", cache_control={"type": "ephemeral"}),
        ),
        (
            {**image(PNG), "prompt_cache_breakpoint": {**EXPLICIT, "ttl": "30m"}},
            {**PNG_BLOCK, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
    ],
)
def test_a_part_is_a_block(part: Json, expected: Json) -> None:
    [turn] = body_of(user(part, text("!")))["messages"]
    assert turn["content"] == [expected, text("!")]


def marks(body: Json) -> list[Json]:
    system = body.get("system", [])
    blocks = [*system, *(block for turn in body["messages"] for block in turn["content"])]
    inner = [each for block in blocks for each in (*block.get("content", ()), block)]
    return [block["cache_control"] for block in inner if "cache_control" in block]


def test_the_last_four_breakpoints_hold_for_as_long_as_the_request_says() -> None:
    marked = {**text("Hi"), "prompt_cache_breakpoint": EXPLICIT}
    system = {"role": "system", "content": [marked, marked]}
    turns = (user(marked, marked), assistant(tool_calls=[CALL]), result([marked, text("x")]))
    assert marks(body_of(system, *turns)) == [{"type": "ephemeral"}] * 4
    kept = {"type": "ephemeral", "ttl": "1h"}
    assert marks(body_of(system, *turns, prompt_cache_options={"ttl": "30m"})) == [kept] * 4


REFUSED: list[tuple[str, Json]] = [
    ("messages.0.mood", {**USER, "mood": "good"}),
    ("messages.0.content.0.color", user({**text("x"), "color": "red"})),
    (
        "messages.0.content.0",
        user({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}),
    ),
    ("messages.0.content.0.image_url.url", user(image("data:image/tiff;base64,AA=="))),
    ("messages.0.content.0.image_url.url", user(image("data:image/png,AA=="))),
    ("messages.0.content.0.image_url.url", user(image("file:///etc/passwd"))),
    ("messages.0.content.0.file.file_id", user(file(file_id="file-1"))),
    ("messages.0.content.0.file.file_data", user(file(file_data="AA==", filename="a.zip"))),
    ("messages.0.content.0.file.file_data", user(file(file_data="AA=="))),
    ("messages.0.content.0.file.file_data", user(file(file_data="data:text/plain;base64,/w=="))),
    ("messages.0.audio", assistant(content="x", audio={"id": "audio_1"})),
    ("messages.0.function_call", assistant(content="x", function_call=FUNCTION)),
    ("messages.0", {"role": "function", "name": "look", "content": "blue"}),
]  # fmt: skip


@pytest.mark.parametrize(("param", "message"), REFUSED)
def test_what_messages_cannot_hold_is_refused_by_name(param: str, message: Json) -> None:
    asked = {"model": "small", "messages": [message, USER]}
    PARAMS.check(asked)
    with pytest.raises(UnsupportedParameter, match=f"`{param}`"):
        TRANSLATION.request(asked, WANTED)
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    STABLE.check(translated.body)
    assert translated.dropped == (param,)


@pytest.mark.parametrize("arguments", ["{", "[1]", "look!", "{" * 100_000])
def test_arguments_must_be_an_object(arguments: str) -> None:
    call = {**CALL, "function": {"name": "look", "arguments": arguments}}
    asked = {"model": "small", "messages": [assistant(tool_calls=[call]), result("blue")]}
    param = "messages.0.tool_calls.0.function.arguments"
    with pytest.raises(UnsupportedParameter, match=param):
        TRANSLATION.request(asked, WANTED)
    translated = TRANSLATION.request(asked, WANTED._replace(drop=True))
    assert translated.dropped == (param,)
    assert translated.body["messages"][0]["content"] == [{**USE, "input": {}}]
