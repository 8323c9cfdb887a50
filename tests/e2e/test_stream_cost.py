"""A stream tells its cost at its end, to those who ask; the official SDKs skip it."""

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.platform import Key, Platform

HELLO: Any = [{"role": "user", "content": "one two three"}]
VERSION = {"anthropic-version": "2023-06-01"}
ASKING = {"x-tollgate-stream-cost": "comment"}
ROUTES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO},
    "/v1/messages": {"messages": HELLO, "max_tokens": 50},
    "/v1/responses": {"input": "one two three"},
    "/v1/completions": {"prompt": "one two three"},
}
TOLD = re.compile(rb"(.*\n\n): tollgate-cost-usd ([0-9]+\.[0-9]{9})\n\n\Z", re.S)


def cost_of(content: bytes) -> str:
    found = TOLD.match(content)
    assert found, content[-200:]
    assert b"tollgate-cost" not in found[1]
    return found[2].decode()


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("model", ["sandbox", "gpt-4o-mini", "sandbox-nousage"])
def test_what_it_tells_is_what_is_booked(
    platform: Platform, key: Key, path: str, model: str
) -> None:
    body = {"model": model, "stream": True, **ROUTES[path]}
    answer = platform.post(path, body, key.secret, **ASKING, **VERSION)
    assert answer.status_code == 200, answer.text
    row = platform.row(answer.headers["x-request-id"])
    assert cost_of(answer.content) == row["cost_usd"]
    plain = platform.post(path, body, key.secret, **VERSION)
    assert b"tollgate-cost" not in plain.content


def test_a_stream_that_breaks_off_tells_what_it_has_cost(platform: Platform, key: Key) -> None:
    body = {"model": "sandbox-cut", "stream": True, "messages": HELLO}
    answer = platform.post("/v1/chat/completions", body, key.secret, **ASKING)
    row = platform.row(answer.headers["x-request-id"])
    assert cost_of(answer.content) == row["cost_usd"]
    assert b"error" in answer.content


def test_another_way_is_refused_before_anything_is_booked(platform: Platform, key: Key) -> None:
    body = {"model": "sandbox", "stream": True, "messages": HELLO}
    answer = platform.post(
        "/v1/chat/completions", body, key.secret, **{"x-tollgate-stream-cost": "trailer"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "x-tollgate-stream-cost"
    assert platform.post("/v1/chat/completions", body, key.secret).status_code == 200
    platform.row(platform.post("/v1/chat/completions", body, key.secret).headers["x-request-id"])
    assert platform.usage(key.project)["requests"] == 2


def test_a_replay_costs_nothing(platform: Platform, key: Key) -> None:
    body = {"model": "sandbox", "stream": True, "messages": HELLO}
    again = {"idempotency-key": key.id}
    first = platform.post("/v1/chat/completions", body, key.secret, **again, **ASKING)
    second = platform.post("/v1/chat/completions", body, key.secret, **again, **ASKING)
    third = platform.post("/v1/chat/completions", body, key.secret, **again)
    assert second.headers["idempotent-replayed"] == third.headers["idempotent-replayed"] == "true"
    assert Decimal(cost_of(first.content)) > 0
    assert cost_of(second.content) == "0.000000000"
    assert first.content.startswith(third.content)
    assert second.content.startswith(third.content)


def test_an_answer_out_of_the_cache_costs_nothing(platform: Platform, key: Key) -> None:
    body = {"model": "sandbox", "stream": True, "messages": HELLO, "user": key.id}
    cached = {"x-tollgate-cache": "max-age=60"}
    first = platform.post("/v1/chat/completions", body, key.secret, **cached)
    second = platform.post("/v1/chat/completions", body, key.secret, **cached, **ASKING)
    assert second.headers["x-tollgate-cache"] == "hit"
    assert second.content == first.content + b": tollgate-cost-usd 0.000000000\n\n"
    row = platform.row(second.headers["x-request-id"])
    assert row["cost_usd"] == "0.000000000"


def test_openais_sdk_skips_it(platform: Platform, key: Key) -> None:
    with platform.openai(key.secret) as client:
        chat = client.chat.completions.create(
            model="sandbox", messages=HELLO, stream=True, extra_headers=ASKING
        )
        assert (
            "".join(chunk.choices[0].delta.content or "" for chunk in chat if chunk.choices)
            == "one two three"
        )
        with client.responses.stream(
            model="sandbox", input="one two three", extra_headers=ASKING
        ) as events:
            kinds = [event.type for event in events]
            assert events.get_final_response().output_text == "one two three"
    assert kinds[-1] == "response.completed"


def test_anthropics_sdk_skips_it(platform: Platform, key: Key) -> None:
    with (
        platform.anthropic(key.secret) as client,
        client.messages.stream(
            model="sandbox", max_tokens=50, messages=HELLO, extra_headers=ASKING
        ) as events,
    ):
        kinds = [event.type for event in events]
        assert events.get_final_text() == "one two three"
    assert kinds[-1] == "message_stop"
