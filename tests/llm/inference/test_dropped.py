"""What a caller chooses of the vendor's accounts and versions reaches no provider, and the answer
says so, whatever kind of answer it is."""

import json
from typing import Any

import pytest

from tests.llm.inference.test_cache import CACHE
from tests.llm.inference.test_relay import ANSWER, BODY, CHAT, DONE, HI, send
from tests.llm.inference.test_translated import ANSWER as CHAT_ANSWER
from tests.llm.inference.test_translated import ASKED, ask
from tests.llm.stand import Provider, Stand

CHOICES = {
    "OpenAI-Organization": "org-of-another-team",
    "OpenAI-Project": "proj-of-another-team",
    "anthropic-workspace-id": "wrkspc_another",
    "x-goog-user-project": "another",
}
LISTED = {f"header:{name.lower()}" for name in CHOICES}
DROPPED = "x-tollgate-dropped-params"


def listed(answer: Any) -> set[str]:
    return set((answer.headers[DROPPED] or "").split(", "))


def test_a_relayed_call_is_sent_without_them(stand: Stand, org: str, provider: Provider) -> None:
    provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    target = f"{CHAT}?api-version=9&beta=true&organization=evil"
    _, answer, connection = send(stand, org, BODY, target, **CHOICES, **{"openai-beta": "x=1"})
    assert (answer.status, answer.read()) == (200, ANSWER)
    connection.close()
    received = provider.received[0]
    assert received.line == f"POST {CHAT}?beta=true HTTP/1.1"
    assert received.headers["openai-beta"] == "x=1"
    assert received.headers["authorization"] == "Bearer sk-own"
    assert not {name.lower() for name in CHOICES} & received.headers.keys()
    assert listed(answer) == LISTED | {"query:api-version", "query:organization"}


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
def test_a_stream_and_a_refusal_say_so_too(
    stand: Stand, org: str, provider: Provider, status: str
) -> None:
    is_ok = status.startswith("200")
    stream = [provider.streams(), provider.chunk(HI + DONE), b"0\r\n\r\n"]
    provider.script = stream if is_ok else [provider.answers(b"{}", status=status)]
    body = b'{"model":"here","stream":true,"messages":[]}'
    _, answer, connection = send(stand, org, body, f"{CHAT}?api-version=9", **CHOICES)
    assert answer.status == int(status[:3])
    answer.read()
    connection.close()
    assert listed(answer) == LISTED | {"query:api-version"}


def test_a_translated_call_lists_them_beside_its_own(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(json.dumps(CHAT_ANSWER).encode())]
    body = ASKED | {"top_k": 3}
    _, answer, _ = ask(stand, org, body, **CHOICES, **{"x-tollgate-drop-params": "true"})
    assert listed(answer) == LISTED | {"top_k"}
    assert not {name.lower() for name in CHOICES} & provider.received[0].headers.keys()


def test_a_kept_answer_lists_what_its_own_call_lost(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    for headers, expected in ((CHOICES, LISTED), ({}, {""})):
        _, answer, connection = send(stand, org, BODY, f"{CHAT}", **CACHE, **headers)
        answer.read()
        connection.close()
        assert listed(answer) == expected
    assert answer.headers["x-tollgate-cache"] == "hit"


def test_a_line_end_in_a_name_is_escaped_after_the_provider_has_answered(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(json.dumps(CHAT_ANSWER).encode())]
    body = ASKED | {"a\r\nset-cookie: b": 1}
    _, answer, content = ask(stand, org, body, **{"x-tollgate-drop-params": "true"})
    assert answer.status == 200, content
    assert answer.headers["set-cookie"] is None
    assert answer.headers[DROPPED] == "a\\r\\nset-cookie: b"


def test_a_line_end_in_a_routes_model_is_escaped(
    stand: Stand, org: str, provider: Provider
) -> None:
    provider.script = [provider.answers(ANSWER, "content-type: application/json")]
    routes = [{"provider": "own", "model": "a\r\nb"}]
    assert stand.manage("PUT", "/api/v1/models/here", org, json={"routes": routes}).ok
    _, answer, connection = send(stand, org, BODY)
    assert (answer.status, answer.read()) == (200, ANSWER)
    connection.close()
    assert answer.headers["x-tollgate-model"] == "a\\r\\nb"
