"""Wrong input and wrong keys: the caller's dialect, the field named, never HTML, never a 5xx."""

import http.client
import json
import socket
from email.message import Message
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anthropic
import openai
import pytest
import requests

from tests.e2e.platform import Key, Platform, eventually

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
BODY: dict[str, Any] = {"model": "sandbox", "messages": [{"role": "user", "content": "x"}]}
KEYS = ["", "nonsense", "tg_live_" + "0" * 38, "0" * 64, "' OR '1'='1", "Bearer x", "a.b.c", "\tx"]


class Raw(NamedTuple):
    status: int
    headers: Message
    content: bytes


def raw(platform: Platform, request: bytes) -> Raw:
    """What a plain socket gets."""
    parts = urlsplit(platform.url)
    with socket.create_connection((str(parts.hostname), parts.port or 80), 10) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return Raw(answer.status, answer.headers, answer.read())


def error_of(answer: requests.Response) -> dict[str, Any]:
    """The error, in the shape of the dialect of its route."""
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    assert answer.headers["x-request-id"]
    body = answer.json()
    if answer.request.path_url.startswith(MESSAGES):
        assert body["type"] == "error"
        assert body["request_id"] == answer.headers["x-request-id"]
    return dict(body["error"])


@pytest.mark.parametrize("path", [CHAT, MESSAGES, "/v1/models", "/v1/nowhere"])
@pytest.mark.parametrize("credential", KEYS)
def test_a_wrong_key_is_401_in_the_callers_dialect(
    platform: Platform, path: str, credential: str
) -> None:
    method = "GET" if path == "/v1/models" else "POST"
    for headers in ({"authorization": f"Bearer {credential}"}, {"x-api-key": credential.strip()}):
        answer = requests.request(
            method, platform.url + path, json=BODY, headers=headers, timeout=10
        )
        assert answer.status_code == 401, (headers, answer.text)
        assert error_of(answer)["type"] == "authentication_error"


def test_a_revoked_key_is_401_within_a_second(platform: Platform, key: Key) -> None:
    assert platform.post(CHAT, BODY, key.secret).status_code == 200
    assert platform.api("DELETE", f"/keys/{key.id}").status_code in (200, 204)
    eventually(lambda: platform.post(CHAT, BODY, key.secret).status_code == 401, within=1)


@pytest.mark.parametrize("path", [CHAT, MESSAGES, "/v1/embeddings", "/v1/responses"])
@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", "body"), (b"", "body"), (b"[]", "body"), (b"\xff\xfe", "body"), (b"{}", "model"),
        (b'{"model": 7}', "model"), (b'{"model": "sandbox", "stream": "maybe"}', "stream"),
    ],
)  # fmt: skip
def test_a_wrong_body_is_400_naming_the_field(
    platform: Platform, path: str, body: bytes, param: str
) -> None:
    answer = platform.post(path, body, platform.api_key)
    assert answer.status_code == 400, answer.text
    error = error_of(answer)
    assert error["type"] == "invalid_request_error"
    assert param in (error["message"] if path == MESSAGES else error["param"])


def test_a_body_over_32_mb_is_413(platform: Platform) -> None:
    body = b'{"model": "sandbox", "x": "' + b"x" * (32 * 1024 * 1024) + b'"}'
    answer = platform.post(CHAT, body, platform.api_key)
    assert answer.status_code == 413
    assert error_of(answer)["code"] == "request_too_large"


def test_what_the_provider_refuses_comes_back_in_its_own_words(platform: Platform) -> None:
    answer = platform.post(MESSAGES, {**BODY, "max_tokens": "many"}, platform.api_key,
                           **{"anthropic-version": "2023-06-01"})  # fmt: skip
    assert answer.status_code == 400
    assert "max_tokens" in error_of(answer)["message"]


@pytest.mark.parametrize("path", ["/v1/nowhere", "/v1/chat", "/v1/messages/nothing"])
def test_an_unknown_route_is_404_in_dialect(platform: Platform, path: str) -> None:
    answer = platform.post(path, BODY, platform.api_key)
    assert answer.status_code == 404
    assert error_of(answer)


def test_a_wrong_method_is_405_in_dialect(platform: Platform) -> None:
    answer = requests.delete(platform.url + CHAT, timeout=10,
                             headers={"authorization": f"Bearer {platform.api_key}"})  # fmt: skip
    assert answer.status_code in (404, 405)
    assert error_of(answer)


@pytest.mark.parametrize("path", ["/api/v1/keys", "/api/v1/usage", "/api/v1/models", "/api/v1/x"])
def test_the_management_api_answers_problems(platform: Platform, path: str) -> None:
    answer = requests.get(platform.url + path, timeout=10)
    assert answer.status_code in (401, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


UNREADABLE = [
    (b"GET /v1/models HTTP/1.1\r\nhost x\r\n\r\n", 400),
    (b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: cake\r\n\r\n", 400),
    (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414),
    (b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: cake\r\n\r\n", 417),
    (b"GET /v1/models HTTP/1.1\r\nhost: x\r\n" + b"x: y\r\n" * 200 + b"\r\n", 431),
]


@pytest.mark.parametrize(("request_bytes", "status"), UNREADABLE)
def test_what_is_no_http_is_refused_in_json(
    platform: Platform, request_bytes: bytes, status: int
) -> None:
    answer = raw(platform, request_bytes)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == json.loads(answer.content)["request_id"]


def test_a_body_in_broken_chunks_is_400_in_dialect(platform: Platform) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {platform.api_key}\r\n"
    broken = raw(platform, head.encode() + b"transfer-encoding: chunked\r\n\r\ncake\r\n{}\r\n")
    assert broken.status == 400
    assert json.loads(broken.content)["error"]["param"] == "body"


def test_an_assertion_from_outside_is_refused(platform: Platform, key: Key) -> None:
    refresh = platform.session.post(
        f"{platform.url}/api/v1/auth/login",
        json={"email": platform.email, "password": platform.password}, timeout=10,
    ).json()["refresh_token"]  # fmt: skip
    assert platform.post(CHAT, BODY, refresh).status_code == 401


def test_a_limit_refuses_with_what_is_left_and_is_not_retried(platform: Platform) -> None:
    key = platform.new_key(limits=[{"metric": "requests", "window": "month", "max": "2"}])
    with openai.OpenAI(base_url=f"{platform.url}/v1", api_key=key.secret) as client:
        for left in ("1", "0"):
            raw = client.chat.completions.with_raw_response.create(**BODY)
            assert raw.headers["x-ratelimit-remaining-requests"] == left
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(**BODY)
    assert refused.value.code == "insufficient_quota"
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert int(refused.value.response.headers["retry-after"]) > 0
    assert "lim_" in str(refused.value)


@pytest.mark.parametrize(
    ("metric", "window", "most"),
    [
        ("tokens", "minute", "10"), ("tokens", "day", "10"), ("cost_usd", "total", "0.000000001"),
        ("requests", "hour", "0"), ("requests", "month", "0"), ("concurrency", "total", "0"),
    ],
)  # fmt: skip
def test_what_never_fits_is_refused_at_once_and_for_good(
    platform: Platform, metric: str, window: str, most: str
) -> None:
    limit = {"metric": metric, "window": window, "max": most}
    key = platform.new_key(limits=[limit])
    body = {**BODY, "model": "gpt-4o", "max_tokens": 50}
    with platform.openai(key.secret) as client, pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(**body)
    headers = refused.value.response.headers
    assert (refused.value.code, headers["x-should-retry"]) == ("limit_too_small", "false")
    assert "retry-after" not in headers
    assert not [name for name in headers if name.startswith("x-ratelimit-reset")]
    assert "waiting does not help" in str(refused.value)
    with platform.anthropic(key.secret) as client, pytest.raises(anthropic.RateLimitError) as told:
        client.messages.create(**body)
    assert "waiting does not help" in str(told.value)


@pytest.mark.parametrize(
    "limits",
    [
        [], [{"metric": "cost_usd", "window": "month", "max": "1"}],
        [{"metric": "tokens", "window": "minute", "max": "100"}],
        [{"metric": "requests", "window": "total", "max": "0"}],
    ],
    ids=["none", "cost", "tokens", "requests"],
)  # fmt: skip
@pytest.mark.parametrize("path", [CHAT, MESSAGES, "/v1/responses", "/v1/images/generations"])
def test_an_unknown_model_is_404_whatever_the_limits(
    platform: Platform, limits: list[dict[str, str]], path: str
) -> None:
    key = platform.new_key(limits=limits)
    body = {**BODY, "model": "no-such-model", "max_tokens": 5, "prompt": "x", "input": "x"}
    answer = platform.post(path, body, key.secret)
    assert answer.status_code == 404, answer.text
    error = error_of(answer)
    assert error.get("code", "model_not_found") == "model_not_found"
    assert "`no-such-model` does not exist" in error["message"]


def test_no_spelling_of_a_model_passes_its_limit(platform: Platform) -> None:
    limits = [{"metric": "requests", "window": "total", "max": "2"}]
    key = platform.new_key(models=["GPT-4o-m*"], limits=limits)
    [limit] = platform.api("GET", "/limits", params={"subject_id": key.id}).json()["data"]
    changed = platform.api("PATCH", f"/limits/{limit['id']}", json={"models": ["gpt-4o-MINI"]})
    assert changed.ok, changed.text
    spellings = ("gpt-4o-mini", "GPT-4o-mini", "gpt-4o-Mini", "GPT-4O-MINI")
    answers = [
        platform.post(CHAT, {**BODY, "model": spelling}, key.secret) for spelling in spellings
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    other = platform.post(CHAT, {**BODY, "model": "GPT-4o"}, key.secret)
    assert error_of(other)["code"] == "model_not_allowed"


def test_a_model_that_a_key_may_not_use_is_403(platform: Platform) -> None:
    key = platform.new_key(models=["gpt-*"])
    assert platform.post(CHAT, BODY, key.secret).status_code == 403
    with platform.openai(key.secret) as client:
        names = [model.id for model in client.models.list()]
    assert names
    assert all(name.startswith("gpt-") for name in names)
