"""What bounds the input of a request: its text as the provider sees it, and what it has the
provider read besides."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollgate_common.errors import BadRequest
from tollgate_gateway.parsed_requests import vendor_rules as rules
from tollgate_gateway.parsed_requests.input_bound import BoundSource, InputBound, bound_input
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


def bound(body: dict[str, Any], **how: Any) -> InputBound:
    return bound_input(json.dumps({"model": "m", **body}, **how).encode())


def tokens(body: dict[str, Any], **how: Any) -> int:
    """The tokens of the text, without what is reserved around every request."""
    return bound(body, **how).text_tokens - rules.TEMPLATE_TOKENS


def message(*texts: str) -> int:
    return rules.MESSAGE_TOKENS + sum(len(text.encode()) for text in texts)


IN_CHAT = rules.MEMBER_TOKENS + message("user")
HI = {"role": "user", "content": "hi"}
SAID = {"model": "m", "messages": [HI]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 0),
        ({"messages": [HI]}, IN_CHAT + 2),
        ({"messages": [HI, HI]}, IN_CHAT + 2 + message("user", "hi")),
        ({"messages": [{**HI, "name": "ann"}]}, IN_CHAT + 5),
        (user({"type": "text", "text": "hi"}), IN_CHAT + rules.PART_TOKENS + 2),
        (
            user({"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}),
            IN_CHAT + rules.PART_TOKENS + 2,
        ),
        ({"system": "hi"}, rules.MEMBER_TOKENS + 2),
        ({"instructions": "hi", "input": "you"}, 2 * rules.MEMBER_TOKENS + 5),
        ({"input": [{"type": "message", **HI}]}, IN_CHAT + 2),
        ({"prompt": "hi"}, rules.MEMBER_TOKENS + 2),
        ({"prompt": ["hi", "you"]}, rules.MEMBER_TOKENS + 2 * rules.LISTED_TEXT_TOKENS + 5),
        ({"input": [123456, 7, 8]}, rules.MEMBER_TOKENS + 3),
        ({"input": [[123456, 7], [8]]}, rules.MEMBER_TOKENS + 2 * rules.LISTED_TEXT_TOKENS + 3),
        ({"metadata": {"a": "long" * 100}, "stop": ["x" * 100], "user": "u" * 100}, 0),
        ({"vendors_news": {"a": "hi", "b": 15}}, len('{"vendors_news": {"a": "hi", "b": 15}}')),
    ],
)
def test_text_counts_as_the_provider_sees_it(body: dict[str, Any], expected: int) -> None:
    assert tokens(body) == expected


def test_one_short_message_fits_into_a_small_limit() -> None:
    assert bound(SAID).text_tokens + 1 < 100


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ({"messages": [{"role": "user", "content": "é漢🧑"}]}, 2 + 3 + 4),
        ({"instructions": "é漢🧑"}, 2 + 3 + 4),
        (user({"type": "text", "text": "é漢🧑"}), 2 + 3 + 4),
    ],
)
def test_an_escape_counts_for_what_it_stands_for(escaped: dict[str, Any], plain: int) -> None:
    empty = json.loads(json.dumps(escaped).replace(json.dumps("é漢🧑"), '""'))
    for ascii_only in (True, False):
        assert tokens(escaped, ensure_ascii=ascii_only) - tokens(empty) == plain


@pytest.mark.parametrize(
    "item",
    [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": "\n"}'}}
        ]},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"é": [1.5, True, None], "a": {}}},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "status": "x"},
        {"type": "function_call_output", "call_id": "c", "output": '{"x": "\u00e9"}'},
        {"role": "user", "content": "x", "vendors_news": ["long", {"deep": [["er"]]}]},
        {"type": "vendors_part", "text": "x", "more": 10**30},
        {"type": "thinking", "thinking": "hm", "signature": "abc="},
        ["a", ["b", 7], None],
    ],
)  # fmt: skip
def test_what_is_no_plain_text_counts_as_its_json(item: Any) -> None:
    shown = json.dumps(item, ensure_ascii=False)
    assert len(shown.encode()) <= tokens({"messages": [item]}) + len('"role": , "content": ')


@pytest.mark.parametrize("tool", [FUNCTION, {"name": "f", "input_schema": PARAMETERS}])
def test_tools_count_as_their_json(tool: dict[str, Any]) -> None:
    counted = tokens({"tools": [tool] * 3}) - rules.TOOLS_TOKENS - 3 * rules.TOOL_TOKENS
    assert counted == len(json.dumps({"tools": [tool] * 3}))


@pytest.mark.parametrize("part", [IMAGE, {**URL, "image_url": {"url": "data:," + "A" * 9999}}])
def test_a_picture_is_no_text(part: dict[str, Any]) -> None:
    found = bound(user(part))
    assert found.images == 1
    assert found.text_tokens < 100


def test_text_beside_a_picture_is_text() -> None:
    beside = tokens(user({**IMAGE, "alt": "x" * 500})) - tokens(user(IMAGE))
    assert beside >= 500


def test_a_file_in_the_request_is_no_text() -> None:
    data = {"type": "base64", "media_type": "application/pdf", "data": "A" * 9999}
    found = bound(user({"type": "document", "source": data, "title": "t" * 500}))
    assert (found.source, found.field) == (BoundSource.CONTEXT, "document")
    assert 500 < found.text_tokens < 1000


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"messages":[],"messages":[{"role":"user","content":"hi"}]}', "messages"),
        (b'{"messages":[{"role":"user","content":"long","content":"hi"}]}', "content"),
        (b'{"messages":[],"max_tokens":1,"max_tok\\u0065ns":9}', "max_tokens"),
        (b'{"tools":[{"type":"mcp","type":"function"}]}', "type"),
        (b'{"x":[{"a":{"b":1,"b":2}}],"y":1e99}', "b"),
    ],
)
def test_nothing_bounds_a_body_with_a_member_twice(body: bytes, name: str) -> None:
    found = bound_input(body)
    assert (found.source, found.field) == (BoundSource.NOTHING, f"{name}: twice")


def test_of_a_text_to_embed_or_speak_only_the_text_matters() -> None:
    body = json.dumps({"input": "hi", "background": "transparent", "tools": 1}).encode()
    for medium in ("vector", "image", "speech"):
        assert bound_input(body, medium).source is BoundSource.TEXT
    pictures = json.dumps({"input": [URL]}).encode()
    assert bound_input(pictures, "vector").images == 1


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
        ({"messages": [HI], "chat_template": "{{ messages * 1000 }}"}, "chat_template"),
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


def test_what_no_answer_tells_is_bounded_by_nothing() -> None:
    found = bound({"background": True, "tools": [{"type": "mcp"}], "container": "c"})
    assert (found.source, found.field) == (BoundSource.NOTHING, "background")


def test_tools_bring_words_of_the_vendors_own() -> None:
    bare, tools = bound({}), bound({"tools": [FUNCTION, {"name": "of anthropic's"}]})
    own = bare.text_tokens + rules.TOOLS_TOKENS + 2 * rules.TOOL_TOKENS
    assert own < tools.text_tokens < own + 400
    vendors = bound({"tools": [{"type": "bash_20250124"}, {"type": "computer"}]})
    own = bare.text_tokens + rules.TOOLS_TOKENS + 2 * rules.VENDOR_TOOL_TOKENS
    assert own < vendors.text_tokens < own + 200


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
    assert bound(body, ensure_ascii=ascii_only).text_tokens > 0


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
