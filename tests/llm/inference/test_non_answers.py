"""Which bodies that came with status 200 are answers, and which are not."""

import json
from typing import Any

import pytest

from tollgate_llm.inference.non_answers import NonAnswer, judge
from tollgate_llm.inference.protocols import (
    CHAT,
    COUNT_TOKENS,
    EMBEDDINGS,
    IMAGES,
    MESSAGES,
    PROTOCOLS,
    RESPONSES,
    SPEECH,
    TRANSCRIPTIONS,
    Protocol,
)

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
PAGE = b"<!DOCTYPE html><html><title>502</title></html>"
OPENROUTER = {"error": {"message": "Provider returned error", "code": 502}, "user_id": "u"}
CLAUDE = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def judged(protocol: Protocol, body: Any, content_type: str | None = JSON) -> NonAnswer | None:
    """As the relay judges it, with the usage that the protocol's own reader has found."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    has_usage = not protocol.free and protocol.read(raw) is not None
    return judge(raw, content_type, json_only=protocol.json_only, has_usage=has_usage)


def failed_response(code: str) -> dict[str, Any]:
    error = {"code": code, "message": "It failed."}
    return {"id": "resp_1", "object": "response", "status": "failed", "error": error, "output": []}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (OPENROUTER, 502, "Provider returned error"),
        ({"error": {"message": "Rate limited", "code": 429}}, 429, "Rate limited"),
        ({"error": {"message": "No credit", "code": "402"}}, 402, "No credit"),
        ({"error": {"message": "Odd", "code": 1302}}, 502, "Odd"),
        ({"error": {"message": "Odd", "code": True}}, 502, "Odd"),
        ({"error": {"message": "Odd", "code": 200}}, 502, "Odd"),
        ({"error": {"message": "Too fast", "code": "rate_limit_exceeded"}}, 429, "Too fast"),
        ({"error": {"message": "Full", "code": "server_is_overloaded"}}, 503, "Full"),
        ({"error": {"message": "Bad key", "type": "authentication_error"}}, 401, "Bad key"),
        ({"error": {"message": "Quota", "status": "RESOURCE_EXHAUSTED"}}, 429, "Quota"),
        ([{"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}}], 503, "Busy"),
        ({"error": "model is loading"}, 502, "model is loading"),
        ({"error": {"message": ""}}, 502, "no reason given"),
        ({"error": ["what", 7]}, 502, "what"),
        ({"error": [7]}, 502, "no reason given"),
        ({"error": {"message": "x"}, "choices": []}, 502, "x"),
        ({"error": {"message": "x"}, "choices": None}, 502, "x"),
        ({"error": {"message": "Died", "code": 500}, "usage": USAGE}, 500, "Died"),
        (CLAUDE, 529, "Overloaded"),
        ({"type": "error"}, 502, "no reason given"),
        ({"detail": "Not Found"}, 502, "Not Found"),
        ({"message": "no Route matched with those values"}, 502, "no Route matched"),
        ({"success": False, "code": 503, "msg": "later"}, 503, "later"),
        (
            {"choices": None, "base_resp": {"status_code": 1004, "status_msg": "login"}},
            502,
            "login",
        ),
        ({"errors": [{"message": "several"}]}, 502, "several"),
        ({}, 502, "empty"),
        (
            {"choices": [{"message": {"content": ""}, "error": {"code": 429, "message": "slow"}}]},
            429,
            "slow",
        ),
        (b"", 502, "empty"),
        (b" \r\n\t ", 502, "empty"),
        (b"[]", 502, "no object"),
        (b"null", 502, "no object"),
        (b"true", 502, "no object"),
        (b'"upstream connect error"', 502, "upstream connect error"),
        (b"upstream connect error or disconnect", 502, "no JSON"),
        (b'{"id":"1","choices":[{"mess', 502, "no JSON"),
        (PAGE, 502, "page"),
        (b"\xef\xbb\xbf" + json.dumps(OPENROUTER).encode(), 502, "Provider returned error"),
        (b"\n\n   \n" + json.dumps(OPENROUTER).encode(), 502, "Provider returned error"),
    ],
)
def test_a_body_that_is_no_answer(body: Any, status: int, words: str) -> None:
    found = judged(CHAT, body)
    assert found is not None
    assert found.status == status
    assert words in found.words


@pytest.mark.parametrize(
    "body",
    [
        {"id": "1", "choices": [CHOICE], "usage": USAGE},
        {"id": "1", "choices": [CHOICE]},
        {"id": "1", "choices": [CHOICE], "usage": USAGE, "error": None},
        {"id": "1", "choices": [CHOICE], "usage": USAGE, "error": ""},
        {"id": "1", "choices": [CHOICE], "usage": USAGE, "error": {}},
        {"id": "1", "choices": [CHOICE], "usage": USAGE, "error": False},
        {"id": "1", "choices": [CHOICE], "error": {"message": "one plugin failed"}},
        {"id": "1", "choices": [CHOICE], "message": "deprecated, see the changelog"},
        {"id": "1", "choices": [], "usage": USAGE},
        {"id": "1", "choices": []},
        {"odd": [1.5], "usage": USAGE},
        {"usage": {"prompt_tokens": -1, "completion_tokens": "many"}, "choices": [CHOICE]},
        {"id": "some-servers-own-shape", "generated": "text"},
        {"choices": [{"message": {"content": '{"error": {"message": "quoted"}}'}}]},
        {"choices": [{"message": {"content": "half"}, "error": {"message": "died"}}]},
        {"choices": [{"message": {"content": None, "tool_calls": [{}]}, "error": {"code": 1}}]},
        {"choices": [CHOICE, {"message": {"content": ""}, "error": {"message": "died"}}]},
        b'{"choices":[{"message":{"content":"x"},"logprobs":NaN}]}',
        b'{"choices":[{"message":{"content":"\xff\xfe"}}]}',
        b'{"choices":[{"message":{"content":"a\nb"}}]}',
        b"\xef\xbb\xbf" + json.dumps({"choices": [CHOICE]}).encode(),
        json.dumps({"choices": [CHOICE]}).encode() + b"\n{}",
        b'{"choices":[' + b"[" * 5000 + b"]" * 5000 + b"]}",
        b'{"choices":[{"index":' + b"9" * 5000 + b"}]}",
        b'data: {"choices":[]}\n\ndata: [DONE]\n\n',
        b": waiting\n\ndata: {}\n\n",
        b'event: x\ndata: {"error":{}}\n\n',
    ],
)
def test_a_body_that_is_an_answer(body: Any) -> None:
    assert judged(CHAT, body) is None


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("server_error", 500),
        ("rate_limit_exceeded", 429),
        ("invalid_prompt", 400),
        ("new_one", 502),
    ],
)
def test_a_response_that_has_failed_is_none(code: str, status: int) -> None:
    found = judged(RESPONSES, failed_response(code))
    assert found == NonAnswer(status=status, words="It failed.")
    partly = failed_response(code) | {"output": [{"type": "message"}], "usage": {"input_tokens": 3}}
    assert judged(RESPONSES, partly) == found


@pytest.mark.parametrize("status", ["completed", "incomplete", "queued", "in_progress"])
def test_a_response_of_another_status_is_an_answer(status: str) -> None:
    items = [{"type": "code_interpreter_call", "status": "failed"}]
    response = {"object": "response", "status": status, "error": None, "output": items}
    assert judged(RESPONSES, response) is None
    assert judged(RESPONSES, response | {"output": []}) is None


def test_claudes_answers_are_answers_also_when_they_refuse() -> None:
    message = {"type": "message", "content": [], "stop_reason": "refusal"}
    assert judged(MESSAGES, message) is None
    assert judged(MESSAGES, message | {"usage": {"input_tokens": 106, "output_tokens": 1}}) is None
    assert judged(MESSAGES, CLAUDE) == NonAnswer(529, "Overloaded", shape="anthropic")
    assert judged(COUNT_TOKENS, {"input_tokens": 0}) is None
    assert judged(COUNT_TOKENS, CLAUDE) is not None


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (OPENROUTER, "openai"),
        (CLAUDE, "anthropic"),
        ({"error": "text"}, None),
        ({"error": {"code": 500}}, None),
        (failed_response("server_error"), None),
        ({"type": "error", "message": "flat", "code": "server_error"}, None),
        ([OPENROUTER], None),
    ],
)
def test_whose_error_it_looks_like(body: Any, shape: str | None) -> None:
    found = judged(CHAT, body)
    assert found is not None
    assert found.shape == shape


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS if p.json_only], ids=lambda p: p.path)
@pytest.mark.parametrize("body", [b"", b"null", PAGE, OPENROUTER, CLAUDE])
def test_every_route_of_json_is_judged_alike(protocol: Protocol, body: Any) -> None:
    assert judged(protocol, body) is not None


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        (EMBEDDINGS, {"object": "list", "data": [], "model": "m"}),
        (EMBEDDINGS, {"object": "list", "data": [{"embedding": "AAAA"}], "usage": {}}),
        (IMAGES, {"created": 1, "data": [{"b64_json": "aa"}]}),
    ],
)
def test_answers_of_other_routes(protocol: Protocol, body: Any) -> None:
    assert judged(protocol, body) is None


@pytest.mark.parametrize(
    ("protocol", "body", "content_type"),
    [
        (TRANSCRIPTIONS, b"", "text/plain"),
        (TRANSCRIPTIONS, b"null", "text/plain"),
        (TRANSCRIPTIONS, b"<music>", "text/plain; charset=utf-8"),
        (TRANSCRIPTIONS, b'{"error": "as somebody dictates it"}', "text/plain"),
        (TRANSCRIPTIONS, b"1\n00:00:00,000 --> 00:00:03,000\nhi\n", "application/x-subrip"),
        (TRANSCRIPTIONS, b"WEBVTT\n", "text/vtt"),
        (TRANSCRIPTIONS, b"plain words", JSON),
        (TRANSCRIPTIONS, b'"plain words"', JSON),
        (TRANSCRIPTIONS, {"text": ""}, JSON),
        (TRANSCRIPTIONS, {"text": "said", "error": None}, JSON),
        (TRANSCRIPTIONS, b"plain words", None),
        (SPEECH, b"\x00\x01", "audio/pcm"),
        (SPEECH, b"<\x00", "application/octet-stream"),
        (SPEECH, b'{"error": 1}', "audio/mpeg"),
        (EMBEDDINGS, b"\x00\x00\x80\x3f", "application/octet-stream"),
    ],
)
def test_what_is_no_json_is_not_taken_for_json_that_is_broken(
    protocol: Protocol, body: Any, content_type: str | None
) -> None:
    assert judged(protocol, body, content_type) is None


@pytest.mark.parametrize("protocol", [TRANSCRIPTIONS, SPEECH], ids=lambda p: p.path)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(PAGE, HTML), (b"", HTML), (OPENROUTER, JSON), (CLAUDE, JSON), (b"", JSON), (b"{}", JSON)],
)
def test_an_error_in_the_place_of_sound_or_text_is_none(
    protocol: Protocol, body: Any, content_type: str
) -> None:
    assert judged(protocol, body, content_type) is not None


def test_words_are_cut_to_a_length_that_fits_into_an_error() -> None:
    found = judged(CHAT, {"error": {"message": "x" * 5000}})
    assert found is not None
    assert found.words == "x" * 1000
