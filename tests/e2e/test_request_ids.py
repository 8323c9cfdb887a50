"""The ids of a request: ours names it everywhere, the caller's own is kept and sent back."""

import re
from typing import Any

import pytest
import requests

from tests.e2e.platform import Key, Platform, eventually

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
BODY: dict[str, Any] = {
    "model": "sandbox", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}],
}  # fmt: skip
OURS = re.compile(r"req_[0-9a-f]{32}\Z")


def own_id(answer: requests.Response, client: str | None) -> str:
    """Ours; the caller's came back with it."""
    assert answer.headers.get("x-client-request-id") == client, answer.text
    assert OURS.match(answer.headers["x-request-id"])
    return answer.headers["x-request-id"]


@pytest.mark.parametrize("header", ["x-request-id", "x-client-request-id"])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("stream", [False, True])
def test_of_two_calls_with_the_same_id_both_are_found(
    platform: Platform, key: Key, header: str, path: str, stream: bool
) -> None:
    client = f"order {key.id}/{header}"
    answers = [
        platform.post(path, {**BODY, "stream": stream}, key.secret, **{header: client})
        for _ in range(2)
    ]
    first, second = (own_id(answer, client) for answer in answers)
    assert first != second
    rows = [platform.row(name) for name in (first, second)]
    assert {row["client_request_id"] for row in rows} == {client}
    asked = {"client_request_id": client, "mode": "test"}
    listed = platform.api("GET", "/requests", params=asked).json()["data"]
    assert [row["request_id"] for row in listed] == [second, first]


def test_the_callers_id_finds_its_newest_and_never_anothers(platform: Platform, key: Key) -> None:
    first = own_id(platform.post(CHAT, BODY, key.secret), None)
    ticket = platform.row(first)["id"]
    for name in (first, ticket, "mine-" + key.id):
        platform.row(own_id(platform.post(CHAT, BODY, key.secret, **{"x-request-id": name}), name))
    assert platform.row(first)["id"] == platform.row(ticket)["id"] == ticket
    newest = platform.post(CHAT, BODY, key.secret, **{"x-request-id": "mine-" + key.id})
    eventually(
        lambda: platform.row("mine-" + key.id)["request_id"] == newest.headers["x-request-id"]
    )


@pytest.mark.parametrize("odd", ["x" * 129, "S\u00fcd", "a\tb"])
def test_what_can_be_no_id_is_not_kept(platform: Platform, key: Key, odd: str) -> None:
    sent: Any = {"x-client-request-id": odd.encode()}
    row = platform.row(own_id(platform.post(CHAT, BODY, key.secret, **sent), None))
    assert row["client_request_id"] is None


def test_a_replay_has_an_id_of_its_own_and_its_callers(platform: Platform, key: Key) -> None:
    again = {"idempotency-key": key.id}
    first = platform.post(CHAT, BODY, key.secret, **again, **{"x-request-id": "first"})
    second = platform.post(CHAT, BODY, key.secret, **again, **{"x-request-id": "second"})
    third = platform.post(CHAT, BODY, key.secret, **again)
    assert second.headers["original-request"] == own_id(first, "first")
    assert own_id(second, "second") != own_id(first, "first")
    assert third.headers["idempotent-replayed"] == "true"
    own_id(third, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", CHAT, b"{", 400), ("POST", MESSAGES, {**BODY, "model": "no-such-model"}, 404),
        ("POST", CHAT, {**BODY, "model": "sandbox-error-500"}, 500),
        ("GET", "/v1/models", None, 200), ("GET", "/v1/jobs/job_0", None, 404),
        ("GET", "/v1/nowhere", None, 404), ("DELETE", CHAT, None, 404),
    ],
)  # fmt: skip
def test_an_error_has_both(
    platform: Platform, key: Key, method: str, path: str, body: Any, status: int
) -> None:
    sent = {"data": body} if isinstance(body, bytes) else {"json": body}
    headers = {"authorization": f"Bearer {key.secret}", "x-request-id": "mine"}
    answer = requests.request(method, platform.url + path, headers=headers, timeout=30, **sent)
    assert answer.status_code == status, answer.text
    own = own_id(answer, "mine")
    if path == MESSAGES:
        assert answer.json()["request_id"] == own


def test_a_refused_request_has_both(platform: Platform) -> None:
    key = platform.new_key(limits=[{"metric": "requests", "window": "day", "max": "0"}])
    refused = platform.post(CHAT, BODY, key.secret, **{"x-client-request-id": "mine"})
    assert refused.status_code == 429
    own_id(refused, "mine")


@pytest.mark.parametrize(
    "path", ["/keys", "/usage", "/models", "/requests/none", "/nowhere", "/me"]
)
def test_the_front_door_has_both(platform: Platform, path: str) -> None:
    answer = platform.api("GET", path, headers={"x-request-id": "req_" + "0" * 32})
    own = own_id(answer, "req_" + "0" * 32)
    assert own != "req_" + "0" * 32
    if answer.status_code >= 400:
        assert answer.json()["request_id"] == own


def test_the_audit_log_names_a_change_by_ours(platform: Platform) -> None:
    headers = {"x-request-id": "forged"}
    made = platform.api("POST", "/projects", json={"name": "named by us"}, headers=headers)
    own = own_id(made, "forged")
    entries = platform.api("GET", "/audit-log", params={"limit": "20"}).json()["data"]
    assert own in {entry["request_id"] for entry in entries}
