"""What a request has the provider read besides its words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.errors import BadRequest
from tollgate_gateway.parsed_requests.input_bound import (
    TOOLS_TOKENS,
    VENDORS_TOOL_TOKENS,
    BoundSource,
    bound_input,
)
from tollgate_gateway.parsed_requests.readers import READERS

URL = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
BASE64 = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
IMAGE = {"type": "image", "source": BASE64}
SCREEN = {"type": "computer_call_output", "call_id": "c", "output": {
    "type": "computer_screenshot", "file_id": "file_1"}}  # fmt: skip
PROPERTIES = {"image": {"type": "string"}, "file": {"type": "string"}}
PARAMETERS = {"type": "object", "properties": PROPERTIES}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": PARAMETERS}}


def user(*content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


def bound(body: dict[str, Any], **how: Any) -> Any:
    return bound_input(json.dumps({"model": "m", **body}, **how).encode())


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"role": "user", "content": 'an "image", a "file", a "video"'}]},
        {"messages": [{"role": "user", "content": "é \u0001 <b>"}], "tools": [FUNCTION]},
        {"input": "x", "previous_response_id": None, "background": False, "tools": None},
        {"input": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g="}]},
        {"prompt": ["a", "b"]},
        user({"type": "tool_use", "id": "t", "name": "f", "input": {"type": "file", "audio": 1}}),
        user({"type": "document", "source": {"type": "text", "data": "words"}}),
        {"input": "x", "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
        {"service_tier": "auto", "speed": "standard", "inference_geo": "global"},
    ],
)
def test_words_are_bounded_by_their_bytes(body: dict[str, Any]) -> None:
    found = bound(body)
    assert (found.source, found.images, found.tier) == (BoundSource.TEXT, 0, None)


@pytest.mark.parametrize(
    ("body", "images"),
    [
        (user(URL, {"type": "text", "text": "?"}, URL), 2),
        (user({"image_url": "https://x.test/a.png"}), 1),
        (user(IMAGE), 1),
        (user({"type": "tool_result", "tool_use_id": "t", "content": [IMAGE, IMAGE]}), 2),
        ({"system": [IMAGE]}, 1),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, 1),
        ({"input": [SCREEN]}, 1),
    ],
)
def test_pictures_are_counted_however_they_come(body: dict[str, Any], images: int) -> None:
    found = bound(body)
    assert (found.source, found.images) == (BoundSource.TEXT, images)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (
            user({"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}}),
            "input_audio",
        ),
        (user({"type": "file", "file": {"file_id": "file_1"}}), "file"),
        (user({"type": "document", "source": {"type": "url", "url": "https://x"}}), "document"),
        (user({"type": "document", "source": {"type": "base64", "data": ""}}), "document"),
        (user({"type": "video_url", "video_url": {"url": "https://x"}}), "video_url"),
        ({"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}, "audio"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input_file"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "item_reference"),
        ({"input": [{"id": "msg_1"}]}, "item_reference"),
        ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, "reasoning"),
        ({"input": "x", "previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": "x", "conversation": {"id": "conv_1"}}, "conversation"),
        ({**user(IMAGE), "container": "c_1"}, "container"),
    ],
)
def test_what_is_read_from_elsewhere_is_bounded_by_the_context(
    body: dict[str, Any], what: str
) -> None:
    found = bound(body)
    assert (found.source, found.field) == (BoundSource.CONTEXT, what)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools: web_search"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
         "tools: web_search_20250305"),
        ({"tools": [FUNCTION, {"type": "mcp", "server_url": "https://x"}]}, "tools: mcp"),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]},
         "tools: code_interpreter"),
        ({"tools": [{"type": ["odd"]}]}, "tools: ['odd']"),
        ({"tools": "odd"}, "tools"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"input": [{"type": "additional_tools", "tools": []}]}, "additional_tools"),
    ],
)  # fmt: skip
def test_what_the_provider_does_by_itself_is_bounded_by_what_is_stated(
    body: dict[str, Any], what: str
) -> None:
    found = bound(body)
    assert (found.source, found.field) == (BoundSource.STATED, what)


@pytest.mark.parametrize("body", [{"background": True}, {"fallbacks": [{"model": "dear"}]}])
def test_what_no_answer_tells_is_bounded_by_nothing(body: dict[str, Any]) -> None:
    found = bound({**body, "tools": [{"type": "mcp"}], "container": "c"})
    assert (found.source, found.field) == (BoundSource.NOTHING, next(iter(body)))


def test_tools_bring_words_of_the_vendors_own() -> None:
    bare, tools = bound({}), bound({"tools": [FUNCTION, {"name": "of anthropic's"}]})
    assert tools.added - bare.added == TOOLS_TOKENS
    vendors = bound({"tools": [{"type": "bash_20250124"}, {"type": "computer"}]})
    assert vendors.added - bare.added == TOOLS_TOKENS + 2 * VENDORS_TOOL_TOKENS


def test_the_way_to_be_processed_is_named() -> None:
    assert bound({"service_tier": "priority"}).tier == "priority"
    assert bound({"speed": "fast", "inference_geo": "us"}).tier == "fast+us"
    assert bound({"service_tier": 5}).tier == "5"


NAMES = st.sampled_from(["messages", "input", "tools", "type", "id", "image_url", "source", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    | st.sampled_from(["image", "file", "document", "mcp", "reasoning"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)  # fmt: skip


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.booleans())
def test_any_object_can_be_looked_at(body: dict[str, Any], ascii_only: bool) -> None:
    assert bound(body, ensure_ascii=ascii_only).added > 0


MORE = [
    user(URL), user(IMAGE), {"input": [SCREEN]}, {"previous_response_id": "r"},
    {"tools": [{"type": "mcp"}]}, user({"type": "file"}),
]  # fmt: skip


@given(st.sampled_from(MORE), st.data())
def test_an_escape_hides_nothing(body: dict[str, Any], data: st.DataObject) -> None:
    plain = json.dumps(body)
    letters = [at for at, sign in enumerate(plain) if sign.isalpha()]
    letters = [at for at in letters if plain[max(0, at - 1)] != "\\"]
    chosen = set(data.draw(st.lists(st.sampled_from(letters), max_size=10)))
    escaped = "".join(
        f"\\u{ord(sign):04x}" if at in chosen else sign for at, sign in enumerate(plain)
    )
    hidden, seen = bound_input(escaped.encode()), bound_input(plain.encode())
    assert (hidden.source, hidden.images) == (seen.source, seen.images)


@pytest.mark.parametrize(
    "part",
    [b'"\xff"', b'"\\ud800"', b"1e999", b"[" * 1000 + b"]" * 1000, b'"\\x"', b"-0", b'"\x01"'],
    ids=repr,
)
@pytest.mark.parametrize("name", [b"messages", b"service_tier", b"prediction", b"x"])
def test_what_cannot_be_read_is_no_error_of_ours(name: bytes, part: bytes) -> None:
    body = b'{"model":"m","input":[{"type":"message"}],"%s":[{"content":[%s]}]}' % (name, part)
    try:
        READERS["/v1/responses"](body, None)
    except BadRequest:
        return
    assert bound_input(body).source in (BoundSource.TEXT, BoundSource.NOTHING)
