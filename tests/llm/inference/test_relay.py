"""The relay between a client and a provider, both on real sockets: bytes, headers, the books."""

import http.client
import json
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.llm.stand import Provider, Stand, eventually
from tollgate_common.usage_lines import priced_line

CHAT = "/v1/chat/completions"
BODY = b'{ "model" : "here",  "x": [1.0, 1e5, "\\u00e9"], "model2":"here", "messages":[] }'
ANSWER = (
    b'{"id":"1", "odd" : [1.50,"\\u00e9"],  "usage": {"prompt_tokens": 100,'
    b' "completion_tokens": 10, "new": true}}'
)
HI = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hi there"}}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10}}\n\n'
DONE = b"data: [DONE]\n\n"
COST = 100 * 3000 + 10 * 15000


def send(
    stand: Stand, org: str, body: bytes, path: str = CHAT, **headers: str
) -> tuple[str, http.client.HTTPResponse, http.client.HTTPConnection]:
    """Without a client library's own opinions; live mode."""
    ticket = stand.ticket(org, path.partition("?")[0])
    connection = http.client.HTTPConnection(urlsplit(stand.url).netloc, timeout=15)
    connection.request("POST", path, body, stand.headers(org, ticket, mode="live") | headers)
    return ticket, connection.getresponse(), connection


@pytest.mark.parametrize(
    ("path", "cap"),
    [
        (CHAT, b'"max_tokens":77,'),
        ("/v1/completions", b'"max_tokens":77,'),
        ("/v1/responses", b'"max_output_tokens":77,'),
        ("/v1/embeddings", b""),
    ],
)
def test_the_cap_that_a_limit_needs_is_told_to_the_provider(
    stand: Stand, org: str, provider: Provider, path: str, cap: bytes
) -> None:
    provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    _, answer, connection = send(stand, org, BODY, path, **{"x-tollgate-max-output": "77"})
    assert (answer.status, answer.read()) == (200, ANSWER)
    connection.close()
    changed = BODY.replace(b'"model" : "here"', b'"model" : "there"')
    received = provider.received[0]
    assert received.body == changed.replace(b"{", b"{" + cap, 1)
    assert not any(name.startswith("x-tollgate") for name in received.headers)


def test_bytes_pass_both_ways_and_only_the_model_changes(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(ANSWER, "content-type: application/json", "x-new: 1")]
    ticket, answer, connection = send(stand, org, BODY, f"{CHAT}?beta=a%20b&beta=2")
    assert answer.status == 200
    assert answer.read() == ANSWER
    connection.close()
    received = provider.received[0]
    assert received.line == "POST /v1/chat/completions?beta=a%20b&beta=2 HTTP/1.1"
    assert received.body == BODY.replace(b'"model" : "here"', b'"model" : "there"')
    outcome = stand.outcome(org, ticket)
    lines = [
        priced_line("there", "input", 100, "0.000003"),
        priced_line("there", "output", 10, "0.000015"),
    ]
    assert outcome == {
        "lines": msgspec.json.decode(msgspec.json.encode(lines)), "service_tier": None,
        "unpriced": False, "capped": False,
        "status": "ok", "provider": "own", "provider_model": "there", "http_status": 200,
        "input_tokens": 100, "output_tokens": 10, "cached_input_tokens": 0,
        "cache_write_tokens": 0, "reasoning_tokens": 0, "cost_nanos": COST,
        "price": {"input_usd_per_mtok": "3", "output_usd_per_mtok": "15"}, "estimated": False,
        "attempts": 1, "latency_ms": outcome["latency_ms"],
        "first_byte_ms": outcome["first_byte_ms"], "error": None,
    }  # fmt: skip
    assert answer.headers["x-tollgate-cost-usd"] == "0.000450000"
    assert answer.headers["x-tollgate-model"] == "there"
    assert answer.headers["x-tollgate-provider"] == "own"
    assert answer.headers["x-tollgate-attempts"] == "1"


def test_credentials_are_swapped_and_headers_that_belong_elsewhere_stay(
    stand: Stand, org: str, provider: Provider
) -> None:
    theirs = ["set-cookie: a=b", "x-request-id: theirs", "x-tollgate-cost-usd: 9",
              "openai-processing-ms: 7", "x-request-id: theirs-too",
              "x-client-request-id: the-tickets"]  # fmt: skip
    provider.script = [provider.answers(ANSWER, *theirs)]
    ticket, answer, connection = send(
        stand, org, BODY, **{"openai-beta": "x=1", "accept": "a/b", "user-agent": "me/1",
                             "cookie": "c=d", "x-api-key": "tg_live_x", "accept-encoding": "gzip",
                             "x-forwarded-for": "10.0.0.1", "x-request-id": "req_ours",
                             "traceparent": "00-" + "1" * 32 + "-" + "1" * 16 + "-01"}
    )  # fmt: skip
    connection.close()
    sent = provider.received[0].headers
    assert sent["authorization"] == "Bearer sk-own"
    assert sent["x-client-request-id"] == ticket
    assert (sent["openai-beta"], sent["accept"], sent["user-agent"]) == ("x=1", "a/b", "me/1")
    assert sent["accept-encoding"] == "identity"
    assert not {"cookie", "x-api-key", "x-forwarded-for", "x-request-id", "traceparent",
                "x-tollgate-ticket"} & sent.keys()  # fmt: skip
    assert answer.headers["x-request-id"] == "req_ours"
    assert answer.headers.get_all("x-tollgate-provider-request-id") == ["theirs", "theirs-too"]
    assert answer.headers["openai-processing-ms"] == "7"
    assert (answer.headers["set-cookie"], answer.headers["x-client-request-id"]) == (None, None)
    assert answer.headers["x-tollgate-cost-usd"] != "9"


def test_a_stream_passes_without_the_usage_that_only_we_asked_for(
    stand: Stand, org: str, provider: Provider
) -> None:
    frames = [HI, USAGE, DONE]
    provider.script = [provider.streams(), *map(provider.chunk, frames), b"0\r\n\r\n"]
    body = b'{"model":"here","stream":true,"messages":[]}'
    ticket, answer, connection = send(stand, org, body)
    assert answer.read() == HI + DONE
    connection.close()
    asked = b'{"stream_options":{"include_usage":true},"model":"there","stream":true,"messages":[]}'
    assert provider.received[0].body == asked
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["cost_nanos"]) == ("ok", COST)
    assert not outcome["estimated"]


def test_a_client_that_asks_for_usage_gets_it(stand: Stand, org: str, provider: Provider) -> None:
    frames = [HI, USAGE, DONE]
    provider.script = [provider.streams(), *map(provider.chunk, frames), b"0\r\n\r\n"]
    body = b'{"model":"here","stream":true,"stream_options":{"include_usage":true}}'
    _, answer, connection = send(stand, org, body)
    assert answer.read() == HI + USAGE + DONE
    connection.close()
    assert provider.received[0].body == body.replace(b"here", b"there")


def test_the_books_are_written_before_the_stream_ends(
    stand: Stand, org: str, provider: Provider
) -> None:
    last = threading.Event()
    provider.script = [
        provider.streams(), provider.chunk(HI), provider.chunk(USAGE + DONE), last, b"0\r\n\r\n"
    ]  # fmt: skip
    ticket, answer, connection = send(stand, org, b'{"model":"here","stream":true}')
    assert answer.read(len(HI)) == HI
    assert answer.read(len(DONE)) == DONE
    assert stand.outcome(org, ticket)["status"] == "ok"
    last.set()
    assert answer.read() == b""
    connection.close()


@pytest.mark.parametrize("how", ["reset", "half a chunk"])
def test_a_stream_that_breaks_off_ends_with_an_error_event(
    stand: Stand, org: str, provider: Provider, how: str
) -> None:
    half = b"" if how == "reset" else provider.chunk(HI + HI[:20])[:-30]
    provider.script = [provider.streams(), provider.chunk(HI), half, Provider.HANG_UP]
    body = b'{"model":"here","stream":true,"messages":[{"role":"user","content":"12345678"}]}'
    ticket, answer, connection = send(stand, org, body)
    received = answer.read()
    connection.close()
    assert received.startswith(HI)
    error = json.loads(received.removeprefix(HI).removeprefix(b"data: "))["error"]
    assert (error["type"], error["code"]) == ("server_error", "provider_failed")
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["error"]) == ("provider_error", "provider_failed")
    assert outcome["estimated"]
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (2, 2)


def test_an_answer_that_breaks_off_is_502_and_booked_by_estimate(
    stand: Stand, org: str, provider: Provider
) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    provider.script = [head, b'{"choices":[{"message":{"content":"12345678"', Provider.HANG_UP]
    ticket, answer, connection = send(stand, org, BODY)
    assert answer.status == 502
    assert json.loads(answer.read())["error"]["code"] == "provider_failed"
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["http_status"]) == ("provider_error", 502)
    assert outcome["estimated"]
    assert outcome["output_tokens"] == 2


def test_a_client_that_hangs_up_ends_the_call_and_is_booked(
    stand: Stand, org: str, provider: Provider
) -> None:
    hung_up = threading.Event()
    endless = [provider.chunk(HI) for _ in range(100_000)]
    provider.script = [provider.streams(), provider.chunk(HI), hung_up, *endless]
    ticket, answer, connection = send(stand, org, b'{"model":"here","stream":true}')
    assert answer.read(len(HI)) == HI
    assert isinstance(connection.sock, socket.socket) or answer.fp
    answer.close()
    connection.close()
    hung_up.set()
    outcome = eventually(lambda: stand.outcomes(org, ticket))[0]
    assert (outcome["status"], outcome["error"]) == ("client_closed", "client_closed")
    assert outcome["estimated"]
    assert outcome["output_tokens"] >= 2
    assert provider.hung_up_on.wait(10)


def test_a_refused_connection_is_503_and_closed(stand: Stand, org: str, provider: Provider) -> None:
    provider.close()
    ticket, answer, connection = send(stand, org, BODY)
    assert answer.status == 503
    assert answer.headers["retry-after"] == "1"
    assert json.loads(answer.read())["error"]["code"] == "provider_unavailable"
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["http_status"]) == ("provider_error", 503)
    assert (outcome["cost_nanos"], outcome["attempts"]) == (0, 3)


def test_a_silent_provider_is_504(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [threading.Event()]
    ticket, answer, connection = send(stand, org, BODY)
    assert answer.status == 504
    assert json.loads(answer.read())["error"]["code"] == "provider_timeout"
    connection.close()
    assert stand.outcome(org, ticket)["error"] == "provider_timeout"


@pytest.mark.parametrize("said", [b"not HTTP at all\r\n\r\n", b""])
def test_a_provider_that_talks_nonsense_is_502(
    stand: Stand, org: str, provider: Provider, said: bytes
) -> None:
    provider.script = [said, Provider.HANG_UP]
    ticket, answer, connection = send(stand, org, BODY)
    assert answer.status == 502
    connection.close()
    assert stand.outcome(org, ticket)["status"] == "provider_error"


def test_a_providers_own_error_passes_untouched(stand: Stand, org: str, provider: Provider) -> None:
    body = b'{"error": {"message": "slow down", "odd": 1.0}}'
    provider.script = [provider.answers(body, "retry-after: 17", status="429 Too Many Requests")]
    ticket, answer, connection = send(stand, org, BODY)
    assert (answer.status, answer.headers["retry-after"]) == (429, "17")
    assert answer.read() == body
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["http_status"]) == ("provider_error", 429)
    assert (outcome["cost_nanos"], outcome["error"]) == (0, "http_429")


def test_a_second_route_is_asked_when_the_first_takes_no_connection(
    stand: Stand, org: str, provider: Provider
) -> None:
    dead = Provider()
    dead.close()
    stand.manage(
        "PUT", "/api/v1/providers/dead", org, json={"kind": "openai", "base_url": dead.url}
    )
    routes: list[dict[str, Any]] = [{"provider": "dead", "model": "a"},
                                    {"provider": "own", "model": "b"}]  # fmt: skip
    stand.manage("PUT", "/api/v1/models/both", org, json={"routes": routes})
    provider.script = [provider.answers(ANSWER)]
    ticket, answer, connection = send(stand, org, b'{"model":"both"}')
    assert (answer.status, answer.headers["x-tollgate-attempts"]) == (200, "2")
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["provider"], outcome["attempts"]) == ("own", 2)


def test_a_route_that_a_vendor_has_not_is_refused(stand: Stand, org: str) -> None:
    """Anthropic embeds nothing, and nothing can be translated into that."""
    provider = {"kind": "anthropic", "base_url": "http://127.0.0.1:9", "api_key": "x"}
    stand.manage("PUT", "/api/v1/providers/other", org, json=provider)
    routes = [{"provider": "other", "model": "claude"}]
    stand.manage("PUT", "/api/v1/models/claude", org, json={"routes": routes})
    ticket, answer, connection = send(stand, org, b'{"model":"claude"}', "/v1/embeddings")
    assert answer.status == 400
    assert "/v1/embeddings" in json.loads(answer.read())["error"]["message"]
    connection.close()
    assert stand.outcome(org, ticket)["error"] == "unsupported_endpoint_for_model"


def test_a_stream_without_usage_is_booked_by_estimate(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    ticket, answer, connection = send(
        stand, org, b'{"model":"here","stream":true,"prompt":"abcde"}'
    )
    assert answer.read() == HI + DONE
    connection.close()
    outcome = stand.outcome(org, ticket)
    assert (outcome["status"], outcome["estimated"]) == ("ok", True)
    assert (outcome["input_tokens"], outcome["output_tokens"]) == (2, 2)
