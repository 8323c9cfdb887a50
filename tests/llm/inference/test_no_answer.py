"""What comes with status 200 and is no answer, against providers on real sockets: the next route is
asked, nothing is billed that was not, and the caller never takes it for an answer."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.llm.inference.test_media import post
from tests.llm.inference.test_relay import ANSWER, BODY, COST, DONE, HI, USAGE, send
from tests.llm.inference.test_resilience import BOTH, Script
from tests.llm.stand import Provider, Stand

OPENROUTER = (
    b'{ "error": {"message":"Provider returned error", "code":502, "metadata":{"raw":"\\u00e9"}}}'
)
LIMITED = b'{"error":{"message":"Rate limited","code":429}}'
CLAUDE = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
FAILED = (
    b'{"id":"resp_1","object":"response","status":"failed","output":[],'
    b'"error":{"code":"server_error","message":"The model failed."}}'
)
PAGE = b"<html><body>502 Bad Gateway</body></html>"
STREAM = b'{"model":"here","stream":true,"messages":[]}'
BOTH_STREAM = b'{"model":"both","stream":true,"messages":[]}'
COMMENT = b": OPENROUTER PROCESSING\n\n"
START = (
    b'event: message_start\ndata: {"type":"message_start",'
    b'"message":{"usage":{"input_tokens":25,"output_tokens":1}}}\n\n'
)
PING = b'event: ping\ndata: {"type":"ping"}\n\n'
CREATED = (
    b'event: response.created\ndata: {"type":"response.created",'
    b'"response":{"status":"in_progress","error":null}}\n\n'
)
RESPONSE_FAILED = (
    b'event: response.failed\ndata: {"type":"response.failed","response":' + FAILED + b"}\n\n"
)
CLAUDES_ERROR = b"event: error\ndata: " + CLAUDE + b"\n\n"
MESSAGE = {"model": "here", "max_tokens": 50, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def second(stand: Stand, org: str, provider: Provider) -> Iterator[Provider]:
    """Another provider, which answers; the model `both` goes to `own` and then to it."""
    made = Provider()
    body = {"kind": "openai", "base_url": f"{made.url}/v1", "api_key": "sk-second"}
    stand.manage("PUT", "/api/v1/providers/second", org, json=body)
    routes = [{"provider": "own", "model": "a"}, {"provider": "second", "model": "b"}]
    price = {"input_usd_per_mtok": "3", "output_usd_per_mtok": "15"}
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes, "price": price})
    made.script = [made.answers(ANSWER, "content-type: application/json")]
    yield made
    made.close()


@pytest.fixture
def claude(stand: Stand, org: str) -> Iterator[Provider]:
    """A provider of the kind `anthropic`, as the only route of `here`."""
    made = Provider()
    account = {"kind": "anthropic", "base_url": made.url, "api_key": "sk-own"}
    stand.manage("PUT", "/api/v1/providers/claude", org, json=account)
    routes = [{"provider": "claude", "model": "there"}]
    price = {"input_usd_per_mtok": "3", "output_usd_per_mtok": "15"}
    stand.manage("PUT", "/api/v1/models/here", org, json={"routes": routes, "price": price})
    yield made
    made.close()


def answered(provider: Provider, body: bytes, kind: str = "application/json") -> list[Any]:
    return [provider.answers(body, f"content-type: {kind}", "x-odd: 1", "retry-after: 0")]


def streamed(provider: Provider, *frames: bytes) -> list[Any]:
    return [provider.streams("retry-after: 0"), *map(provider.chunk, frames), b"0\r\n\r\n"]


def read(stand: Stand, org: str, body: bytes, path: str = "/v1/chat/completions") -> Any:
    """The outcome in the books, the status, the headers and the body."""
    headers = {"anthropic-version": "2023-06-01"} if "messages" in path else {}
    ticket, answer, connection = send(stand, org, body, path, **headers)
    content = answer.read()
    connection.close()
    return stand.outcome(org, ticket), answer.status, answer.headers, content


def refusing(code: int) -> bytes:
    """An error that says what it has used."""
    error = {"message": "content refused", "code": code}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    return json.dumps({"error": error, "usage": usage}).encode()


def assert_unbilled(outcome: dict[str, Any], status: int, attempts: int) -> None:
    assert (outcome["status"], outcome["error"]) == ("provider_error", "no_answer")
    assert (outcome["http_status"], outcome["attempts"]) == (status, attempts)
    assert (outcome["input_tokens"], outcome["output_tokens"], outcome["cost_nanos"]) == (0, 0, 0)
    assert outcome["estimated"] is False


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (LIMITED, 429, "Rate limited"),
        (b"", 502, "the answer is empty"),
        (b"null", 502, "the answer is no object"),
        (b"[]", 502, "the answer is no object"),
        (b"{}", 502, "an empty object"),
        (b"upstream connect error", 502, "the answer is no JSON"),
        (CLAUDE, 529, "Overloaded"),
        (b'{"error":"model is loading"}', 502, "model is loading"),
    ],
)
def test_what_is_no_answer_is_tried_again_and_then_refused(
    stand: Stand, org: str, provider: Provider, body: bytes, status: int, words: str
) -> None:
    provider.script = answered(provider, body)
    outcome, found, headers, content = read(stand, org, BODY)
    assert found == status
    assert headers["content-type"] == "application/json"
    assert headers["x-tollgate-cost-usd"] == "0.000000000"
    assert headers["x-odd"] == "1"
    assert words in json.loads(content)["error"]["message"]
    assert_unbilled(outcome, status, attempts=3)


def test_an_error_in_the_callers_own_words_passes_byte_for_byte(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = answered(provider, OPENROUTER, "application/json; charset=utf-8")
    outcome, status, _, content = read(stand, org, BODY)
    assert (status, content) == (502, OPENROUTER)
    assert_unbilled(outcome, 502, attempts=3)


def test_a_page_is_no_answer(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = answered(provider, PAGE, "text/html")
    outcome, status, headers, content = read(stand, org, BODY)
    assert (status, headers["content-type"]) == (502, "application/json")
    assert json.loads(content)["error"]["code"] == "provider_failed"
    assert_unbilled(outcome, 502, attempts=3)


def test_a_failed_response_is_no_answer(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = answered(provider, FAILED)
    outcome, status, _, content = read(stand, org, b'{"model":"here","input":"x"}', "/v1/responses")
    assert status == 500
    error = json.loads(content)["error"]
    assert (error["type"], "The model failed." in error["message"]) == ("server_error", True)
    assert_unbilled(outcome, 500, attempts=3)


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404])
def test_a_refusal_of_the_request_goes_to_the_caller_at_once(
    stand: Stand, org: str, provider: Provider, second: Provider, code: int
) -> None:
    refusal = json.dumps({"error": {"message": "no", "code": code}}).encode()
    provider.script = answered(provider, refusal)
    outcome, status, _, content = read(stand, org, BOTH)
    assert (status, content) == (code, refusal)
    assert second.received == []
    assert_unbilled(outcome, code, attempts=1)


def test_a_conversation_that_is_too_long_goes_to_the_next_route(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    error = {"message": "This endpoint's maximum context length is 9 tokens", "code": 400}
    provider.script = answered(provider, json.dumps({"error": error}).encode())
    _, status, headers, _ = read(stand, org, BOTH)
    assert (status, headers["x-tollgate-provider"]) == (200, "second")


@pytest.mark.parametrize("body", [OPENROUTER, LIMITED, CLAUDE, b"", b"[]", b"{}", PAGE])
def test_the_next_route_is_asked(
    stand: Stand, org: str, provider: Provider, second: Provider, body: bytes
) -> None:
    provider.script = answered(provider, body, "text/html" if body == PAGE else "application/json")
    outcome, status, headers, content = read(stand, org, BOTH)
    assert (status, content, headers["x-tollgate-provider"]) == (200, ANSWER, "second")
    assert (outcome["status"], outcome["attempts"]) == ("ok", 2)
    assert (outcome["provider"], outcome["cost_nanos"]) == ("second", COST)


@pytest.mark.parametrize(
    "frames",
    [
        [b"data: " + OPENROUTER + b"\n\n"],
        [COMMENT, COMMENT, b"data: " + OPENROUTER + b"\n\n", DONE],
        [],
        [COMMENT],
        [DONE],
        [OPENROUTER],
    ],
)
def test_a_stream_that_says_nothing_or_an_error_first_is_followed_by_the_next_route(
    stand: Stand, org: str, provider: Provider, second: Provider, frames: list[bytes]
) -> None:
    provider.script = streamed(provider, *frames)
    second.script = streamed(second, COMMENT, HI, USAGE, DONE)
    outcome, status, headers, content = read(stand, org, BOTH_STREAM)
    assert (status, headers["x-tollgate-provider"]) == (200, "second")
    assert headers["content-type"].startswith("text/event-stream")
    assert content == COMMENT + HI + DONE
    assert (outcome["status"], outcome["attempts"], outcome["cost_nanos"]) == ("ok", 2, COST)


def test_a_stream_that_breaks_off_before_it_begins_is_followed_by_the_next_route(
    stand: Stand, org: str, provider: Provider, second: Provider
) -> None:
    provider.script = [provider.streams(), provider.chunk(COMMENT), Provider.HANG_UP]
    second.script = streamed(second, HI, USAGE, DONE)
    outcome, status, _, content = read(stand, org, BOTH_STREAM)
    assert (status, content) == (200, HI + DONE)
    assert (outcome["status"], outcome["attempts"], outcome["cost_nanos"]) == ("ok", 2, COST)


def test_a_stream_that_is_none_is_refused_with_a_status(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = streamed(provider, COMMENT, b"data: " + OPENROUTER + b"\n\n", DONE)
    outcome, status, headers, content = read(stand, org, STREAM)
    assert (status, content) == (502, OPENROUTER)
    assert headers["content-type"] == "application/json"
    assert_unbilled(outcome, 502, attempts=3)


def test_a_silent_stream_is_refused_with_a_status(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = streamed(provider, COMMENT)
    outcome, status, _, content = read(stand, org, STREAM)
    assert status == 502
    assert "ended before it said anything" in json.loads(content)["error"]["message"]
    assert_unbilled(outcome, 502, attempts=3)


def test_a_streamed_response_that_fails_at_once_is_no_answer(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = streamed(provider, CREATED, RESPONSE_FAILED)
    body = b'{"model":"here","input":"x","stream":true}'
    outcome, status, _, content = read(stand, org, body, "/v1/responses")
    assert status == 500
    assert "The model failed." in json.loads(content)["error"]["message"]
    assert_unbilled(outcome, 500, attempts=3)


def test_events_that_announce_an_answer_pass_in_their_order(
    stand: Stand, org: str, claude: Provider
) -> None:
    frames = [
        START,
        PING,
        b'data: {"type":"content_block_start","index":0}\n\n',
        b'data: {"type":"message_delta","usage":{"output_tokens":10}}\n\n',
        b'data: {"type":"message_stop"}\n\n',
    ]
    claude.script = streamed(claude, *frames)
    body = json.dumps(MESSAGE | {"stream": True}).encode()
    outcome, status, _, content = read(stand, org, body, "/v1/messages")
    assert (status, content) == (200, b"".join(frames))
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (25, 10)


def test_claudes_error_as_the_first_event_is_refused_in_claudes_words(
    stand: Stand, org: str, claude: Provider
) -> None:
    claude.script = streamed(claude, CLAUDES_ERROR)
    body = json.dumps(MESSAGE | {"stream": True}).encode()
    outcome, status, _, content = read(stand, org, body, "/v1/messages")
    assert (status, content) == (529, CLAUDE)
    assert_unbilled(outcome, 529, attempts=3)


def test_what_a_failure_reports_as_used_is_booked(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = answered(provider, refusing(403))
    outcome, status, headers, _ = read(stand, org, BODY)
    assert status == 403
    assert (outcome["status"], outcome["estimated"]) == ("provider_error", False)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (100, 10)
    assert outcome["cost_nanos"] == COST
    assert headers["x-tollgate-cost-usd"] == "0.000450000"


def test_what_several_failures_report_as_used_is_booked_for_each(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = answered(provider, refusing(500))
    outcome, _, headers, _ = read(stand, org, BODY)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (300, 30)
    assert outcome["cost_nanos"] == 3 * COST
    assert headers["x-tollgate-cost-usd"] == "0.001350000"
    assert [(line["kind"], line["quantity"]) for line in outcome["lines"]] == [
        ("input", 100),
        ("output", 10),
    ] * 3


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_failure_reports_as_used_is_booked_beside_the_next_routes(
    stand: Stand, org: str, provider: Provider, second: Provider, stream: bool
) -> None:
    body = refusing(500)
    whole, begun = answered(provider, body), streamed(provider, b"data: " + body + b"\n\n")
    provider.script = begun if stream else whole
    second.script = streamed(second, HI, USAGE, DONE) if stream else second.script
    outcome, status, _, _ = read(stand, org, BOTH_STREAM if stream else BOTH)
    assert (status, outcome["status"], outcome["provider"]) == (200, "ok", "second")
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (200, 20)
    assert outcome["cost_nanos"] == 2 * COST
    assert [line["model"] for line in outcome["lines"]] == ["a", "a", "b", "b"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_circuit_breaker_hears_of_it(
    stand: Stand, org: str, provider: Provider, second: Provider, stream: bool
) -> None:
    provider.script = streamed(provider, COMMENT) if stream else answered(provider, OPENROUTER)
    second.script = streamed(second, HI, USAGE, DONE) if stream else second.script
    attempts = []
    for _ in range(7):
        outcome, status, _, _ = read(stand, org, BOTH_STREAM if stream else BOTH)
        assert status == 200
        attempts.append(outcome["attempts"])
    assert attempts == [2] * 5 + [1] * 2


def test_a_provider_that_recovers_answers_after_all(
    stand: Stand, org: str, provider: Provider
) -> None:
    Script(provider, answered(provider, OPENROUTER), answered(provider, ANSWER))
    outcome, status, headers, content = read(stand, org, BODY)
    assert (status, content, headers["x-tollgate-attempts"]) == (200, ANSWER, "2")
    assert (outcome["status"], outcome["cost_nanos"]) == ("ok", COST)


@pytest.mark.parametrize(
    "body",
    [
        b'\n\n   {"choices" : [ {"message":{"content":"{\\"error\\": 1}"}} ],"error":null}\n',
        b'\xef\xbb\xbf{"choices":[{"message":{"content":"\\u00e9"}}]}',
        b'{"choices":[{"logprobs":NaN}]}',
        b'{"usage":{"prompt_tokens":-1},"choices":[{}]}',
    ],
)
def test_an_answer_passes_byte_for_byte_and_is_asked_for_once(
    stand: Stand, org: str, provider: Provider, body: bytes
) -> None:
    provider.script = answered(provider, body)
    outcome, status, _, content = read(stand, org, BODY)
    assert (status, content) == (200, body)
    assert (outcome["status"], len(provider.received)) == ("ok", 1)


def test_what_nobody_here_can_read_passes_as_it_came(
    stand: Stand, org: str, provider: Provider
) -> None:
    packed = b"nobody has br here"
    provider.script = [provider.answers(packed, "content-encoding: br")]
    outcome, status, headers, content = read(stand, org, BODY)
    assert (status, content, headers["content-encoding"]) == (200, packed, "br")
    assert outcome["status"] == "ok"


@pytest.mark.parametrize(
    ("pack", "encoding"),
    [(gzip.compress, "gzip"), (gzip.compress, "X-GZIP"), (zlib.compress, "deflate")],
)
def test_what_came_compressed_unasked_is_passed_on_as_what_it_holds(
    stand: Stand, org: str, provider: Provider, pack: Callable[[bytes], bytes], encoding: str
) -> None:
    provider.script = [provider.answers(pack(ANSWER), f"content-encoding: {encoding}")]
    outcome, status, headers, content = read(stand, org, BODY)
    assert (status, content, headers.get("content-encoding")) == (200, ANSWER, None)
    assert (outcome["status"], outcome["estimated"]) == ("ok", False)


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(ANSWER)[:-12], b"no gzip", b""],
    ids=["cut", "another encoding", "empty"],
)
def test_what_cannot_be_unpacked_is_broken_off(
    stand: Stand, org: str, provider: Provider, packed: bytes
) -> None:
    provider.script = [provider.answers(packed, "content-encoding: gzip")]
    outcome, status, _, _ = read(stand, org, BODY)
    assert (status, outcome["status"]) == (502, "provider_error")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b'{"error":{"message":"busy","code":503}}', 503, "overloaded_error"),
        (b"", 502, "api_error"),
        (PAGE, 502, "api_error"),
        (
            b'{"error":{"message":"slow down","code":"rate_limit_exceeded"}}',
            429,
            "rate_limit_error",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_of_the_other_dialect_gets_its_own_error(
    stand: Stand, org: str, provider: Provider, body: bytes, status: int, kind: str, stream: bool
) -> None:
    event = b"data: " + body + b"\n\n"
    provider.script = streamed(provider, event) if stream else answered(provider, body)
    asked = json.dumps(MESSAGE | {"stream": stream}).encode()
    if stream and body == PAGE:
        provider.script = answered(provider, body, "text/html")
    outcome, found, headers, content = read(stand, org, asked, "/v1/messages")
    error = json.loads(content)
    assert (found, error["type"], error["error"]["type"]) == (status, "error", kind)
    assert headers["content-type"] == "application/json"
    assert_unbilled(outcome, status, attempts=3)


SPOKEN = b'{"model":"here","input":"12345678","voice":"alloy"}'


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (OPENROUTER, "application/json", "Provider returned error"),
        (PAGE, "text/html", "a page"),
        (b"", "audio/mpeg", "empty"),
        (b"", "application/json", "empty"),
    ],
)
def test_speech_that_is_none_is_refused(
    stand: Stand, org: str, provider: Provider, body: bytes, kind: str, words: str
) -> None:
    provider.script = answered(provider, body, kind)
    answer, ticket = post(stand, org, "/v1/audio/speech", SPOKEN, "application/json")
    assert answer.status_code == 502
    assert words in answer.json()["error"]["message"]
    assert_unbilled(stand.outcome(org, ticket), 502, attempts=3)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": "is what these bytes happen to be"}', "audio/pcm"),
        (b"<html", "application/octet-stream"),
        (b'{"audio": "in some servers own way"}', "application/json"),
    ],
)
def test_speech_is_not_taken_for_an_error(
    stand: Stand, org: str, provider: Provider, body: bytes, kind: str
) -> None:
    provider.script = answered(provider, body, kind)
    answer, ticket = post(stand, org, "/v1/audio/speech", SPOKEN, "application/json")
    assert (answer.status_code, answer.content) == (200, body)
    assert stand.outcome(org, ticket)["status"] == "ok"
