import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from tollgate_common.request_ids import RequestIds
from tollgate_gateway.hops import forward_headers, target, whole_answer_headers


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/v1/models/a%2Fb?x=%20y", "/v1/models/a%2Fb?x=%20y"),
        ("http://elsewhere.example/v1/models?x=1", "/v1/models?x=1"),
        ("http://elsewhere.example", "/"),
        ("//elsewhere.example/v1/models", "//elsewhere.example/v1/models"),
    ],
)
def test_the_path_goes_on_as_it_came_and_never_a_host(line: str, expected: str) -> None:
    query = line.partition("?")[2]
    environ = EnvironBuilder(query_string=query).get_environ() | {"RAW_URI": line}
    assert target(Request(environ)) == expected


def test_an_answer_keeps_its_headers_but_those_of_the_hop_and_those_that_are_ours() -> None:
    passed = whole_answer_headers(
        [
            ("Date", "then"), ("Server", "inner"), ("Connection", "close"), ("Via", "a"),
            ("Via", "b"), ("Content-Length", "2"), ("X-RateLimit-Limit-Requests", "theirs"),
        ],
        [("x-ratelimit-limit-requests", "ours")],
    )  # fmt: skip
    assert passed == [
        ("Via", "a"), ("Via", "b"), ("Content-Length", "2"), ("x-ratelimit-limit-requests", "ours")
    ]  # fmt: skip


def test_a_request_keeps_its_headers_but_those_of_the_hop_and_its_credentials() -> None:
    sent = [
        ("Authorization", "Bearer x"), ("x-api-key", "y"), ("Cookie", "z"), ("TE", "trailers"),
        ("x-tollgate-ticket", "forged"), ("x-tollgate-timeout", "5"), ("anthropic-beta", "a,b"),
        ("content-type", "application/json"), ("x-request-id", "theirs"),
        ("X-Client-Request-Id", "S\xfcd"),
    ]  # fmt: skip
    request = Request(EnvironBuilder(headers=sent).get_environ())
    passed = forward_headers(request, "assertion", RequestIds("req_1"))
    assert passed == {
        "Authorization": "Bearer assertion", "X-Request-Id": "req_1", "X-Tollgate-Timeout": "5",
        "Anthropic-Beta": "a,b", "Content-Type": "application/json",
    }  # fmt: skip


def test_the_callers_id_goes_on_only_as_the_gateway_has_read_it() -> None:
    sent = [("x-client-request-id", "  theirs "), ("x-request-id", "a-proxys")]
    request = Request(EnvironBuilder(headers=sent).get_environ())
    assert forward_headers(request, None, RequestIds("req_1", "theirs")) == {
        "X-Request-Id": "req_1", "X-Client-Request-Id": "theirs",
    }  # fmt: skip
